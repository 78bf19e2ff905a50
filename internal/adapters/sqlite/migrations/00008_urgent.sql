-- +goose Up
-- Lines that have stock and are needed by a day: among them are those that are late.
CREATE INDEX urgent_lines ON lines (seq, required_by, batch, status) WHERE required_by > 0 AND status IN ('allocated', 'held');
