-- +goose Up
-- All three or none: a room where nobody chose follows the server's settings.
ALTER TABLE rooms
    ADD COLUMN screen_width      integer,
    ADD COLUMN screen_height     integer,
    ADD COLUMN screen_frame_rate integer,
    ADD CONSTRAINT rooms_screen CHECK (num_nulls(screen_width, screen_height, screen_frame_rate) IN (0, 3));

-- +goose Down
ALTER TABLE rooms
    DROP COLUMN screen_width,
    DROP COLUMN screen_height,
    DROP COLUMN screen_frame_rate;
