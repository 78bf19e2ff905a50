-- +goose Up
-- What the log says of a batch.
CREATE INDEX batch_events ON events (body ->> '$.ref') WHERE substr(name, 1, 6) = 'batch_'; -- and position
