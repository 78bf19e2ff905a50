package postgres

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"
)

// queryer is a pool, a connection or a transaction.
type queryer interface {
	Query(ctx context.Context, q string, args ...any) (pgx.Rows, error)
}

// query returns what a query finds, each row turned into a T by scan. It is for
// answers that are known to be short.
func query[T any](ctx context.Context, db queryer, scan func(func(...any) error) (T, error), q string, args ...any) (out []T, _ error) {
	rows, err := db.Query(ctx, q, args...)
	if err != nil {
		return nil, classify(err)
	}
	if err := each(scan, &out)(rows); err != nil {
		return nil, classify(err)
	}
	return out, nil
}

// one returns the row that a query finds; pgx.ErrNoRows if there is none.
func one[T any](ctx context.Context, db queryer, scan func(func(...any) error) (T, error), q string, args ...any) (T, error) {
	var none T
	found, err := query(ctx, db, scan, q, args...)
	if err != nil {
		return none, err
	}
	if len(found) == 0 {
		return none, pgx.ErrNoRows
	}
	return found[0], nil
}

// rowsAtOnce is how many rows of a long answer are in memory.
const rowsAtOnce = 1000

// audit is a snapshot that long answers are read from, several side by side.
// It may take its time.
type audit struct {
	tx      pgx.Tx
	cursors int
}

func (s *Store) beginAudit(ctx context.Context) (*audit, func(), error) {
	tx, err := s.reads.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, nil, classify(err)
	}
	end := func() { _ = tx.Rollback(context.WithoutCancel(ctx)) } // it has written nothing
	const patient = `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL work_mem = '32MB'`
	if _, err := tx.Exec(ctx, patient, pgx.QueryExecModeSimpleProtocol); err != nil {
		end()
		return nil, nil, classify(err)
	}
	return &audit{tx: tx}, end, nil
}

// stream yields what a query finds, some rows at a time.
func stream[T any](ctx context.Context, a *audit, scan func(func(...any) error) (T, error), q string) iter.Seq2[T, error] {
	a.cursors++
	cursor := fmt.Sprint("c", a.cursors)
	return func(yield func(T, error) bool) {
		var none T
		if _, err := a.tx.Exec(ctx, `DECLARE `+cursor+` NO SCROLL CURSOR FOR `+q); err != nil {
			yield(none, classify(err))
			return
		}
		for {
			page, err := query(ctx, a.tx, scan, fmt.Sprintf(`FETCH %d FROM %s`, rowsAtOnce, cursor), pgx.QueryExecModeExec) // not prepared: a cursor of that name had other columns before
			if err != nil {
				yield(none, err)
				return
			}
			for _, v := range page {
				if !yield(v, nil) {
					return
				}
			}
			if len(page) < rowsAtOnce {
				return
			}
		}
	}
}
