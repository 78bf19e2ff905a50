-- +goose Up
CREATE TABLE webhooks (
  id     bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- none is ever used again: it names a subscription
  at     timestamptz NOT NULL,
  url    text        NOT NULL,
  secret text        NOT NULL,
  events text[]      NOT NULL -- types; none: all
);
