-- +goose Up
-- Whether the room's calls go by the relay alone, so that its people don't learn each other's address.
ALTER TABLE rooms ADD COLUMN relay_only boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE rooms DROP COLUMN relay_only;
