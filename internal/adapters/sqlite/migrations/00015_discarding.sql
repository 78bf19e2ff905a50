-- +goose Up
-- Messages that were parked can be discarded: AUTOINCREMENT keeps their numbers
-- from being used again.
CREATE TABLE parked (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  id       TEXT NOT NULL UNIQUE,
  body     TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  error    TEXT NOT NULL,
  at       INTEGER NOT NULL -- unix microseconds
) STRICT;
INSERT INTO parked SELECT number, id, body, attempts, error, at FROM parked_messages;
DROP TABLE parked_messages;
ALTER TABLE parked RENAME TO parked_messages;
