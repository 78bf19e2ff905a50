-- +goose Up
ALTER TABLE lines ADD COLUMN frozen INTEGER; -- 1: re-planning leaves it where it is; null: it may move
