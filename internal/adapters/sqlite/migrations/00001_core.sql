-- +goose Up
CREATE TABLE products (
  sku          TEXT PRIMARY KEY,
  description  TEXT NOT NULL,
  version      INTEGER NOT NULL, -- number of the product's events
  previous     INTEGER NOT NULL, -- the version that the last change was based on
  backorders   INTEGER NOT NULL CHECK (backorders >= 0), -- lines
  out_of_stock INTEGER NOT NULL  -- a line found no stock since the supply last changed
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
  seq       INTEGER PRIMARY KEY, -- place in the order of creation
  ref       TEXT NOT NULL UNIQUE,
  sku       TEXT NOT NULL REFERENCES products DEFERRABLE INITIALLY DEFERRED,
  eta       INTEGER NOT NULL, -- 20261201; 0: in the warehouse
  first_qty INTEGER NOT NULL,
  first_eta INTEGER NOT NULL,
  open      INTEGER NOT NULL  -- stock left; kept by the triggers below
) STRICT;
CREATE INDEX open_batches ON batches (sku) WHERE open = 1;
CREATE INDEX batches_by_sku ON batches (sku);

-- What changes with every allocation is in a table of its own, narrow enough
-- that a few pages hold it.
CREATE TABLE stock (
  batch     INTEGER PRIMARY KEY REFERENCES batches DEFERRABLE INITIALLY DEFERRED,
  purchased INTEGER NOT NULL,
  allocated INTEGER NOT NULL,
  CHECK (0 <= allocated AND allocated <= purchased)
) STRICT;
-- +goose StatementBegin
CREATE TRIGGER stock_opens AFTER UPDATE ON stock
WHEN (old.allocated < old.purchased) <> (new.allocated < new.purchased)
BEGIN
  UPDATE batches SET open = new.allocated < new.purchased WHERE seq = new.batch;
END;
-- +goose StatementEnd

CREATE TABLE lines (
  seq      INTEGER PRIMARY KEY, -- place of acceptance
  order_id TEXT NOT NULL,
  sku      TEXT NOT NULL,
  qty      INTEGER NOT NULL CHECK (qty > 0),
  status   TEXT NOT NULL CHECK (status IN ('allocated', 'backordered', 'cancelled')),
  batch    INTEGER REFERENCES batches DEFERRABLE INITIALLY DEFERRED,
  event    INTEGER NOT NULL, -- position of the event that says why
  CHECK ((status = 'allocated') = (batch IS NOT NULL)),
  UNIQUE (order_id, sku)
) STRICT;
CREATE INDEX lines_by_batch ON lines (batch) WHERE batch IS NOT NULL; -- and seq
CREATE INDEX backorders ON lines (sku) WHERE status = 'backordered';  -- and seq
CREATE INDEX backorders_by_age ON lines (status) WHERE status = 'backordered'; -- and seq

-- Who wanted something done, and what for. Events of one command, or of one
-- import, share a row.
CREATE TABLE origins (
  id          INTEGER PRIMARY KEY,
  command     TEXT NOT NULL,
  actor       TEXT NOT NULL,
  reason      TEXT NOT NULL,
  note        TEXT NOT NULL,
  correlation TEXT NOT NULL,
  cause       TEXT NOT NULL
) STRICT;

CREATE TABLE events (
  position INTEGER PRIMARY KEY, -- without gaps
  at       INTEGER NOT NULL,    -- unix microseconds
  sku      TEXT NOT NULL,
  version  INTEGER NOT NULL,    -- of the product, with this event
  name     TEXT NOT NULL,
  origin   INTEGER NOT NULL REFERENCES origins DEFERRABLE INITIALLY DEFERRED,
  body     TEXT NOT NULL        -- JSON
) STRICT;

CREATE TABLE subscriptions (
  name     TEXT PRIMARY KEY,
  position INTEGER NOT NULL -- of the last event that was done with
) STRICT, WITHOUT ROWID;

CREATE TABLE failures (
  subscription TEXT NOT NULL,
  position     INTEGER NOT NULL REFERENCES events,
  attempts     INTEGER NOT NULL,
  error        TEXT NOT NULL,
  next         INTEGER NOT NULL, -- unix microseconds
  parked       INTEGER NOT NULL,
  PRIMARY KEY (subscription, position)
) STRICT, WITHOUT ROWID;
