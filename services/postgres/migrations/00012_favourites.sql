-- +goose Up
CREATE TABLE favourites (
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    room_id   uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    at        timestamptz NOT NULL,
    PRIMARY KEY (person_id, room_id)
);
CREATE INDEX favourites_room ON favourites (room_id);

-- +goose Down
DROP TABLE favourites;
