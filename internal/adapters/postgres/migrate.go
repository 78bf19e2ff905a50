package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the tables of a database up to date, or creates them. Others
// that want to do the same meanwhile wait. A database that a newer program has
// migrated is refused.
func Migrate(ctx context.Context, url string) error {
	return withProvider(url, func(p *goose.Provider, db *sql.DB) error {
		have, want, err := versions(ctx, p, db)
		if err != nil || have == want {
			return err
		}
		if have.last > want.last {
			return fmt.Errorf("the database has schema version %d and this program knows only %d: use the newer program that migrated it", have.last, want.last)
		}
		if _, err := p.Up(ctx); err != nil {
			return classify(fmt.Errorf("migrate the database: %w", err))
		}
		return nil
	})
}

// checkCurrent refuses a database whose tables are not those we know.
func checkCurrent(ctx context.Context, url string) error {
	return withProvider(url, func(p *goose.Provider, db *sql.DB) error {
		have, want, err := versions(ctx, p, db)
		if err != nil || have == want {
			return err
		}
		return fmt.Errorf("the database has schema version %d (%d migrations) and this program wants %d (%d): run allot db migrate, or use the program that migrated it",
			have.last, have.count, want.last, want.count)
	})
}

// schema is which migrations there are: how many, and the last one. Some may be
// missing before it, in databases of programs that were never released.
type schema struct{ last, count int64 }

// versions are the schema that a database has, zero if it has none, and the one
// that we know. Unlike goose's own, it neither waits nor creates anything.
func versions(ctx context.Context, p *goose.Provider, db *sql.DB) (have, want schema, _ error) {
	sources := p.ListSources()
	want = schema{sources[len(sources)-1].Version, int64(len(sources))}
	const q = `SELECT coalesce(max(version_id), 0), count(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0`
	err := db.QueryRowContext(ctx, q).Scan(&have.last, &have.count)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == undefinedTable {
		return schema{}, want, nil
	}
	if err != nil {
		return schema{}, schema{}, classify(fmt.Errorf("read the schema version of the database: %w", err))
	}
	return have, want, nil
}

const undefinedTable = "42P01"

// withProvider runs fn with what migrates the database at url.
func withProvider(url string, fn func(*goose.Provider, *sql.DB) error) (err error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("read the URL of the database: %w", err)
	}
	if config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := provider(db)
	if err != nil {
		return err
	}
	return fn(p, db)
}

func provider(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	alone, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120)) // try every second, for two minutes
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithSessionLocker(alone), goose.WithAllowOutofOrder(true))
}
