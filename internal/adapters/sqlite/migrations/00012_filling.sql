-- +goose Up
-- Lines that wait although there is stock for them; null: all were served.
ALTER TABLE products ADD COLUMN filling_cause TEXT; -- what brought the stock
ALTER TABLE products ADD COLUMN filling_by TEXT;    -- the batch or order it came from
CREATE INDEX products_filling ON products (filling_cause) WHERE filling_cause IS NOT NULL; -- and sku
