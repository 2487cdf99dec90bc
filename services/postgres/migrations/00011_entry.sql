-- +goose Up
-- How who is no member comes in, and how many may be in the room at once. NULL is what is usual: a private room is entered by invite, any other
-- is open, and the server says how many.
ALTER TABLE rooms
    ADD COLUMN entry text CHECK (entry IN ('open', 'invite', 'ask', 'closed')),
    ADD COLUMN size  integer CHECK (size > 0),
    ADD CONSTRAINT rooms_private_entry CHECK (privacy <> 'private' OR entry IS NULL OR entry IN ('invite', 'closed'));
-- A guest who was let in at the door is there for a visit, which ends some time after they last came in.
ALTER TABLE members ADD COLUMN visits_until timestamptz;

-- +goose Down
DELETE FROM members WHERE visits_until IS NOT NULL;
ALTER TABLE members DROP COLUMN visits_until;
ALTER TABLE rooms
    DROP CONSTRAINT rooms_private_entry,
    DROP COLUMN entry,
    DROP COLUMN size;
