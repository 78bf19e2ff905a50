package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"allot/internal/views"
)

const selectBatchHistory = selectEvent + `WHERE e.name BETWEEN 'batch_' AND 'batch_z' AND e.body ->> '$.ref' = ?1 ORDER BY e.position`

// BatchHistory implements views.Reader.
func (s *Store) BatchHistory(ctx context.Context, ref string) (out views.BatchHistory, _ error) {
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return out, fmt.Errorf("read the history of batch %q: %w", ref, classify(err))
	}
	defer tx.Rollback()
	if out.Batch, err = scanCounted(tx.QueryRowContext(ctx, selectCounted, ref).Scan); err != nil {
		return out, missing(err, "batch", ref)
	}
	if out.Events, err = query(ctx, tx, scanEvent, selectBatchHistory, ref); err != nil {
		return out, fmt.Errorf("read the history of batch %q: %w", ref, err)
	}
	return out, nil
}
