-- name: InsertRoom :execrows
-- No row when the slug is taken.
INSERT INTO rooms (id, slug, title, privacy, password_hash, start_url, screen_width, screen_height, screen_frame_rate, owner_id, created_at, used_at, entry, size)
VALUES (@id, @slug, @title, @privacy, @password_hash, @start_url, @screen_width, @screen_height, @screen_frame_rate, @owner_id, @created_at, @created_at, @entry, @size)
ON CONFLICT (slug) DO NOTHING;

-- name: CountRoomsOwned :one
SELECT count(*) FROM rooms WHERE owner_id = $1;

-- name: RoomsOwned :many
SELECT id FROM rooms WHERE owner_id = $1;

-- name: GetRoom :one
-- By id, or else by slug; role is the person's, empty for none and for a visit that is over.
SELECT sqlc.embed(rooms), sqlc.embed(people), coalesce(members.role, '')::text AS role,
    coalesce(mutes.chat, false)::boolean AS chat_muted, coalesce(mutes.call, false)::boolean AS call_muted,
    EXISTS (SELECT FROM bans WHERE bans.room_id = rooms.id AND bans.person_id = @person_id::uuid)::boolean AS banned,
    EXISTS (SELECT FROM locked_in WHERE locked_in.room_id = rooms.id AND locked_in.person_id = @person_id)::boolean AS stays
FROM rooms
JOIN people ON people.id = rooms.owner_id
LEFT JOIN members ON members.room_id = rooms.id AND members.person_id = @person_id AND coalesce(members.visits_until > @now::timestamptz, true)
LEFT JOIN mutes ON mutes.room_id = rooms.id AND mutes.person_id = @person_id
WHERE rooms.id = sqlc.narg(id) OR rooms.slug = sqlc.narg(slug);

-- name: LockRoom :one
SELECT * FROM rooms WHERE id = $1 FOR UPDATE;

-- name: ListRoomsOfPerson :many
SELECT sqlc.embed(rooms), sqlc.embed(people), members.role, (favourites.person_id IS NOT NULL)::boolean AS favourite
FROM members
JOIN rooms ON rooms.id = members.room_id
JOIN people ON people.id = rooms.owner_id
LEFT JOIN favourites ON favourites.room_id = rooms.id AND favourites.person_id = @person_id
WHERE members.person_id = @person_id AND coalesce(members.visits_until > @now::timestamptz, true)
  AND (@search::text = '' OR position(lower(@search::text) IN lower(rooms.title)) > 0)
  AND (rooms.used_at, rooms.id) < (@before_used_at::timestamptz, @before_id::uuid)
ORDER BY rooms.used_at DESC, rooms.id DESC
LIMIT @page_size;

-- name: ListFavouriteRooms :many
-- Those that the person may still see.
SELECT sqlc.embed(rooms), sqlc.embed(people), coalesce(members.role, '')::text AS role
FROM favourites
JOIN rooms ON rooms.id = favourites.room_id
JOIN people ON people.id = rooms.owner_id
LEFT JOIN members ON members.room_id = rooms.id AND members.person_id = @person_id AND coalesce(members.visits_until > @now::timestamptz, true)
WHERE favourites.person_id = @person_id AND (members.role IS NOT NULL OR (@account::boolean AND rooms.privacy = 'public'))
  AND (@search::text = '' OR position(lower(@search::text) IN lower(rooms.title)) > 0)
  AND (rooms.used_at, rooms.id) < (@before_used_at::timestamptz, @before_id::uuid)
ORDER BY rooms.used_at DESC, rooms.id DESC
LIMIT @page_size;

-- name: ListRunningPublicRooms :many
-- The few whose browser runs.
SELECT sqlc.embed(rooms), sqlc.embed(people), coalesce(members.role, '')::text AS role, (favourites.person_id IS NOT NULL)::boolean AS favourite
FROM browsers
JOIN rooms ON rooms.id = browsers.room_id
JOIN people ON people.id = rooms.owner_id
LEFT JOIN members ON members.room_id = rooms.id AND members.person_id = @person_id AND coalesce(members.visits_until > @now::timestamptz, true)
LEFT JOIN favourites ON favourites.room_id = rooms.id AND favourites.person_id = @person_id
WHERE browsers.ended_at IS NULL AND rooms.privacy = 'public'
  AND (@search::text = '' OR position(lower(@search::text) IN lower(rooms.title)) > 0)
  AND (rooms.used_at, rooms.id) < (@before_used_at::timestamptz, @before_id::uuid)
