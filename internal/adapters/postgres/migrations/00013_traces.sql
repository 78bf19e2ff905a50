-- +goose Up
ALTER TABLE events ADD COLUMN trace text NOT NULL DEFAULT ''; -- W3C traceparent
