-- +goose Up
CREATE TABLE reactions (
    room_id    uuid NOT NULL,
    seq        bigint NOT NULL,
    emoji      text NOT NULL,
    person_id  uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room_id, seq, emoji, person_id),
    FOREIGN KEY (room_id, seq) REFERENCES messages (room_id, seq) ON DELETE CASCADE
);
CREATE INDEX reactions_person ON reactions (person_id);

ALTER TABLE messages
    ADD COLUMN whisper_to uuid REFERENCES people ON DELETE CASCADE, -- who alone may read it, besides its author; never set to NULL: all could read it then
    ADD COLUMN whisper_from uuid REFERENCES people ON DELETE CASCADE, -- the author of a whisper: it goes with the account of either
    ADD COLUMN announcement boolean NOT NULL DEFAULT false,
    ADD COLUMN mentioned uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN mentioned_as text[] NOT NULL DEFAULT '{}';           -- the name of each, as the text has it
CREATE INDEX messages_whisper_to ON messages (whisper_to) WHERE whisper_to IS NOT NULL;
CREATE INDEX messages_whisper_from ON messages (whisper_from) WHERE whisper_from IS NOT NULL;
CREATE INDEX messages_said ON messages (room_id, author_id, created_at);

ALTER TABLE rooms
    ADD COLUMN slow_mode integer NOT NULL DEFAULT 0,    -- seconds between two messages of one person
    ADD COLUMN cleared_seq bigint NOT NULL DEFAULT 0;   -- up to here the chat was cleared

-- +goose Down
ALTER TABLE rooms
    DROP COLUMN slow_mode,
    DROP COLUMN cleared_seq;
DROP INDEX messages_said;
DELETE FROM messages WHERE whisper_to IS NOT NULL; -- all could read them
ALTER TABLE messages
    DROP COLUMN whisper_to,
    DROP COLUMN whisper_from,
    DROP COLUMN announcement,
    DROP COLUMN mentioned,
    DROP COLUMN mentioned_as;
DROP TABLE reactions;
