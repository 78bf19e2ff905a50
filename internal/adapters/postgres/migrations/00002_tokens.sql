-- +goose Up
-- Who may use the shop over the network. They are no part of the log of events.
CREATE TABLE tokens (
  id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created timestamptz NOT NULL,
  expires timestamptz, -- NULL: never
  revoked timestamptz, -- NULL: it isn't
  name    text COLLATE "C" NOT NULL,
  hash    bytea       NOT NULL UNIQUE CHECK (octet_length(hash) = 32), -- SHA-256 of the secret
  scopes  text[]      NOT NULL
);
CREATE UNIQUE INDEX tokens_in_use ON tokens (name) WHERE revoked IS NULL;
