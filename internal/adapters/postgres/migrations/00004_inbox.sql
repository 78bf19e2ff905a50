-- +goose Up
-- Messages from outside that were received, for some days.
CREATE TABLE inbox (
  at timestamptz NOT NULL,
  id text COLLATE "C" PRIMARY KEY
);
CREATE INDEX inbox_by_age ON inbox (at);

-- The last message about what messages set: an older one that comes later has
-- no effect.
CREATE TABLE inbox_latest (
  subject text COLLATE "C" PRIMARY KEY,
  place   text COLLATE "C" NOT NULL
);

CREATE TABLE parked_messages (
  number   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL,
  attempts integer     NOT NULL,
  id       text COLLATE "C" NOT NULL UNIQUE,
  body     text        NOT NULL,
  error    text        NOT NULL
);
