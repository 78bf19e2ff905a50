-- +goose Up
-- Changes that somebody thought of, for others to look at. They are no part of the log of events.
CREATE TABLE what_ifs (
  at      timestamptz NOT NULL,
  id      text COLLATE "C" PRIMARY KEY,
  actor   text        NOT NULL,
  plan    text        NOT NULL, -- what they would have done then
  changes text        NOT NULL  -- commands in JSON, one a line
);
CREATE INDEX what_ifs_by_age ON what_ifs (at);
