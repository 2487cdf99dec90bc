-- name: HoldAuthor :one
-- The author stays until the transaction ends. Always before the room: an account that is deleted locks in this order too.
SELECT * FROM people WHERE id = $1 FOR KEY SHARE;

-- name: NextSeq :one
-- Locks the room, so that its messages are numbered one after the other; a rollback gives the number back.
UPDATE rooms SET last_seq = last_seq + 1, used_at = greatest(used_at, @now::timestamptz) WHERE id = @id RETURNING last_seq, slow_mode;

-- name: InsertMessage :one
-- No row when the author has used this key before.
INSERT INTO messages (id, room_id, seq, author_id, author_name, key, text, reply_to, whisper_to, whisper_from, announcement, mentioned, mentioned_as, created_at)
VALUES (@id, @room_id, @seq, @author_id, @author_name, @key, @text, @reply_to, @whisper_to, @whisper_from, @announcement, @mentioned, @mentioned_as, @created_at)
ON CONFLICT (room_id, author_id, key) DO NOTHING
RETURNING *;

-- name: GetMessageByKey :one
SELECT * FROM messages WHERE room_id = @room_id AND author_id = @author_id AND key = @key;

-- name: ListMessages :many
-- With whispers all of them, else those of the reader alone.
SELECT sqlc.embed(messages), people.display_name, people.avatar_color, people.avatar_at, people.kind
FROM messages
LEFT JOIN people ON people.id = messages.author_id
WHERE messages.room_id = @room_id AND messages.seq < @before
  AND (@whispers::boolean OR messages.whisper_to IS NULL OR messages.whisper_to = @reader::uuid OR messages.author_id = @reader::uuid)
ORDER BY messages.seq DESC
LIMIT @page_size;

-- name: ListChangedMessages :many
SELECT sqlc.embed(messages), people.display_name, people.avatar_color, people.avatar_at, people.kind
FROM messages
LEFT JOIN people ON people.id = messages.author_id
WHERE messages.room_id = @room_id AND messages.revision > 0 AND messages.revision > @after::bigint
  AND (messages.whisper_to IS NULL OR messages.whisper_to = @reader::uuid OR messages.author_id = @reader::uuid)
ORDER BY messages.revision
LIMIT @page_size;

-- name: ListMessagesBySeq :many
-- Those that others answer.
SELECT sqlc.embed(messages), people.display_name, people.avatar_color, people.avatar_at, people.kind
FROM messages
LEFT JOIN people ON people.id = messages.author_id
WHERE messages.room_id = @room_id AND messages.seq = ANY(@seqs::bigint[]);

-- name: HoldRoom :one
-- Locks the room against every other change of its messages. Always before a message of it.
SELECT last_revision FROM rooms WHERE id = $1 FOR NO KEY UPDATE;

-- name: GetMessage :one
SELECT * FROM messages WHERE room_id = @room_id AND seq = @seq;

-- name: NextRevision :one
UPDATE rooms SET last_revision = last_revision + 1 WHERE id = $1 RETURNING last_revision;

-- name: EditMessage :exec
UPDATE messages
SET text = @text, mentioned = @mentioned, mentioned_as = @mentioned_as, edited_at = @now::timestamptz, revision = @revision
WHERE room_id = @room_id AND seq = @seq;

-- name: DeleteMessage :exec
UPDATE messages SET text = '', mentioned = '{}', mentioned_as = '{}', deleted_at = @now::timestamptz, revision = @revision WHERE room_id = @room_id AND seq = @seq;

-- name: ListReactions :many
SELECT reactions.seq, reactions.emoji, reactions.person_id, people.display_name
FROM reactions
JOIN people ON people.id = reactions.person_id
WHERE reactions.room_id = @room_id AND reactions.seq = ANY(@seqs::bigint[])
ORDER BY reactions.created_at, reactions.person_id;

-- name: AddReaction :exec
INSERT INTO reactions (room_id, seq, emoji, person_id, created_at) VALUES (@room_id, @seq, @emoji, @person_id, @created_at);

-- name: RemoveReaction :exec
DELETE FROM reactions WHERE room_id = @room_id AND seq = @seq AND emoji = @emoji AND person_id = @person_id;

-- name: ClearReactions :exec
DELETE FROM reactions WHERE room_id = @room_id AND seq = @seq;

-- name: ReviseMessage :exec
UPDATE messages SET revision = @revision WHERE room_id = @room_id AND seq = @seq;

-- name: LastSaid :one
SELECT created_at FROM messages WHERE room_id = @room_id AND author_id = @author_id AND created_at <= @until ORDER BY created_at DESC LIMIT 1;

-- name: ListMentionable :many
-- The members whose names stand in a text after an @.
SELECT people.id, people.display_name
FROM members
JOIN people ON people.id = members.person_id
WHERE members.room_id = @room_id AND coalesce(members.visits_until > @now::timestamptz, true) AND position(lower('@' || people.display_name) IN lower(@text::text)) > 0
ORDER BY length(people.display_name) DESC, members.joined_at
LIMIT 200;

-- name: ListRecipients :many
SELECT * FROM people WHERE id = ANY(@ids::uuid[]);

-- name: SetSlowMode :execrows
UPDATE rooms SET slow_mode = @seconds WHERE id = @id;

-- name: ClearChat :one
-- Locks the room, as everything that changes its messages does.
UPDATE rooms SET cleared_seq = last_seq WHERE id = $1 RETURNING cleared_seq;

-- name: DeleteMessages :exec
DELETE FROM messages WHERE room_id = @room_id AND seq <= @up_to;
