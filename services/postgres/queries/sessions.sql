-- name: InsertRefreshToken :exec
INSERT INTO refresh_tokens (token_hash, family_id, person_id, created_at, expires_at, user_agent, room_id, device)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

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
-- The person of an access token, as long as its session lives, and the room that it is bound to.
SELECT sqlc.embed(people), t.room_id FROM people
JOIN LATERAL (SELECT refresh_tokens.room_id FROM refresh_tokens WHERE refresh_tokens.family_id = @family_id AND refresh_tokens.person_id = people.id LIMIT 1) t ON true
WHERE people.id = @person_id AND people.disabled_at IS NULL;

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

-- name: InsertLinkCode :exec
INSERT INTO link_codes (session_id, code_hash, person_id, room_id, made_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: DropLinkCodes :exec
-- Those that a sign-in has made.
DELETE FROM link_codes WHERE person_id = @person_id AND made_by = @made_by;

-- name: GetLinkCode :one
-- One that works, for as long as the sign-in that made it lives.
SELECT link_codes.* FROM link_codes
WHERE code_hash = @code_hash AND expires_at > @now::timestamptz
  AND EXISTS (SELECT FROM refresh_tokens t WHERE t.family_id = link_codes.made_by AND t.person_id = link_codes.person_id);

-- name: TakeLinkCode :execrows
DELETE FROM link_codes WHERE session_id = @session_id AND code_hash = @code_hash;

-- name: RevokeLinkCode :execrows
DELETE FROM link_codes WHERE session_id = @session_id AND person_id = @person_id;

-- name: DeleteExpiredLinkCodes :exec
DELETE FROM link_codes WHERE expires_at <= @now;

-- name: ListScreens :many
-- The second screens of a person that live, the newest first.
SELECT t.family_id, t.device, min(t.created_at)::timestamptz AS linked_at, rooms.id AS room_id, rooms.slug, rooms.title
FROM refresh_tokens t JOIN rooms ON rooms.id = t.room_id
WHERE t.person_id = @person_id AND t.expires_at > @now::timestamptz
GROUP BY t.family_id, t.device, rooms.id
ORDER BY linked_at DESC, t.family_id;

-- name: EndScreen :execrows
DELETE FROM refresh_tokens WHERE family_id = @family_id AND person_id = @person_id AND room_id IS NOT NULL;

-- name: EndOldScreens :many
-- All but the newest of a person's second screens.
DELETE FROM refresh_tokens r WHERE r.person_id = @person_id AND r.room_id IS NOT NULL AND r.family_id NOT IN (
    SELECT t.family_id FROM refresh_tokens t WHERE t.person_id = @person_id AND t.room_id IS NOT NULL
    GROUP BY t.family_id ORDER BY min(t.created_at) DESC, t.family_id LIMIT @kept)
RETURNING family_id;
