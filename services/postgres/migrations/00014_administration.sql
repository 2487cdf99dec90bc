-- +goose Up
-- A disabled account signs in nowhere and keeps everything it has.
ALTER TABLE people ADD COLUMN disabled_at timestamptz;

-- One link a person by which a new password is set; only the hash of its token is kept.
CREATE TABLE password_resets (
    person_id  uuid PRIMARY KEY REFERENCES people ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,             -- SHA-256
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Codes by which accounts are made where sign-ups are by invite.
CREATE TABLE sign_up_codes (
    id         uuid PRIMARY KEY,
    code       text NOT NULL UNIQUE,
    note       text NOT NULL DEFAULT '',
    created_by uuid REFERENCES people ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    max_uses   integer CHECK (max_uses > 0),
    uses       integer NOT NULL DEFAULT 0,
    revoked_at timestamptz
);
CREATE INDEX sign_up_codes_created_by ON sign_up_codes (created_by);

-- The person whom something was done to. What was written before has them in its detail.
ALTER TABLE audit ADD COLUMN target_id uuid;
UPDATE audit SET target_id = coalesce(detail ->> 'member', detail ->> 'owner')::uuid
WHERE action IN ('member.role', 'member.removed', 'room.owner');
CREATE INDEX audit_person ON audit (person_id, id DESC);
CREATE INDEX audit_target ON audit (target_id, id DESC) WHERE target_id IS NOT NULL;
CREATE INDEX audit_room ON audit (room_id, id DESC) WHERE room_id IS NOT NULL;

-- The audit is only added to. Its old lines go by DeleteAuditBefore alone, which says so to the trigger.
-- +goose StatementBegin
CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('turtus.audit_expires', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit is only added to';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_stays_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();

-- +goose Down
DROP TRIGGER audit_stays ON audit;
DROP TRIGGER audit_stays_whole ON audit;
DROP FUNCTION audit_stays;
DROP INDEX audit_person, audit_target, audit_room;
ALTER TABLE audit DROP COLUMN target_id;
DROP TABLE sign_up_codes, password_resets;
ALTER TABLE people DROP COLUMN disabled_at;
