-- +goose Up
-- Changes that somebody thought of, for others to look at. They are no part of the log of events.
CREATE TABLE what_ifs (
  id      TEXT PRIMARY KEY,
  at      INTEGER NOT NULL, -- unix microseconds
  actor   TEXT NOT NULL,
  plan    TEXT NOT NULL,    -- what they would have done then
  changes TEXT NOT NULL     -- commands in JSON, one a line
) STRICT;
CREATE INDEX what_ifs_by_age ON what_ifs (at);
