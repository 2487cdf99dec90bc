-- +goose Up
-- A sign-in may be bound to one room: that of a second screen, to which a code brought somebody's seat.
ALTER TABLE refresh_tokens
    ADD COLUMN room_id uuid REFERENCES rooms ON DELETE CASCADE,
    ADD COLUMN device  text CHECK (device IN ('tv', 'tablet', 'phone', 'computer')),
    ADD CONSTRAINT refresh_tokens_screen CHECK ((room_id IS NULL) = (device IS NULL));
CREATE INDEX refresh_tokens_room ON refresh_tokens (room_id) WHERE room_id IS NOT NULL;

-- The codes that bring a seat to another screen, each for one use within minutes.
CREATE TABLE link_codes (
    session_id uuid PRIMARY KEY,                  -- of the sign-in that it will begin
    code_hash  bytea NOT NULL UNIQUE,             -- keyed
    person_id  uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    room_id    uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    made_by    uuid NOT NULL,                     -- the sign-in that asked for it
    expires_at timestamptz NOT NULL
);
CREATE INDEX link_codes_person ON link_codes (person_id);
CREATE INDEX link_codes_room ON link_codes (room_id);

-- What a newcomer is known by as somebody who was muted. A guest's outlast the guest.
CREATE TABLE mute_marks (
    room_id   uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    person_id uuid REFERENCES people ON DELETE SET NULL,
    invite_id uuid NOT NULL REFERENCES invites ON DELETE CASCADE,
    address   bytea NOT NULL,
    chat      boolean NOT NULL,
    call      boolean NOT NULL,
    by_id     uuid REFERENCES people ON DELETE SET NULL,
    at        timestamptz NOT NULL
);
CREATE INDEX mute_marks_known ON mute_marks (invite_id, address);
CREATE INDEX mute_marks_person ON mute_marks (person_id);
CREATE INDEX mute_marks_room ON mute_marks (room_id);
CREATE INDEX mute_marks_by ON mute_marks (by_id);
INSERT INTO mute_marks
SELECT m.room_id, m.person_id, a.invite_id, a.address, m.chat, m.call, m.by_id, m.at
FROM mutes m JOIN arrivals a ON a.room_id = m.room_id AND a.person_id = m.person_id;

-- A browser may be ended by an administrator.
ALTER TABLE browsers
    DROP CONSTRAINT browsers_end_reason_check,
    ADD CONSTRAINT browsers_end_reason_check CHECK (end_reason IN ('requested', 'no_viewers', 'signal_lost', 'failed', 'server_stopped', 'session_over', 'killed'));

-- +goose Down
UPDATE browsers SET end_reason = 'requested' WHERE end_reason = 'killed';
ALTER TABLE browsers
    DROP CONSTRAINT browsers_end_reason_check,
    ADD CONSTRAINT browsers_end_reason_check CHECK (end_reason IN ('requested', 'no_viewers', 'signal_lost', 'failed', 'server_stopped', 'session_over'));
DROP TABLE mute_marks, link_codes;
DELETE FROM refresh_tokens WHERE room_id IS NOT NULL;
ALTER TABLE refresh_tokens
    DROP CONSTRAINT refresh_tokens_screen,
    DROP COLUMN device,
    DROP COLUMN room_id;
