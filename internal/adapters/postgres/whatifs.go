package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
	"allot/internal/views"
)

const (
	insertWhatIf = `WITH old AS (DELETE FROM what_ifs WHERE at < $6)
		INSERT INTO what_ifs (id, at, actor, plan, changes) VALUES ($1, $2, $3, $4, $5)`
	selectWhatIfs = `SELECT id, at, actor, plan, changes FROM what_ifs `
)

// SaveWhatIf implements service.WhatIfStore.
func (s *Store) SaveWhatIf(ctx context.Context, w service.SavedWhatIf, forget time.Time) error {
	if _, err := s.writes.Exec(ctx, insertWhatIf, w.ID, w.At, w.Actor, w.Plan, w.Changes, forget); err != nil {
		return s.shed(classify(fmt.Errorf("keep a what-if: %w", err)))
	}
	return nil
}

// SavedWhatIf implements service.WhatIfStore.
func (s *Store) SavedWhatIf(ctx context.Context, id string) (service.SavedWhatIf, error) {
	w, err := one(ctx, s.reads, scanWhatIf, selectWhatIfs+`WHERE id = $1`, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return w, views.ErrNotFound
	}
	if err != nil {
		return w, fmt.Errorf("read a what-if: %w", err)
	}
	return w, nil
}

// SavedWhatIfs implements service.WhatIfStore.
func (s *Store) SavedWhatIfs(ctx context.Context) ([]service.SavedWhatIf, error) {
	all, err := query(ctx, s.reads, scanWhatIf, selectWhatIfs+`ORDER BY at, id`)
	if err != nil {
		return nil, fmt.Errorf("read what-ifs: %w", err)
	}
	return all, nil
}

func scanWhatIf(scan func(...any) error) (w service.SavedWhatIf, err error) {
	err = scan(&w.ID, &w.At, &w.Actor, &w.Plan, &w.Changes)
	w.At = w.At.UTC()
	return w, err
}
