-- +goose Up
-- Who has an account is a member at least of a room that any account may enter; elsewhere a guest stays one.
UPDATE members SET role = 'member'
FROM people, rooms
WHERE people.id = members.person_id AND people.kind = 'account' AND members.role = 'guest'
    AND rooms.id = members.room_id AND rooms.privacy <> 'private' AND rooms.password_hash IS NULL;

-- +goose Down
SELECT 1; -- who was a guest before is not known
