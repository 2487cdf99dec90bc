-- +goose Up
-- What was decided last about somebody's role, or their membership, by somebody else. It outlasts the membership.
CREATE TABLE lowered (
    room_id   uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    invited   text NOT NULL CHECK (invited IN ('', 'guest', 'member', 'moderator')), -- the most that invites from before give them
    joins     text NOT NULL CHECK (joins IN ('guest', 'member')),                    -- the most that they get by themself, by the address or by an account
    at        timestamptz NOT NULL,
    PRIMARY KEY (room_id, person_id)
);
CREATE INDEX lowered_person ON lowered (person_id);

-- +goose Down
DROP TABLE lowered;
