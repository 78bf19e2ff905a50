-- +goose Up
-- Who may use the shop over the network. They are no part of the log of events.
CREATE TABLE tokens (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  hash    BLOB NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the secret
  scopes  TEXT NOT NULL,    -- with blanks between them
  created INTEGER NOT NULL, -- unix microseconds
  expires INTEGER,          -- the same; NULL: never
  revoked INTEGER           -- the same; NULL: it isn't
) STRICT;
CREATE UNIQUE INDEX tokens_in_use ON tokens (name) WHERE revoked IS NULL;
