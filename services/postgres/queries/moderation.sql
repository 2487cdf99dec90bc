-- name: GetStanding :one
-- Always one row: what somebody is in a room, a member or not.
SELECT coalesce((SELECT role FROM members m WHERE m.room_id = @room_id AND m.person_id = @person_id AND coalesce(m.visits_until > @now::timestamptz, true)), '')::text AS role,
    EXISTS (SELECT FROM bans b WHERE b.room_id = @room_id AND b.person_id = @person_id)::boolean AS banned,
    coalesce((SELECT chat FROM mutes x WHERE x.room_id = @room_id AND x.person_id = @person_id), false)::boolean AS chat_muted,
    coalesce((SELECT call FROM mutes x WHERE x.room_id = @room_id AND x.person_id = @person_id), false)::boolean AS call_muted,
    (EXISTS (SELECT FROM rooms r WHERE r.id = @room_id AND r.locked)
        AND NOT EXISTS (SELECT FROM members m WHERE m.room_id = @room_id AND m.person_id = @person_id AND m.role IN ('owner', 'moderator'))
        AND NOT EXISTS (SELECT FROM locked_in l WHERE l.room_id = @room_id AND l.person_id = @person_id))::boolean AS locked_out;

-- name: NoteArrival :exec
-- From where a person came by an invite.
INSERT INTO arrivals (room_id, person_id, invite_id, address, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (room_id, person_id, invite_id, address) DO NOTHING;

-- name: NoteReturn :execrows
-- From where who came by an invite has come again.
INSERT INTO arrivals (room_id, person_id, invite_id, address, at)
SELECT DISTINCT arrivals.room_id, arrivals.person_id, arrivals.invite_id, @address::bytea, @at::timestamptz
FROM arrivals WHERE arrivals.room_id = @room_id AND arrivals.person_id = @person_id
ON CONFLICT (room_id, person_id, invite_id, address) DO NOTHING;

-- name: ForgetArrivals :exec
-- All but the addresses that were seen first last.
DELETE FROM arrivals x
WHERE x.room_id = @room_id AND x.person_id = @person_id AND x.address NOT IN (
    SELECT a.address FROM arrivals a WHERE a.room_id = @room_id AND a.person_id = @person_id
    GROUP BY a.address ORDER BY max(a.at) DESC, a.address LIMIT @kept);

-- name: WasHere :one
-- Whether somebody belongs to a room, or left something of themself there.
SELECT (EXISTS (SELECT FROM members WHERE members.room_id = @room_id AND members.person_id = @person_id)
    OR EXISTS (SELECT FROM lowered WHERE lowered.room_id = @room_id AND lowered.person_id = @person_id)
    OR EXISTS (SELECT FROM arrivals WHERE arrivals.room_id = @room_id AND arrivals.person_id = @person_id)
    OR EXISTS (SELECT FROM messages WHERE messages.room_id = @room_id AND messages.author_id = @person_id))::boolean AS was_here;

-- name: InsertBan :execrows
-- No row when they are banned already.
INSERT INTO bans (id, room_id, person_id, guest_name, by_id, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (room_id, person_id) DO NOTHING;

-- name: MarkBan :exec
INSERT INTO ban_marks (ban_id, invite_id, address)
SELECT @ban_id::uuid, arrivals.invite_id, arrivals.address FROM arrivals WHERE arrivals.room_id = @room_id AND arrivals.person_id = @person_id;

-- name: Marked :one
-- Whether a newcomer comes by the invite and from the address of somebody who was banned. Who has an account was somebody else, unless it is younger.
SELECT EXISTS (
    SELECT FROM ban_marks JOIN bans ON bans.id = ban_marks.ban_id
    WHERE ban_marks.invite_id = @invite_id AND ban_marks.address = @address AND (@guest::boolean OR bans.at <= @made_at::timestamptz))::boolean AS marked;

-- name: ListBans :many
-- Of an account that is gone there is nothing left to keep out.
SELECT sqlc.embed(bans), who.kind AS kind, who.display_name AS display_name, who.avatar_color AS avatar_color, who.avatar_at AS avatar_at,
    banner.kind AS by_kind, banner.display_name AS by_display_name, banner.avatar_color AS by_avatar_color, banner.avatar_at AS by_avatar_at,
    EXISTS (SELECT FROM ban_marks WHERE ban_marks.ban_id = bans.id)::boolean AS marked
FROM bans
LEFT JOIN people who ON who.id = bans.person_id
LEFT JOIN people banner ON banner.id = bans.by_id
WHERE bans.room_id = @room_id AND (bans.person_id IS NOT NULL OR EXISTS (SELECT FROM ban_marks WHERE ban_marks.ban_id = bans.id))
    AND (sqlc.narg(person_id)::uuid IS NULL OR bans.person_id = sqlc.narg(person_id)::uuid)
    AND (@search::text = '' OR position(lower(@search::text) IN lower(coalesce(who.display_name, bans.guest_name, ''))) > 0)
ORDER BY bans.at DESC, bans.id
LIMIT @page_size;

-- name: LockBan :one
SELECT bans.person_id, (bans.by_id IS NOT DISTINCT FROM rooms.owner_id)::boolean AS owners
FROM bans JOIN rooms ON rooms.id = bans.room_id
WHERE bans.id = @id AND bans.room_id = @room_id
FOR UPDATE OF bans;

-- name: DeleteBan :exec
DELETE FROM bans WHERE id = $1;

-- name: ForgiveRemoval :exec
-- Who was removed may come by an invite from before again, to what they get by themself.
UPDATE lowered SET invited = joins WHERE room_id = $1 AND person_id = $2 AND invited = '';

-- name: GetMute :one
-- owners says that the room's owner decided it.
SELECT mutes.chat, mutes.call, (mutes.by_id IS NOT DISTINCT FROM rooms.owner_id)::boolean AS owners
FROM mutes JOIN rooms ON rooms.id = mutes.room_id
WHERE mutes.room_id = $1 AND mutes.person_id = $2;

-- name: SetMute :exec
INSERT INTO mutes (room_id, person_id, chat, call, by_id, at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (room_id, person_id) DO UPDATE SET chat = excluded.chat, call = excluded.call, by_id = excluded.by_id, at = excluded.at;

-- name: DeleteMute :exec
DELETE FROM mutes WHERE room_id = $1 AND person_id = $2;

-- name: MarkMute :exec
-- By what the muted is known, so far as it is not noted yet.
INSERT INTO mute_marks (room_id, person_id, invite_id, address, chat, call, by_id, at)
SELECT m.room_id, m.person_id, a.invite_id, a.address, m.chat, m.call, m.by_id, m.at
FROM mutes m JOIN arrivals a ON a.room_id = m.room_id AND a.person_id = m.person_id
WHERE m.room_id = @room_id AND m.person_id = @person_id
    AND NOT EXISTS (SELECT FROM mute_marks x WHERE x.room_id = m.room_id AND x.invite_id = a.invite_id AND x.address = a.address
        AND (x.person_id = m.person_id OR x.chat >= m.chat AND x.call >= m.call))
FOR SHARE OF m;

-- name: ForgetMuteMarks :exec
-- Of addresses from which a person was not seen lately.
DELETE FROM mute_marks x
WHERE x.room_id = @room_id AND x.person_id = @person_id
    AND NOT EXISTS (SELECT FROM arrivals a WHERE a.room_id = x.room_id AND a.person_id = x.person_id AND a.invite_id = x.invite_id AND a.address = x.address);

-- name: DropMuteMarks :exec
-- Of a decision that is another now; with shared, also those of others by whom the person would be known: who is unmuted stays so when they return.
DELETE FROM mute_marks x
WHERE x.room_id = @room_id AND (x.person_id = @person_id
    OR @shared::boolean AND (x.invite_id, x.address) IN (SELECT a.invite_id, a.address FROM arrivals a WHERE a.room_id = @room_id AND a.person_id = @person_id));

-- name: InheritMute :execrows
-- Mutes a newcomer who comes by the invite and from the address of somebody who was. Who has an account was somebody else, unless it is younger.
INSERT INTO mutes (room_id, person_id, chat, call, by_id, at)
SELECT x.room_id, @person_id::uuid, bool_or(x.chat), bool_or(x.call),
    (array_agg(x.by_id ORDER BY (x.by_id = rooms.owner_id) IS TRUE DESC, x.at DESC))[1], max(x.at)
FROM mute_marks x JOIN rooms ON rooms.id = x.room_id
WHERE x.room_id = @room_id AND x.invite_id = @invite_id AND x.address = @address AND (@guest::boolean OR x.at <= @made_at::timestamptz)
GROUP BY x.room_id
ON CONFLICT (room_id, person_id) DO NOTHING;

-- name: BringMutes :many
-- What a guest may not do, the account that they sign in to may not.
INSERT INTO mutes (room_id, person_id, chat, call, by_id, at)
SELECT m.room_id, @account_id::uuid, m.chat, m.call, m.by_id, m.at FROM mutes m JOIN rooms ON rooms.id = m.room_id
WHERE m.person_id = @guest_id AND rooms.owner_id <> @account_id::uuid
ON CONFLICT (room_id, person_id) DO UPDATE SET chat = mutes.chat OR excluded.chat, call = mutes.call OR excluded.call,
    by_id = CASE WHEN excluded.by_id = (SELECT owner_id FROM rooms WHERE rooms.id = mutes.room_id) THEN excluded.by_id ELSE mutes.by_id END
WHERE excluded.chat > mutes.chat OR excluded.call > mutes.call
    OR mutes.by_id IS DISTINCT FROM excluded.by_id AND excluded.by_id = (SELECT owner_id FROM rooms WHERE rooms.id = mutes.room_id)
RETURNING room_id;

-- name: BringArrivals :exec
INSERT INTO arrivals (room_id, person_id, invite_id, address, at)
SELECT a.room_id, @account_id::uuid, a.invite_id, a.address, a.at FROM arrivals a WHERE a.person_id = @guest_id
ON CONFLICT (room_id, person_id, invite_id, address) DO NOTHING;

-- name: BringStay :exec
INSERT INTO locked_in (room_id, person_id)
SELECT l.room_id, @account_id::uuid FROM locked_in l WHERE l.person_id = @guest_id AND l.room_id = ANY(@rooms::uuid[])
ON CONFLICT DO NOTHING;

-- name: SetLocks :one
UPDATE rooms SET locked = coalesce(sqlc.narg(locked), locked), control_locked = coalesce(sqlc.narg(control_locked), control_locked)
WHERE id = @id RETURNING locked;

-- name: LetStay :exec
INSERT INTO locked_in (room_id, person_id)
SELECT rooms.id, people.id FROM rooms, people WHERE rooms.id = @room_id AND rooms.locked AND people.id = ANY(@people::uuid[])
ON CONFLICT DO NOTHING;

-- name: LetNobodyStay :exec
DELETE FROM locked_in WHERE room_id = $1;

-- name: LetStayNoMore :exec
DELETE FROM locked_in WHERE room_id = $1 AND person_id = $2;
