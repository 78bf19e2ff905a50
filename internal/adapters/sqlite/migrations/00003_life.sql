-- +goose Up

-- What becomes of a batch after it was bought.
ALTER TABLE batches ADD COLUMN closed INTEGER NOT NULL DEFAULT 0; -- it takes no new lines
ALTER TABLE stock ADD COLUMN shipped INTEGER NOT NULL DEFAULT 0 CHECK (shipped >= 0 AND allocated + shipped <= purchased);
DROP TRIGGER stock_opens;
-- +goose StatementBegin
CREATE TRIGGER stock_opens AFTER UPDATE ON stock
WHEN (old.allocated + old.shipped < old.purchased) <> (new.allocated + new.shipped < new.purchased)
BEGIN
  UPDATE batches SET open = (closed = 0 AND new.allocated + new.shipped < new.purchased) WHERE seq = new.batch;
END;
-- +goose StatementEnd
CREATE INDEX inbound_batches ON batches (eta) WHERE eta > 0;

-- What becomes of a line after it was accepted. A CHECK can't be altered, so
-- the table is made anew.
ALTER TABLE lines RENAME TO lines_before;
DROP INDEX lines_by_batch;
DROP INDEX backorders;
DROP INDEX backorders_by_age;
CREATE TABLE lines (
  seq           INTEGER PRIMARY KEY, -- place of acceptance
  order_id      TEXT NOT NULL,
  sku           TEXT NOT NULL,
  qty           INTEGER NOT NULL CHECK (qty > 0),
  status        TEXT NOT NULL CHECK (status IN ('allocated', 'backordered', 'held', 'shipped', 'cancelled', 'expired')),
  batch         INTEGER REFERENCES batches DEFERRABLE INITIALLY DEFERRED,
  event         INTEGER NOT NULL, -- position of the event that says why
  rank          INTEGER NOT NULL DEFAULT 0, -- 5 less its priority: what is smaller is served first
  required_by   INTEGER NOT NULL DEFAULT 0, -- 20261201; 0: as soon as possible
  held_until    INTEGER NOT NULL DEFAULT 0, -- unix microseconds; 0: it is no hold
  first_qty     INTEGER NOT NULL DEFAULT 0, -- as it was ordered; 0: qty
  first_promise INTEGER, -- 0: in the warehouse; null: as promised now, or never
  shipped       INTEGER NOT NULL DEFAULT 0, -- units of qty
  returned      INTEGER NOT NULL DEFAULT 0, -- units of shipped
  CHECK ((status IN ('allocated', 'held', 'shipped')) = (batch IS NOT NULL)),
  CHECK ((status = 'held') = (held_until <> 0)),
  CHECK (0 <= returned AND returned <= shipped AND shipped <= qty),
  UNIQUE (order_id, sku)
) STRICT;
INSERT INTO lines (seq, order_id, sku, qty, status, batch, event, first_promise)
  SELECT l.seq, l.order_id, l.sku, l.qty, l.status, l.batch, l.event, CASE WHEN l.batch IS NULL OR f.promise <> b.eta THEN f.promise END
  FROM lines_before l LEFT JOIN batches b ON b.seq = l.batch LEFT JOIN (
    SELECT json_extract(body, '$.seq') AS line, CAST(replace(coalesce(json_extract(body, '$.promise'), '0'), '-', '') AS INTEGER) AS promise, min(position)
    FROM events WHERE name = 'allocated' GROUP BY 1
  ) f ON f.line = l.seq;
DROP TABLE lines_before;
CREATE INDEX lines_by_batch ON lines (batch, rank) WHERE status IN ('allocated', 'held'); -- and seq
CREATE INDEX backorders ON lines (sku, rank) WHERE status = 'backordered';                -- and seq
CREATE INDEX backorders_by_age ON lines (status) WHERE status = 'backordered';            -- and seq
CREATE INDEX holds ON lines (held_until) WHERE status = 'held';

-- What else the log says of a line, besides the event that the line names.
CREATE TABLE line_events (
  line  INTEGER NOT NULL REFERENCES lines DEFERRABLE INITIALLY DEFERRED,
  event INTEGER NOT NULL,
  PRIMARY KEY (line, event)
) STRICT, WITHOUT ROWID;
-- +goose StatementBegin
CREATE TRIGGER line_events_keep AFTER UPDATE OF event ON lines WHEN old.event <> new.event
BEGIN
  INSERT INTO line_events (line, event) VALUES (old.seq, old.event);
END;
-- +goose StatementEnd

-- Answers to requests that are to be done once, however often they are sent.
CREATE TABLE answers (
  scope   TEXT NOT NULL, -- who sent it, and where to
  key     TEXT NOT NULL, -- what they called it
  request TEXT NOT NULL, -- a digest
  at      INTEGER NOT NULL, -- unix microseconds
  answer  BLOB NOT NULL,
  UNIQUE (scope, key)
) STRICT;
CREATE INDEX answers_by_age ON answers (at);
