package sqlite

import (
	"context"
	"database/sql"
	"iter"
)

// queryer is a *sql.DB or a *sql.Tx.
type queryer interface {
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
}

// stream yields what a query finds, each row turned into a T by scan.
func stream[T any](ctx context.Context, db queryer, scan func(func(...any) error) (T, error), q string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		rs, err := db.QueryContext(ctx, q, args...)
		if err != nil {
			yield(none, classify(err))
			return
		}
		defer rs.Close()
		for rs.Next() {
			if v, err := scan(rs.Scan); !yield(v, err) || err != nil {
				return
			}
		}
		if err := rs.Err(); err != nil {
			yield(none, classify(err))
		}
	}
}

// query is stream for answers that are known to be short.
func query[T any](ctx context.Context, db queryer, scan func(func(...any) error) (T, error), q string, args ...any) (out []T, _ error) {
	for v, err := range stream(ctx, db, scan, q, args...) {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
