-- name: InsertBrowser :exec
-- The index browsers_one_run refuses a second run of a room while one is not ended.
INSERT INTO browsers (id, room_id, started_by, state, launcher, started_at)
VALUES ($1, $2, $3, 'starting', $4, $5);

-- name: UpdateBrowser :execrows
-- No row means that the run had ended before, or that its room is gone.
UPDATE browsers
SET state = $2, handle = $3, ready_at = $4, ended_at = $5, end_reason = $6, detail = $7, session_ends_at = $8, extensions = $9
WHERE id = $1 AND ended_at IS NULL;

-- name: ListOpenBrowsers :many
SELECT * FROM browsers WHERE ended_at IS NULL ORDER BY started_at;

-- name: ListLatestBrowsers :many
-- The last run of each room that ended since.
SELECT DISTINCT ON (room_id) * FROM browsers WHERE ended_at > @since ORDER BY room_id, started_at DESC;
