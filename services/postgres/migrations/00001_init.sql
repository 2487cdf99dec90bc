-- +goose Up
CREATE TABLE people (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL CHECK (kind IN ('account', 'guest')),
    username       text,                          -- as written; unique without regard to case
    display_name   text NOT NULL,
    avatar_color   text NOT NULL,
    avatar_at      timestamptz,                   -- when the picture in avatars was set
    password_hash  text,                          -- argon2id, PHC string
    administrator  boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CHECK ((kind = 'account') = (username IS NOT NULL AND password_hash IS NOT NULL))
);
CREATE UNIQUE INDEX people_username ON people (lower(username));

CREATE TABLE avatars (
    person_id    uuid PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    content_type text NOT NULL,
    picture      bytea NOT NULL
);

-- One row a refresh token; a family is one sign-in. A token used twice ends its family.
CREATE TABLE refresh_tokens (
    token_hash  bytea PRIMARY KEY,                -- SHA-256
    family_id   uuid NOT NULL,
    person_id   uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    successor   bytea,                            -- the next token, sealed by this one; only for a short grace
    user_agent  text NOT NULL DEFAULT ''
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_person ON refresh_tokens (person_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE rooms (
    id            uuid PRIMARY KEY,
    slug          text NOT NULL UNIQUE,
    title         text NOT NULL,
    privacy       text NOT NULL CHECK (privacy IN ('public', 'unlisted', 'private')),
    password_hash text,
    start_url     text NOT NULL DEFAULT '',
    owner_id      uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    last_seq      bigint NOT NULL DEFAULT 0,      -- of messages
    created_at    timestamptz NOT NULL DEFAULT now(),
    used_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rooms_owner ON rooms (owner_id);
CREATE INDEX rooms_public ON rooms (used_at DESC, id DESC) WHERE privacy = 'public';

CREATE TABLE members (
    room_id   uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    role      text NOT NULL CHECK (role IN ('owner', 'moderator', 'member', 'guest')),
    joined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (room_id, person_id)
);
CREATE INDEX members_person ON members (person_id);

CREATE TABLE invites (
    id         uuid PRIMARY KEY,
    room_id    uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    code       text NOT NULL UNIQUE,
    role       text NOT NULL CHECK (role IN ('moderator', 'member', 'guest')),
    created_by uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    max_uses   integer CHECK (max_uses > 0),
    uses       integer NOT NULL DEFAULT 0,
    revoked_at timestamptz
);
CREATE INDEX invites_room ON invites (room_id);
CREATE INDEX invites_created_by ON invites (created_by);

CREATE TABLE messages (
    id          uuid PRIMARY KEY,
    room_id     uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    seq         bigint NOT NULL,
    author_id   uuid REFERENCES people ON DELETE SET NULL,
    author_name text NOT NULL,                    -- as it was when it was said
    key         text NOT NULL,                    -- the author's idempotency key
    text        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (room_id, seq)
);
CREATE UNIQUE INDEX messages_key ON messages (room_id, author_id, key);
CREATE INDEX messages_author ON messages (author_id);

-- One row a run of a room's browser; at most one run a room is not ended.
CREATE TABLE browsers (
    id         uuid PRIMARY KEY,
    room_id    uuid NOT NULL REFERENCES rooms ON DELETE CASCADE,
    started_by uuid REFERENCES people ON DELETE SET NULL,
    state      text NOT NULL CHECK (state IN ('starting', 'ready', 'degraded', 'stopping', 'stopped', 'failed')),
    launcher   text NOT NULL,
    handle     text NOT NULL DEFAULT '',          -- the launcher's own name for it; never shown to people
    started_at timestamptz NOT NULL DEFAULT now(),
    ready_at   timestamptz,
    ended_at   timestamptz,
    end_reason text CHECK (end_reason IN ('requested', 'no_viewers', 'signal_lost', 'failed', 'server_stopped')),
    detail     text NOT NULL DEFAULT '',
    CHECK ((ended_at IS NULL) = (state NOT IN ('stopped', 'failed')))
);
CREATE UNIQUE INDEX browsers_one_run ON browsers (room_id) WHERE ended_at IS NULL;
CREATE INDEX browsers_room ON browsers (room_id, started_at DESC);
CREATE INDEX browsers_started_by ON browsers (started_by);

CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    person_id uuid,                               -- kept when the person is gone
    room_id   uuid,
    action    text NOT NULL,                      -- e.g. session.refused, room.deleted, invite.revoked
    detail    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_at ON audit (at);

-- +goose Down
DROP TABLE audit, browsers, messages, invites, members, rooms, refresh_tokens, avatars, people;
