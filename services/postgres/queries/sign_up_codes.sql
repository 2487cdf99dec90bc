-- name: InsertSignUpCode :one
INSERT INTO sign_up_codes (id, code, note, created_by, created_at, expires_at, max_uses)
VALUES (@id, @code, @note, @created_by, @created_at, @expires_at, @max_uses)
RETURNING *;

-- name: ListSignUpCodes :many
-- Those that work, the newest first.
SELECT * FROM sign_up_codes
WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now::timestamptz) AND (max_uses IS NULL OR uses < max_uses)
  AND (created_at, id) < (@before_created_at::timestamptz, @before_id::uuid)
  AND (@search::text = '' OR position(lower(@search) IN lower(concat_ws(' ', note, code))) > 0)
ORDER BY created_at DESC, id DESC
LIMIT @page_size;

-- name: UseSignUpCode :one
-- One statement checks and counts, so that any number of people at once never exceed max_uses.
UPDATE sign_up_codes SET uses = uses + 1
WHERE code = @code AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > @now::timestamptz) AND (max_uses IS NULL OR uses < max_uses)
RETURNING id;

-- name: SignUpCodeWorks :one
SELECT EXISTS (SELECT 1 FROM sign_up_codes
WHERE code = @code AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > @now::timestamptz) AND (max_uses IS NULL OR uses < max_uses))::boolean;

-- name: RevokeSignUpCode :execrows
UPDATE sign_up_codes SET revoked_at = @now::timestamptz WHERE id = @id AND revoked_at IS NULL;
