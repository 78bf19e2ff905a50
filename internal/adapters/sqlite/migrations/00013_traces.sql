-- +goose Up
ALTER TABLE origins ADD COLUMN trace TEXT NOT NULL DEFAULT ''; -- W3C traceparent
