-- name: InsertInvite :one
INSERT INTO invites (id, room_id, code, role, created_by, created_at, expires_at, max_uses)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING *;

-- name: GetInvite :one
SELECT sqlc.embed(invites), sqlc.embed(people), rooms.slug, rooms.title
FROM invites
JOIN people ON people.id = invites.created_by
JOIN rooms ON rooms.id = invites.room_id
WHERE invites.code = $1;

-- name: CountLiveInvites :one
SELECT count(*) FROM invites
WHERE room_id = @room_id AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > @now::timestamptz) AND (max_uses IS NULL OR uses < max_uses);

-- name: ListLiveInvites :many
SELECT sqlc.embed(invites), sqlc.embed(people)
FROM invites
JOIN people ON people.id = invites.created_by
WHERE room_id = @room_id AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > @now::timestamptz) AND (max_uses IS NULL OR uses < max_uses)
  AND (@everybodys::boolean OR created_by = @created_by)
ORDER BY invites.created_at DESC, invites.id;

-- name: UseInvite :execrows
-- One statement checks and counts, so that any number of people at once never exceed max_uses.
UPDATE invites SET uses = uses + 1
WHERE id = @id AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > @now::timestamptz) AND (max_uses IS NULL OR uses < max_uses);

-- name: RevokeInvite :execrows
UPDATE invites SET revoked_at = @now::timestamptz
WHERE id = @id AND room_id = @room_id AND revoked_at IS NULL AND (@everybodys::boolean OR created_by = @created_by);

-- name: RevokeInvitesAbove :execrows
-- Those that somebody made for roles above the one they keep; with none kept, all of them.
UPDATE invites SET revoked_at = @now::timestamptz
WHERE room_id = @room_id AND created_by = @created_by AND revoked_at IS NULL
  AND array_position(ARRAY['guest', 'member', 'moderator'], role) > coalesce(array_position(ARRAY['guest', 'member', 'moderator'], @kept::text), 0);

-- name: RevokeInvitesOfRoles :execrows
-- Those that work and whose maker has one of the roles now.
UPDATE invites SET revoked_at = @now::timestamptz
FROM members
WHERE members.room_id = invites.room_id AND members.person_id = invites.created_by AND members.role = ANY(@roles::text[])
  AND invites.room_id = @room_id AND invites.revoked_at IS NULL
  AND (invites.expires_at IS NULL OR invites.expires_at > @now::timestamptz) AND (invites.max_uses IS NULL OR invites.uses < invites.max_uses);
