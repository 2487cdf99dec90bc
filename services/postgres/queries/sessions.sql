-- name: InsertRefreshToken :exec
INSERT INTO refresh_tokens (token_hash, family_id, person_id, created_at, expires_at, user_agent)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: GetRefreshToken :one
SELECT * FROM refresh_tokens WHERE token_hash = $1;

-- name: LockSessions :one
-- Whoever starts, renews or ends sessions of a person holds this first, so that none slips through while others are ended.
SELECT * FROM people WHERE id = $1 FOR NO KEY UPDATE;

-- name: UseRefreshToken :exec
UPDATE refresh_tokens SET used_at = $2, successor = $3 WHERE token_hash = $1;

-- name: ForgetSuccessors :exec
UPDATE refresh_tokens SET successor = NULL WHERE family_id = $1 AND successor IS NOT NULL AND used_at < @used_before;

-- name: GetCaller :one
-- The person of an access token, as long as its session lives.
SELECT * FROM people
WHERE id = @person_id AND disabled_at IS NULL
  AND EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.family_id = @family_id AND t.person_id = people.id);

-- name: LiveSessions :many
-- Those of the given sessions that live.
SELECT DISTINCT family_id FROM refresh_tokens WHERE family_id = ANY(@families::uuid[]);

-- name: EndSession :execrows
-- A session is its family of tokens; without a row it is over.
DELETE FROM refresh_tokens WHERE family_id = $1;

-- name: EndSessions :many
DELETE FROM refresh_tokens WHERE person_id = @person_id AND family_id <> @besides RETURNING family_id;

-- name: DeleteExpiredTokens :execrows
DELETE FROM refresh_tokens WHERE expires_at < @now;
