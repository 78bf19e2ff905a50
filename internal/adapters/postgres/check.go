package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// Health is what there is to say about a database.
type Health struct {
	Database      string
	Bytes         int64
	Schema, Known int64 // versions of the tables: as they are, as we know them
	Faults        []string
}

// Check looks whether a server keeps what it acknowledges, and which version
// the tables of a database have. Others may use it meanwhile.
func Check(ctx context.Context, url string) (Health, error) {
	h := Health{Faults: []string{}}
	err := withProvider(url, func(p *goose.Provider, db *sql.DB) error {
		have, want, err := versions(ctx, p, db)
		h.Schema, h.Known = have.last, want.last
		if have.last == want.last && have.count < want.count {
			h.Faults = append(h.Faults, fmt.Sprintf("%d migrations are missing: run allot db migrate", want.count-have.count))
		}
		return err
	})
	if err != nil {
		return h, err
	}
	pool, err := connect(ctx, url, reading)
	if err != nil {
		return h, err
	}
	defer pool.Close()
	if err := pool.QueryRow(ctx, `SELECT current_database(), pg_database_size(current_database())`).Scan(&h.Database, &h.Bytes); err != nil {
		return h, classify(fmt.Errorf("look at the database: %w", err))
	}
	found, err := risks(ctx, pool)
	if found != "" {
		h.Faults = append(h.Faults, "the server may lose what it has acknowledged: "+found)
	}
	return h, err
}

// Table is what PostgreSQL counts of a table. Rows are estimates.
type Table struct {
	Name       string `json:"table"`
	Rows       int64  `json:"rows"`
	DeadRows   int64  `json:"dead_rows"` // that wait to be cleared away
	Bytes      int64  `json:"bytes"`
	IndexBytes int64  `json:"index_bytes"`
	Updates    int64  `json:"updates"`
	HotUpdates int64  `json:"hot_updates"` // those that touched no index
}

// Tables returns the tables of a database, the largest first.
func Tables(ctx context.Context, url string) ([]Table, error) {
	pool, err := connect(ctx, url, reading)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	const q = `SELECT relname, n_live_tup, n_dead_tup, pg_table_size(relid), pg_indexes_size(relid), n_tup_upd, n_tup_hot_upd
		FROM pg_stat_user_tables WHERE schemaname = current_schema() ORDER BY pg_total_relation_size(relid) DESC, relname`
	tables, err := query(ctx, pool, func(scan func(...any) error) (t Table, err error) {
		err = scan(&t.Name, &t.Rows, &t.DeadRows, &t.Bytes, &t.IndexBytes, &t.Updates, &t.HotUpdates)
		return t, err
	}, q)
	if err != nil {
		return nil, fmt.Errorf("read the statistics of the tables: %w", err)
	}
	return tables, nil
}
