package sqlite

import (
	"context"
	"fmt"
)

// Positions returns how far each subscription is: the position of the last
// event that it was done with, by name.
func (s *Store) Positions(ctx context.Context) (map[string]int64, error) {
	type place struct {
		name     string
		position int64
	}
	found, err := query(ctx, s.readers, func(scan func(...any) error) (p place, err error) {
		err = scan(&p.name, &p.position)
		return p, err
	}, `SELECT name, position FROM subscriptions`)
	if err != nil {
		return nil, fmt.Errorf("read the positions of subscriptions: %w", err)
	}
	out := make(map[string]int64, len(found))
	for _, p := range found {
		out[p.name] = p.position
	}
	return out, nil
}
