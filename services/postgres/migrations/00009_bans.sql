-- +goose Up
-- By which invite somebody came to a room, and from where: a keyed hash of the address, never the address itself. It outlasts the membership.
CREATE TABLE arrivals (
    room_id   uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    invite_id uuid NOT NULL REFERENCES invites ON DELETE CASCADE,
    address   bytea NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (room_id, person_id, invite_id, address)
);
CREATE INDEX arrivals_person ON arrivals (person_id);
CREATE INDEX arrivals_invite ON arrivals (invite_id);

-- Who may not enter a room. A guest's outlasts the guest.
CREATE TABLE bans (
    id         uuid PRIMARY KEY,
    room_id    uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    person_id  uuid REFERENCES people ON DELETE SET NULL,
    guest_name text,                              -- of a guest, as they called themself then
    by_id      uuid REFERENCES people ON DELETE SET NULL,
    reason     text NOT NULL DEFAULT '',
    at         timestamptz NOT NULL,
    UNIQUE (room_id, person_id)
);
CREATE INDEX bans_person ON bans (person_id);
CREATE INDEX bans_by ON bans (by_id);

-- What a newcomer is known by as somebody who was banned.
CREATE TABLE ban_marks (
    ban_id    uuid NOT NULL REFERENCES bans ON DELETE CASCADE,
    invite_id uuid NOT NULL REFERENCES invites ON DELETE CASCADE,
    address   bytea NOT NULL,
    PRIMARY KEY (invite_id, address, ban_id)
);
CREATE INDEX ban_marks_ban ON ban_marks (ban_id);

-- Who may not write, or may not be heard and seen, until it is lifted. It outlasts the membership.
CREATE TABLE mutes (
    room_id   uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    chat      boolean NOT NULL,
    call      boolean NOT NULL,
    by_id     uuid REFERENCES people ON DELETE SET NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (room_id, person_id)
);
CREATE INDEX mutes_person ON mutes (person_id);
CREATE INDEX mutes_by ON mutes (by_id);

-- +goose Down
DROP TABLE mutes, ban_marks, bans, arrivals;
