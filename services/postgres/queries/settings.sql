-- name: GetServerSettings :one
SELECT * FROM server_settings;

-- name: PutServerSettings :one
-- No row when somebody else has changed them since the revision was read.
UPDATE server_settings
SET revision = revision + 1, sign_ups = sqlc.narg(sign_ups), max_browsers = sqlc.narg(max_browsers), max_browsers_per_person = sqlc.narg(max_browsers_per_person),
    max_rooms_per_person = sqlc.narg(max_rooms_per_person), room_size = sqlc.narg(room_size)
WHERE revision = @revision
RETURNING *;

-- name: InsertNotice :one
INSERT INTO notices (id, text, level, created_at, expires_at) VALUES (@id, @text, @level, @created_at, @expires_at) RETURNING *;

-- name: EndNotices :execrows
UPDATE notices SET ended_at = @now::timestamptz WHERE ended_at IS NULL AND (expires_at IS NULL OR expires_at > @now::timestamptz);

-- name: LockNotices :exec
-- One change of the notice at a time.
SELECT pg_advisory_xact_lock(hashtext('turtus.notices'));

-- name: GetNotice :one
SELECT * FROM notices WHERE ended_at IS NULL AND (expires_at IS NULL OR expires_at > @now::timestamptz) ORDER BY created_at DESC, id DESC LIMIT 1;

-- name: RaisePeak :exec
INSERT INTO peaks (day, people, rooms, browsers) VALUES (@day, @people, @rooms, @browsers)
ON CONFLICT (day) DO UPDATE
SET people = greatest(peaks.people, excluded.people), rooms = greatest(peaks.rooms, excluded.rooms), browsers = greatest(peaks.browsers, excluded.browsers);

-- name: ListPeaks :many
SELECT * FROM peaks WHERE day >= @since ORDER BY day DESC;
