-- +goose Up
-- A server may bound how long a browser runs. When its session ends, and how often that was put off, outlives the server.
ALTER TABLE browsers
    ADD COLUMN session_ends_at timestamptz,
    ADD COLUMN extensions integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT browsers_end_reason_check,
    ADD CONSTRAINT browsers_end_reason_check CHECK (end_reason IN ('requested', 'no_viewers', 'signal_lost', 'failed', 'server_stopped', 'session_over'));

-- +goose Down
UPDATE browsers SET end_reason = 'requested' WHERE end_reason = 'session_over';
ALTER TABLE browsers
    DROP COLUMN session_ends_at,
    DROP COLUMN extensions,
    DROP CONSTRAINT browsers_end_reason_check,
    ADD CONSTRAINT browsers_end_reason_check CHECK (end_reason IN ('requested', 'no_viewers', 'signal_lost', 'failed', 'server_stopped'));
