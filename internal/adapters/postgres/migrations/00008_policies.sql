-- +goose Up
-- How the lines of a product are placed. All of it is null as long as nobody
-- says otherwise: most rows don't grow.
ALTER TABLE products ADD COLUMN policy text, -- by name
  ADD COLUMN safety_stock integer;           -- units in the warehouse that new lines don't get

ALTER TABLE batches ADD COLUMN location text COLLATE "C", -- where it lies, or will arrive
  ADD COLUMN use_by integer,                              -- 20261201, the last day on which it is good
  ADD COLUMN first_location text COLLATE "C",             -- as it was created
  ADD COLUMN first_use_by integer;                        -- likewise
CREATE INDEX batches_by_location ON batches (location, seq) WHERE location IS NOT NULL;

ALTER TABLE lines ADD COLUMN wishes text; -- JSON: where from, how fresh
