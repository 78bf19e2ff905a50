-- +goose Up
-- What requests were answered that are to be done once, for some days.
CREATE TABLE answers (
  at      timestamptz NOT NULL,
  scope   text COLLATE "C" NOT NULL, -- who sent it, and where to
  key     text COLLATE "C" NOT NULL, -- what they called it
  request text        NOT NULL,      -- a digest
  answer  bytea       NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX answers_by_age ON answers (at);
