-- +goose Up
ALTER TABLE lines ADD COLUMN frozen boolean; -- re-planning leaves it where it is; null: it may move
