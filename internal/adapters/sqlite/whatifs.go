package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

const whatIfColumns = `id, at, actor, plan, changes`

// SaveWhatIf implements service.WhatIfStore.
func (s *Store) SaveWhatIf(_ context.Context, w service.SavedWhatIf, forget time.Time) error {
	return s.aside(func(c *conn) error {
		if _, err := c.write(statement{head: `DELETE FROM what_ifs WHERE at < `, row: `?`}, forget.UnixMicro()); err != nil {
			return err
		}
		_, err := c.write(statement{head: `INSERT INTO what_ifs (` + whatIfColumns + `) VALUES `, row: `(?, ?, ?, ?, ?)`},
			w.ID, w.At.UnixMicro(), w.Actor, w.Plan, w.Changes)
		return err
	})
}

// SavedWhatIf implements service.WhatIfStore.
func (s *Store) SavedWhatIf(ctx context.Context, id string) (service.SavedWhatIf, error) {
	found, err := s.whatIfs(ctx, `WHERE id = ?`, id)
	if err == nil && len(found) == 0 {
		err = views.ErrNotFound
	}
	if err != nil {
		return service.SavedWhatIf{}, err
	}
	return found[0], nil
}

// SavedWhatIfs implements service.WhatIfStore.
func (s *Store) SavedWhatIfs(ctx context.Context) ([]service.SavedWhatIf, error) {
	return s.whatIfs(ctx, `ORDER BY at, id`)
}

// whatIfs are those that the rest of a query finds.
func (s *Store) whatIfs(ctx context.Context, rest string, args ...driver.Value) (all []service.SavedWhatIf, _ error) {
	err := s.snapshot(ctx, func(c *conn) error {
		for v, err := range c.scan(`SELECT `+whatIfColumns+` FROM what_ifs `+rest, args...) {
			if err != nil {
				return fmt.Errorf("read what-ifs: %w", err)
			}
			all = append(all, service.SavedWhatIf{ID: v[0].(string), At: micros(v[1]), Actor: v[2].(string), Plan: v[3].(string), Changes: v[4].(string)})
		}
		return nil
	})
	return all, classify(err)
}
