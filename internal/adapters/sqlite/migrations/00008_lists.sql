-- +goose Up
-- Lines that have stock and are needed by a day: among them are those that are late.
CREATE INDEX urgent_lines ON lines (seq, required_by, batch, status) WHERE required_by > 0 AND status IN ('allocated', 'held');

-- Orders by what became of their lines. Most are allocated: those are found among all.
CREATE INDEX lines_by_status ON lines (status, order_id) WHERE status IN ('backordered', 'held', 'shipped', 'cancelled', 'expired');
