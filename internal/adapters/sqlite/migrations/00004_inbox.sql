-- +goose Up
-- Messages from outside that were received, for some days.
CREATE TABLE inbox (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL -- unix microseconds
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_by_age ON inbox (at);

-- The last message about what messages set: an older one that comes later has
-- no effect.
CREATE TABLE inbox_latest (
  subject TEXT PRIMARY KEY,
  place   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE parked_messages (
  number   INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  body     TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  error    TEXT NOT NULL,
  at       INTEGER NOT NULL -- unix microseconds
) STRICT;
