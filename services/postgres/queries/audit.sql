-- name: InsertAudit :exec
INSERT INTO audit (at, person_id, target_id, room_id, action, detail) VALUES ($1, $2, $3, $4, $5, $6);

-- name: ListAudit :many
-- The newest first. Names are those of now; of who is gone, the id is left.
SELECT sqlc.embed(audit), actor.username AS actor_username, actor.display_name AS actor_name,
    target.username AS target_username, target.display_name AS target_name, rooms.title AS room_title, rooms.slug AS room_slug
FROM audit
LEFT JOIN people actor ON actor.id = audit.person_id
LEFT JOIN people target ON target.id = audit.target_id
LEFT JOIN rooms ON rooms.id = audit.room_id
WHERE audit.id < @before_id
  AND (sqlc.narg(person)::uuid IS NULL OR audit.person_id = sqlc.narg(person) OR audit.target_id = sqlc.narg(person))
  AND (sqlc.narg(room)::uuid IS NULL OR audit.room_id = sqlc.narg(room))
  AND (sqlc.narg(since)::timestamptz IS NULL OR audit.at >= sqlc.narg(since))
  AND (sqlc.narg(until)::timestamptz IS NULL OR audit.at < sqlc.narg(until))
  AND (@action::text = '' OR audit.action = @action OR audit.action LIKE @action || '.%')
  AND (@search::text = '' OR position(lower(@search) IN lower(concat_ws(' ', audit.action, actor.username, actor.display_name,
      target.username, target.display_name, rooms.title, rooms.slug))) > 0)
ORDER BY audit.id DESC
LIMIT @page_size;

-- name: DeleteAuditBefore :execrows
WITH allowed AS MATERIALIZED (SELECT set_config('turtus.audit_expires', 'on', true) AS setting)
DELETE FROM audit USING allowed WHERE at < @before AND allowed.setting = 'on';