ORDER BY rooms.used_at DESC, rooms.id DESC
LIMIT @page_size;

-- name: ListPublicRooms :many
-- Those whose browser does not run, in the order of an index: every open lobby looks again and again.
SELECT sqlc.embed(rooms), sqlc.embed(people), coalesce(members.role, '')::text AS role, (favourites.person_id IS NOT NULL)::boolean AS favourite
FROM rooms
JOIN people ON people.id = rooms.owner_id
LEFT JOIN members ON members.room_id = rooms.id AND members.person_id = @person_id AND coalesce(members.visits_until > @now::timestamptz, true)
LEFT JOIN favourites ON favourites.room_id = rooms.id AND favourites.person_id = @person_id
WHERE rooms.privacy = 'public' AND NOT EXISTS (SELECT FROM browsers WHERE browsers.room_id = rooms.id AND browsers.ended_at IS NULL)
  AND (@search::text = '' OR position(lower(@search::text) IN lower(rooms.title)) > 0)
  AND (rooms.used_at, rooms.id) < (@before_used_at::timestamptz, @before_id::uuid)
ORDER BY rooms.used_at DESC, rooms.id DESC
LIMIT @page_size;

-- name: AddFavourite :execrows
-- No row when the person has too many.
INSERT INTO favourites (person_id, room_id, at)
SELECT @person_id, @room_id, @at
WHERE (SELECT count(*) FROM favourites f WHERE f.person_id = @person_id AND f.room_id <> @room_id) < @most::bigint
ON CONFLICT (person_id, room_id) DO UPDATE SET at = favourites.at;

-- name: RemoveFavourite :exec
DELETE FROM favourites WHERE person_id = $1 AND room_id = $2;

-- name: UpdateRoom :execrows
UPDATE rooms
SET title = coalesce(sqlc.narg(title), title),
    slug = coalesce(sqlc.narg(slug), slug),
    privacy = coalesce(sqlc.narg(privacy), privacy),
    -- A room that becomes private is not open, nor asked for entry.
    entry = CASE WHEN sqlc.narg(entry)::text IS NOT NULL THEN sqlc.narg(entry) WHEN sqlc.narg(privacy) = 'private' AND entry IN ('open', 'ask') THEN NULL ELSE entry END,
    size = CASE WHEN sqlc.narg(size)::integer IS NOT NULL THEN nullif(sqlc.narg(size), 0) ELSE size END,
    start_url = coalesce(sqlc.narg(start_url), start_url),
    relay_only = coalesce(sqlc.narg(relay_only), relay_only),
    screen_width = CASE WHEN sqlc.arg(set_screen)::boolean THEN sqlc.narg(screen_width) ELSE screen_width END,
    screen_height = CASE WHEN sqlc.arg(set_screen)::boolean THEN sqlc.narg(screen_height) ELSE screen_height END,
    screen_frame_rate = CASE WHEN sqlc.arg(set_screen)::boolean THEN sqlc.narg(screen_frame_rate) ELSE screen_frame_rate END,
    member_permissions = CASE WHEN sqlc.arg(set_permissions)::boolean THEN sqlc.narg(member_permissions) ELSE member_permissions END,
    guest_permissions = CASE WHEN sqlc.arg(set_permissions)::boolean THEN sqlc.narg(guest_permissions) ELSE guest_permissions END,
    password_hash = CASE WHEN sqlc.arg(set_password)::boolean THEN sqlc.narg(password_hash) ELSE password_hash END
WHERE id = @id;

-- name: TouchRoom :exec
-- At most once a minute, so that coming and going costs no row versions.
UPDATE rooms SET used_at = @now WHERE id = @id AND used_at < @stale;

-- name: DeleteRoom :execrows
DELETE FROM rooms WHERE id = $1;

-- name: GetRole :one
SELECT role FROM members WHERE room_id = @room_id AND person_id = @person_id AND coalesce(visits_until > @now::timestamptz, true);

-- name: InsertMember :exec
INSERT INTO members (room_id, person_id, role, joined_at) VALUES ($1, $2, $3, $4);

