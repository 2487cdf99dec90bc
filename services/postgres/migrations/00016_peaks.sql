-- +goose Up
-- The most at once of each day, in UTC.
CREATE TABLE peaks (
    day      timestamptz PRIMARY KEY,             -- its beginning
    people   integer NOT NULL,
    rooms    integer NOT NULL,                    -- with somebody in them
    browsers integer NOT NULL
);

-- +goose Down
DROP TABLE peaks;
