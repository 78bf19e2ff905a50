-- +goose Up
-- Each line and each event is asked whether it belongs into these indexes: what
-- is asked must be cheap. A list of statuses, or a part of a name, was not.
DROP INDEX lines_by_status;
CREATE INDEX lines_by_status ON lines (status, order_id) WHERE status <> 'allocated';

DROP INDEX batch_events;
CREATE INDEX batch_events ON events (body ->> '$.ref') WHERE name BETWEEN 'batch_' AND 'batch_z'; -- and position
