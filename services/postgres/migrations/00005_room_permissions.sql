-- +goose Up
-- What members and guests may do: bits of rooms.Permissions, whose order never changes. NULL is what is usual.
ALTER TABLE rooms
    ADD COLUMN member_permissions integer,
    ADD COLUMN guest_permissions integer,
    ADD CONSTRAINT rooms_permissions CHECK (num_nulls(member_permissions, guest_permissions) IN (0, 2));

-- +goose Down
ALTER TABLE rooms
    DROP COLUMN member_permissions,
    DROP COLUMN guest_permissions;
