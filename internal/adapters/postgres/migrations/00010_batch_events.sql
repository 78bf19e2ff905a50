-- +goose Up
-- What the log says of a batch.
CREATE INDEX batch_events ON events ((body::jsonb ->> 'ref') COLLATE "C") WHERE left(name, 6) = 'batch_';
