-- +goose Up
-- One that isn't sent yet is its holder's alone until the end of its claim: no
-- two processes send it.
CREATE TABLE mails (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- place in the order in which mails were begun
  at         timestamptz NOT NULL,
  due        timestamptz NOT NULL,
  sent       timestamptz,          -- NULL: not yet
  claimed    timestamptz NOT NULL, -- until then
  holder     text        NOT NULL,
  topic      text COLLATE "C" NOT NULL,
  sku        text COLLATE "C" NOT NULL,
  recipients text[]      NOT NULL DEFAULT '{}', -- none: it is only kept
  subject    text        NOT NULL DEFAULT '',
  body       text        NOT NULL DEFAULT ''
);
CREATE INDEX mails_by_sku ON mails (sku, topic, id);
CREATE UNIQUE INDEX unsent_mails ON mails (sku, topic) WHERE sent IS NULL;

-- The events that mails tell of.
CREATE TABLE mail_entries (
  position bigint PRIMARY KEY,
  mail     bigint NOT NULL REFERENCES mails,
  text     text   NOT NULL
);
CREATE INDEX mail_entries_by_mail ON mail_entries (mail, position);