-- name: JoinOpenRoom :execrows
-- Only while the room is as it was when the password was checked.
INSERT INTO members (room_id, person_id, role, joined_at)
SELECT rooms.id, @person_id, coalesce(lowered.joins, 'member'), @joined_at
FROM rooms
LEFT JOIN lowered ON lowered.room_id = rooms.id AND lowered.person_id = @person_id
WHERE rooms.id = @room_id AND rooms.privacy <> 'private' AND coalesce(rooms.entry, 'open') = 'open' AND rooms.password_hash IS NOT DISTINCT FROM sqlc.narg(password_hash)
    AND (NOT rooms.locked OR EXISTS (SELECT FROM locked_in WHERE locked_in.room_id = rooms.id AND locked_in.person_id = @person_id))
    AND NOT EXISTS (SELECT FROM bans WHERE bans.room_id = rooms.id AND bans.person_id = @person_id::uuid)
ON CONFLICT (room_id, person_id) DO UPDATE
SET role = CASE WHEN members.visits_until IS NULL THEN members.role ELSE excluded.role END, visits_until = NULL;

-- name: LetIn :one
-- An account becomes a member as by the address; a guest, who visits, a guest until then. Who is a member stays as they are.
INSERT INTO members (room_id, person_id, role, joined_at, visits_until)
SELECT @room_id, people.id,
    CASE WHEN people.kind = 'account' THEN coalesce(lowered.joins, 'member') ELSE 'guest' END, @joined_at,
    CASE WHEN people.kind = 'account' THEN NULL ELSE @visits_until::timestamptz END
FROM people
LEFT JOIN lowered ON lowered.room_id = @room_id AND lowered.person_id = people.id
WHERE people.id = @person_id
ON CONFLICT (room_id, person_id) DO UPDATE
SET role = CASE WHEN members.visits_until IS NULL THEN members.role ELSE excluded.role END,
    visits_until = CASE WHEN members.visits_until IS NULL THEN NULL ELSE excluded.visits_until END
RETURNING role;

-- name: ProlongVisit :exec
UPDATE members SET visits_until = @visits_until WHERE room_id = @room_id AND person_id = @person_id AND visits_until < @stale::timestamptz;

-- name: ProlongVisits :exec
-- Of those who sit in a room.
UPDATE members SET visits_until = @visits_until WHERE room_id = @room_id AND person_id = ANY(@people::uuid[]) AND visits_until < @stale::timestamptz;

-- name: RaiseMember :one
-- Makes a member, or gives one a higher role, or one who visits their own; no row when they have it already.
INSERT INTO members (room_id, person_id, role, joined_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (room_id, person_id) DO UPDATE SET role = excluded.role, visits_until = NULL
WHERE members.visits_until IS NOT NULL OR array_position(ARRAY['guest', 'member', 'moderator', 'owner'], members.role)
    < array_position(ARRAY['guest', 'member', 'moderator', 'owner'], excluded.role)
RETURNING role;

-- name: RaiseGuest :many
-- Makes a member of who was a guest, in those of their rooms that any account may enter.
UPDATE members SET role = 'member', visits_until = NULL
FROM rooms
WHERE rooms.id = members.room_id AND members.person_id = $1 AND members.role = 'guest'
    AND rooms.privacy <> 'private' AND coalesce(rooms.entry, 'open') = 'open' AND rooms.password_hash IS NULL
    AND NOT EXISTS (SELECT FROM lowered WHERE lowered.room_id = rooms.id AND lowered.person_id = $1 AND lowered.joins = 'guest')
RETURNING members.room_id;

-- name: ListAllRooms :many
SELECT sqlc.embed(rooms), sqlc.embed(people), (SELECT count(*) FROM members WHERE members.room_id = rooms.id) AS members
FROM rooms
JOIN people ON people.id = rooms.owner_id
WHERE (rooms.used_at, rooms.id) < (@before_used_at::timestamptz, @before_id::uuid)
  AND (@search::text = '' OR position(lower(@search) IN lower(concat_ws(' ', rooms.title, rooms.slug, people.username, people.display_name))) > 0)
ORDER BY rooms.used_at DESC, rooms.id DESC
LIMIT @page_size;
