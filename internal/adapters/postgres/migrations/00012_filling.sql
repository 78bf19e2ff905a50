-- +goose Up
-- Lines that wait although there is stock for them; null: all were served.
ALTER TABLE products ADD COLUMN filling_cause text, -- what brought the stock
  ADD COLUMN filling_by text;                       -- the batch or order it came from
CREATE INDEX products_filling ON products (sku) WHERE filling_cause IS NOT NULL;
