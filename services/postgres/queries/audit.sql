-- name: InsertAudit :exec
INSERT INTO audit (at, person_id, room_id, action, detail) VALUES ($1, $2, $3, $4, $5);

-- name: DeleteAuditBefore :execrows
DELETE FROM audit WHERE at < @before;
