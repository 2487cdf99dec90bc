-- +goose Up
-- A room that is locked lets in only moderators and those who were in it then; a locked control is for moderators alone.
ALTER TABLE rooms
    ADD COLUMN locked boolean NOT NULL DEFAULT false,
    ADD COLUMN control_locked boolean NOT NULL DEFAULT false;

-- Who was in a room when it was locked, and may return.
CREATE TABLE locked_in (
    room_id   uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    PRIMARY KEY (room_id, person_id)
);
CREATE INDEX locked_in_person ON locked_in (person_id);

-- +goose Down
DROP TABLE locked_in;
ALTER TABLE rooms
    DROP COLUMN locked,
    DROP COLUMN control_locked;
