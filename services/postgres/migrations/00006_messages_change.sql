-- +goose Up
-- A room numbers the changes of its messages too, so that who was away can ask what changed since.
ALTER TABLE rooms ADD COLUMN last_revision bigint NOT NULL DEFAULT 0;
ALTER TABLE messages
    ADD COLUMN reply_to bigint,                   -- the seq, in the same room, that it answers
    ADD COLUMN revision bigint NOT NULL DEFAULT 0, -- of its latest change; 0 as it was said
    ADD COLUMN edited_at timestamptz,
    ADD COLUMN deleted_at timestamptz;            -- its text is gone then
CREATE INDEX messages_revision ON messages (room_id, revision) WHERE revision > 0;

-- +goose Down
ALTER TABLE messages
    DROP COLUMN reply_to,
    DROP COLUMN revision,
    DROP COLUMN edited_at,
    DROP COLUMN deleted_at;
ALTER TABLE rooms DROP COLUMN last_revision;
