-- +goose Up
-- What an administrator chose while the server runs; NULL follows its configuration. One row.
CREATE TABLE server_settings (
    single                  boolean PRIMARY KEY DEFAULT true CHECK (single),
    revision                bigint NOT NULL DEFAULT 0,
    sign_ups                text CHECK (sign_ups IN ('open', 'invite', 'closed')),
    max_browsers            integer CHECK (max_browsers >= 0),
    max_browsers_per_person integer CHECK (max_browsers_per_person >= 0),
    max_rooms_per_person    integer CHECK (max_rooms_per_person > 0),
    room_size               integer CHECK (room_size > 0)
);
INSERT INTO server_settings DEFAULT VALUES;

-- What every open page shows. The newest one holds, until it has expired or was taken back.
CREATE TABLE notices (
    id         uuid PRIMARY KEY,
    text       text NOT NULL,
    level      text NOT NULL CHECK (level IN ('info', 'warning')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    ended_at   timestamptz
);
CREATE INDEX notices_newest ON notices (created_at DESC);

-- +goose Down
DROP TABLE notices, server_settings;
