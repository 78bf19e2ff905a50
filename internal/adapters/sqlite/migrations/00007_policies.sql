-- +goose Up
-- How the lines of a product are placed. All of it is null as long as nobody
-- says otherwise: most rows don't grow.
ALTER TABLE products ADD COLUMN policy TEXT;          -- by name
ALTER TABLE products ADD COLUMN safety_stock INTEGER; -- units in the warehouse that new lines don't get

ALTER TABLE batches ADD COLUMN location TEXT;        -- where it lies, or will arrive
ALTER TABLE batches ADD COLUMN use_by INTEGER;       -- 20261201, the last day on which it is good
ALTER TABLE batches ADD COLUMN first_location TEXT;  -- as it was created
ALTER TABLE batches ADD COLUMN first_use_by INTEGER; -- likewise
CREATE INDEX batches_by_location ON batches (location) WHERE location IS NOT NULL; -- and seq

ALTER TABLE lines ADD COLUMN wishes TEXT; -- JSON: where from, how fresh
