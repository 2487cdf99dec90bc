-- name: LockMembers :many
-- In one order for everybody, so that two who act on each other wait for each other, and the second finds what the first did.
SELECT * FROM members WHERE room_id = @room_id AND person_id = ANY(@people::uuid[]) ORDER BY person_id FOR UPDATE;

-- name: LockPolicy :one
-- Nobody changes what the room's roles may do until the transaction ends.
SELECT * FROM rooms WHERE id = $1 FOR SHARE;

-- name: SetRole :exec
UPDATE members SET role = @role, visits_until = NULL WHERE room_id = @room_id AND person_id = @person_id;

-- name: DeleteMember :exec
DELETE FROM members WHERE room_id = $1 AND person_id = $2;

-- name: SetOwner :exec
UPDATE rooms SET owner_id = @owner_id WHERE id = @id;

-- name: ListMembers :many
SELECT sqlc.embed(people), members.role, members.joined_at, coalesce(mutes.chat, false)::boolean AS chat_muted, coalesce(mutes.call, false)::boolean AS call_muted
FROM members
JOIN people ON people.id = members.person_id
LEFT JOIN mutes ON mutes.room_id = members.room_id AND mutes.person_id = members.person_id
WHERE members.room_id = @room_id AND coalesce(members.visits_until > @now::timestamptz, true)
  AND (@search::text = '' OR position(lower(@search::text) IN lower(people.display_name)) > 0)
ORDER BY array_position(ARRAY['owner', 'moderator', 'member', 'guest'], members.role) <= 2 DESC, members.joined_at DESC, people.id
LIMIT @page_size;

-- name: GetMember :one
SELECT sqlc.embed(people), members.role, members.joined_at, coalesce(mutes.chat, false)::boolean AS chat_muted, coalesce(mutes.call, false)::boolean AS call_muted
FROM members
JOIN people ON people.id = members.person_id
LEFT JOIN mutes ON mutes.room_id = members.room_id AND mutes.person_id = members.person_id
WHERE members.room_id = $1 AND members.person_id = $2;

-- name: DecideRole :exec
INSERT INTO lowered (room_id, person_id, invited, joins, at) VALUES (@room_id, @person_id, @invited, @joins, @at)
ON CONFLICT (room_id, person_id) DO UPDATE SET invited = excluded.invited, joins = excluded.joins, at = excluded.at;

-- name: DecideRemoval :exec
-- What they get by themself stays as it was decided before.
INSERT INTO lowered (room_id, person_id, invited, joins, at) VALUES (@room_id, @person_id, '', 'member', @at)
ON CONFLICT (room_id, person_id) DO UPDATE SET invited = '', at = excluded.at;

-- name: GetLowered :one
SELECT * FROM lowered WHERE room_id = $1 AND person_id = $2;

-- name: BringSeats :many
-- Makes an account a member where the guest is one who signs in to it, with the guest's role; where any account may enter, at least as a member.
-- Not where it was banned, nor above what was decided about it.
INSERT INTO members (room_id, person_id, role, joined_at, visits_until)
SELECT g.room_id, @account_id::uuid,
    CASE WHEN g.role = 'guest' AND rooms.privacy <> 'private' AND coalesce(rooms.entry, 'open') = 'open' AND rooms.password_hash IS NULL
        AND coalesce(l.joins, 'member') = 'member' THEN 'member' ELSE g.role END,
    @joined_at,
    CASE WHEN g.role = 'guest' AND rooms.privacy <> 'private' AND coalesce(rooms.entry, 'open') = 'open' AND rooms.password_hash IS NULL
        AND coalesce(l.joins, 'member') = 'member' THEN NULL ELSE g.visits_until END
FROM members g
JOIN rooms ON rooms.id = g.room_id
LEFT JOIN lowered l ON l.room_id = g.room_id AND l.person_id = @account_id::uuid
WHERE g.person_id = @guest_id AND coalesce(g.visits_until > @joined_at, true)
    AND NOT EXISTS (SELECT FROM bans WHERE bans.room_id = g.room_id AND bans.person_id = @account_id::uuid)
    AND (l.person_id IS NULL OR array_position(ARRAY['guest', 'member', 'moderator'], g.role) <= coalesce(array_position(ARRAY['guest', 'member', 'moderator'], l.invited), 0))
ON CONFLICT (room_id, person_id) DO UPDATE SET role = excluded.role, visits_until = excluded.visits_until
WHERE array_position(ARRAY['guest', 'member', 'moderator', 'owner'], members.role) < array_position(ARRAY['guest', 'member', 'moderator', 'owner'], excluded.role)
    OR members.visits_until < coalesce(excluded.visits_until, 'infinity')
RETURNING room_id;

-- name: LeaveRooms :many
-- The rooms where an account sits now in the place of the guest.
DELETE FROM members USING members own
WHERE members.person_id = @guest_id AND own.room_id = members.room_id AND own.person_id = @account_id
RETURNING members.room_id;

-- name: LockSeats :exec
-- All of those people's, in one order for everybody. Nobody decides about them meanwhile.
SELECT room_id FROM members WHERE person_id = ANY(@people::uuid[]) ORDER BY room_id, person_id FOR UPDATE;
