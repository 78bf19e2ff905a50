-- +goose Up
-- Identifiers are compared byte by byte, whatever the database's language.
CREATE TABLE products (
  version      bigint  NOT NULL, -- number of the product's events
  backorders   integer NOT NULL CHECK (backorders >= 0), -- lines
  out_of_stock boolean NOT NULL, -- a line found no stock since the supply last changed
  sku          text COLLATE "C" PRIMARY KEY,
  description  text    NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- open changes only when a batch is used up, refilled or closed, eta when it
-- comes on another day, and nothing else that changes is in an index: updates of
-- stock stay on their page and touch no index.
CREATE TABLE batches (
  seq       bigint  NOT NULL, -- place in the order of creation
  purchased bigint  NOT NULL,
  allocated bigint  NOT NULL,
  shipped   bigint  NOT NULL DEFAULT 0,
  first_qty bigint  NOT NULL,
  eta       integer NOT NULL, -- 20261201; 0: in the warehouse
  first_eta integer NOT NULL,
  closed    boolean NOT NULL DEFAULT false, -- it takes no new lines
  open      boolean NOT NULL GENERATED ALWAYS AS (NOT closed AND allocated + shipped < purchased) STORED,
  sku       text COLLATE "C" NOT NULL REFERENCES products,
  ref       text COLLATE "C" NOT NULL,
  PRIMARY KEY (sku, seq),
  CHECK (0 <= allocated AND 0 <= shipped AND allocated + shipped <= purchased)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX open_batches ON batches (sku) WHERE open;
CREATE INDEX inbound_batches ON batches (eta) WHERE eta > 0;

-- Which product a batch belongs to: what finds the SKU where only the reference
-- is known, and what keeps references unique over all products.
CREATE TABLE batch_refs (
  seq bigint NOT NULL,
  ref text COLLATE "C" PRIMARY KEY,
  sku text COLLATE "C" NOT NULL,
  FOREIGN KEY (sku, seq) REFERENCES batches
);

-- One row for each transaction that wrote events. Its token settles whether it
-- was committed, when the answer got lost. Its events have the positions from
-- position on, once the sequencer has come by.
CREATE TABLE commits (
  id       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- drawn with the products locked: rises with each product's versions
  position bigint  UNIQUE, -- of its first event, in a log without gaps
  events   integer NOT NULL CHECK (events >= 0),
  void     boolean NOT NULL DEFAULT false, -- nobody may commit with this token any more
  token    uuid    NOT NULL UNIQUE
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX unplaced_commits ON commits (id) WHERE position IS NULL AND events > 0;

CREATE TABLE log_end (
  one      boolean PRIMARY KEY DEFAULT true CHECK (one),
  position bigint  NOT NULL -- of the last event that has one
) WITH (fillfactor = 10);
INSERT INTO log_end (position) VALUES (0);

CREATE TABLE events (
  commit      bigint      NOT NULL,
  version     bigint      NOT NULL, -- of the product, with this event
  at          timestamptz NOT NULL,
  n           integer     NOT NULL, -- its place in the commit, from 0
  sku         text COLLATE "C" NOT NULL,
  name        text        NOT NULL,
  command     text        NOT NULL,
  actor       text        NOT NULL,
  reason      text        NOT NULL,
  note        text        NOT NULL,
  correlation text        NOT NULL,
  cause       text        NOT NULL,
  body        text        NOT NULL, -- JSON
  PRIMARY KEY (commit, n)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.1);

CREATE TABLE lines (
  seq           bigint   NOT NULL, -- place of acceptance
  batch         bigint,
  commit        bigint   NOT NULL, -- with n: the event that says why
  held_until    bigint   NOT NULL DEFAULT 0, -- unix microseconds; 0: it is no hold
  n             integer  NOT NULL,
  qty           integer  NOT NULL CHECK (qty > 0),
  first_qty     integer  NOT NULL, -- as it was ordered
  first_promise integer, -- 20261201; 0: in the warehouse; null: it was never promised
  required_by   integer  NOT NULL DEFAULT 0, -- 20261201; 0: as soon as possible
  shipped       integer  NOT NULL DEFAULT 0, -- units of qty
  returned      integer  NOT NULL DEFAULT 0, -- units of shipped
  rank          smallint NOT NULL DEFAULT 0, -- 5 less its priority: what is smaller is served first
  order_id      text COLLATE "C" NOT NULL,
  sku           text COLLATE "C" NOT NULL,
  status        text NOT NULL CHECK (status IN ('allocated', 'backordered', 'held', 'shipped', 'cancelled', 'expired')),
  CHECK ((status IN ('allocated', 'held', 'shipped')) = (batch IS NOT NULL)),
  CHECK ((status = 'held') = (held_until <> 0)),
  CHECK (0 <= returned AND returned <= shipped AND shipped <= qty),
  PRIMARY KEY (order_id, sku),
  FOREIGN KEY (sku, batch) REFERENCES batches
);
CREATE INDEX lines_by_batch ON lines (batch, rank, seq) WHERE status IN ('allocated', 'held');
CREATE INDEX backorders ON lines (sku, rank, seq) WHERE status = 'backordered';
CREATE INDEX backorders_by_age ON lines (seq) WHERE status = 'backordered';
CREATE INDEX holds ON lines (held_until) WHERE status = 'held';

-- What else the log says of a line, besides the event that the line names.
CREATE TABLE line_events (
  line   bigint  NOT NULL, -- its place of acceptance
  commit bigint  NOT NULL,
  n      integer NOT NULL,
  PRIMARY KEY (line, commit, n)
);

-- Numbers are drawn by the block: a block belongs to one transaction.
CREATE SEQUENCE batch_numbers INCREMENT BY 65536 MINVALUE 1 CACHE 1;
CREATE SEQUENCE line_numbers INCREMENT BY 65536 MINVALUE 1 CACHE 1;

-- Who delivers to a subscription, until when, and how often that has changed.
-- Only who has the present term may move the position.
CREATE TABLE subscriptions (
  name     text COLLATE "C" PRIMARY KEY,
  position bigint NOT NULL, -- of the last event that was done with
  term     bigint NOT NULL,
  expires  timestamptz NOT NULL,
  holder   text NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE failures (
  position     bigint      NOT NULL,
  next         timestamptz NOT NULL,
  attempts     integer     NOT NULL,
  parked       boolean     NOT NULL,
  subscription text COLLATE "C" NOT NULL,
  error        text        NOT NULL,
  PRIMARY KEY (subscription, position)
);
CREATE INDEX due_failures ON failures (subscription, next) WHERE NOT parked;

-- Fails, as a conflict between transactions does, unless as many rows were
-- written as had to be. So that a statement and COMMIT can be sent together.
-- +goose StatementBegin
CREATE FUNCTION all_written(written bigint, wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF written <> wanted THEN
    RAISE EXCEPTION 'only % of % rows were as they had been read', written, wanted USING ERRCODE = '40001';
  END IF;
  RETURN written;
END $$;
-- +goose StatementEnd

ANALYZE;
