-- +goose Up
-- The orders of the administrators' lists, which are looked at page by page, and again and again.
CREATE INDEX people_newest ON people (created_at DESC, id DESC);
CREATE INDEX rooms_newest ON rooms (used_at DESC, id DESC);

-- +goose Down
DROP INDEX people_newest, rooms_newest;
