package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"allot/internal/views"
)

const selectBatchHistory = `SELECT coalesce(c.position, 0) + e.n` + restOfEvent + `, c.position IS NOT NULL
	FROM events e JOIN commits c ON c.id = e.commit
	WHERE left(e.name, 6) = 'batch_' AND (e.body::jsonb ->> 'ref') COLLATE "C" = $1 ORDER BY e.version`

// BatchHistory implements views.Reader.
func (s *Store) BatchHistory(ctx context.Context, ref string) (out views.BatchHistory, _ error) {
	err := s.placed(ctx, func() error {
		return s.glance(ctx, func(tx pgx.Tx) (err error) {
			if out.Batch, err = one(ctx, tx, scanCounted, selectCounted, ref); err != nil {
				return err
			}
			out.Events, err = query(ctx, tx, scanPlaced, selectBatchHistory, ref)
			return err
		})
	})
	return out, missing(err, "batch", ref)
}
