-- +goose Up
-- The role guest is for people without an account; who has one is a member at least.
UPDATE members SET role = 'member'
FROM people
WHERE people.id = members.person_id AND people.kind = 'account' AND members.role = 'guest';

-- +goose Down
SELECT 1; -- who was a guest before is not known
