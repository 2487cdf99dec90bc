-- name: LockSignUps :exec
-- One sign-up at a time, so that exactly one person is the first.
SELECT pg_advisory_xact_lock(hashtext('turtus.sign_ups'));

-- name: AnyAccount :one
SELECT EXISTS (SELECT 1 FROM people WHERE kind = 'account')::boolean;

-- name: InsertPerson :one
INSERT INTO people (id, kind, username, display_name, avatar_color, password_hash, administrator, created_at)
VALUES (@id, @kind, @username, @display_name, @avatar_color, @password_hash, @administrator, @created_at)
RETURNING *;

-- name: GetPerson :one
SELECT * FROM people WHERE id = $1;

-- name: LockPerson :one
-- It lets others refer to the person: a decision about a member writes of them while their own step waits for it.
SELECT * FROM people WHERE id = $1 FOR NO KEY UPDATE;

-- name: GetPersonByUsername :one
SELECT * FROM people WHERE lower(username) = lower(@username);

-- name: UpdateProfile :one
UPDATE people
SET display_name = coalesce(sqlc.narg(display_name), display_name), avatar_color = coalesce(sqlc.narg(avatar_color), avatar_color)
WHERE id = @id
RETURNING *;

-- name: SetPasswordHash :execrows
-- Only where nobody else has changed it since it was checked.
UPDATE people SET password_hash = @password_hash WHERE id = @id AND password_hash = @old_hash;

-- name: ResetPassword :one
UPDATE people SET password_hash = @password_hash WHERE lower(username) = lower(@username) RETURNING *;

-- name: SetAdministrator :one
UPDATE people SET administrator = @administrator WHERE lower(username) = lower(@username) RETURNING *;

-- name: ClaimAccount :one
UPDATE people SET kind = 'account', username = @username, password_hash = @password_hash
WHERE id = @id AND kind = 'guest'
RETURNING *;

-- name: DeletePerson :execrows
DELETE FROM people WHERE id = $1;

-- name: SetAvatar :exec
INSERT INTO avatars (person_id, content_type, picture) VALUES ($1, $2, $3)
ON CONFLICT (person_id) DO UPDATE SET content_type = excluded.content_type, picture = excluded.picture;

-- name: DeleteAvatar :exec
DELETE FROM avatars WHERE person_id = $1;

-- name: SetAvatarTime :one
UPDATE people SET avatar_at = sqlc.narg(avatar_at) WHERE id = @id RETURNING *;

-- name: GetAvatar :one
SELECT content_type, picture FROM avatars WHERE person_id = $1;

-- name: DeleteGuestsGone :execrows
-- Guests who can never come back, for their session is over, and of whom nothing is left to see.
DELETE FROM people
WHERE people.kind = 'guest' AND people.created_at < @made_before
  AND NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.person_id = people.id)
  AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.author_id = people.id)
  AND NOT EXISTS (SELECT 1 FROM rooms r WHERE r.owner_id = people.id)
  AND NOT EXISTS (SELECT 1 FROM browsers b WHERE b.started_by = people.id AND b.ended_at IS NULL);

-- name: LockAdministrators :exec
-- One change of who is an administrator at a time, so that the last one stays.
SELECT pg_advisory_xact_lock(hashtext('turtus.administrators'));

-- name: OtherAdministrators :one
-- Whether anybody else can administrate the server.
SELECT EXISTS (SELECT 1 FROM people WHERE administrator AND disabled_at IS NULL AND id <> @id)::boolean;

-- name: OtherAccounts :one
SELECT EXISTS (SELECT 1 FROM people WHERE kind = 'account' AND id <> @id)::boolean;

-- name: SetStanding :one
UPDATE people SET disabled_at = sqlc.narg(disabled_at), administrator = @administrator WHERE id = @id RETURNING *;

-- name: ListPeople :many
-- The newest first. kind is empty for both, standing for any.
SELECT sqlc.embed(people),
    (SELECT count(*) FROM rooms WHERE rooms.owner_id = people.id) AS rooms_owned,
    coalesce((SELECT max(t.created_at) FROM refresh_tokens t WHERE t.person_id = people.id), people.created_at)::timestamptz AS seen_at
FROM people
WHERE (people.created_at, people.id) < (@before_created_at::timestamptz, @before_id::uuid)
  AND (@kind::text = '' OR people.kind = @kind)
  AND (@standing::text = '' OR @standing = 'disabled' AND people.disabled_at IS NOT NULL OR @standing = 'administrator' AND people.administrator)
  AND (@search::text = '' OR position(lower(@search) IN lower(concat_ws(' ', people.username, people.display_name))) > 0)
ORDER BY people.created_at DESC, people.id DESC
LIMIT @page_size;

-- name: SetPasswordReset :exec
INSERT INTO password_resets (person_id, token_hash, created_at, expires_at) VALUES (@person_id, @token_hash, @created_at, @expires_at)
ON CONFLICT (person_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at, expires_at = excluded.expires_at;

-- name: GetPasswordReset :one
SELECT * FROM password_resets WHERE token_hash = @token_hash AND expires_at > @now::timestamptz;

-- name: TakePasswordReset :execrows
DELETE FROM password_resets WHERE token_hash = @token_hash AND expires_at > @now::timestamptz;

-- name: DropPasswordReset :exec
DELETE FROM password_resets WHERE person_id = $1;

-- name: PutPassword :one
UPDATE people SET password_hash = @password_hash WHERE id = @id AND kind = 'account' RETURNING *;

-- name: GetManaged :one
SELECT sqlc.embed(people),
    (SELECT count(*) FROM rooms WHERE rooms.owner_id = people.id) AS rooms_owned,
    coalesce((SELECT max(t.created_at) FROM refresh_tokens t WHERE t.person_id = people.id), people.created_at)::timestamptz AS seen_at
FROM people WHERE people.id = @id;
