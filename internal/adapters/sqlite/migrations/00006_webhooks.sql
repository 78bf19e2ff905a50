-- +goose Up
CREATE TABLE webhooks (
  id     INTEGER PRIMARY KEY AUTOINCREMENT, -- none is ever used again: it names a subscription
  url    TEXT NOT NULL,
  events TEXT NOT NULL,    -- types, with blanks between them; none: all
  secret TEXT NOT NULL,
  at     INTEGER NOT NULL  -- unix microseconds
) STRICT;
