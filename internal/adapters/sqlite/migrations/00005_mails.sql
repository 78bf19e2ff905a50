-- +goose Up
CREATE TABLE mails (
  id         INTEGER PRIMARY KEY, -- place in the order in which mails were begun
  topic      TEXT NOT NULL,
  sku        TEXT NOT NULL,
  at         INTEGER NOT NULL,    -- unix microseconds, as are the other times
  due        INTEGER NOT NULL,
  sent       INTEGER NOT NULL,    -- 0: not yet
  recipients TEXT NOT NULL,       -- one a line; none: it is only kept
  subject    TEXT NOT NULL,
  body       TEXT NOT NULL
) STRICT;
CREATE INDEX mails_by_sku ON mails (sku, topic); -- and id

-- The events that mails tell of.
CREATE TABLE mail_entries (
  position INTEGER PRIMARY KEY REFERENCES events,
  mail     INTEGER NOT NULL REFERENCES mails,
  text     TEXT NOT NULL
) STRICT;
CREATE INDEX mail_entries_by_mail ON mail_entries (mail); -- and position
