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
		if have > want {
			return fmt.Errorf("the database has schema version %d and this program knows only %d: use the newer program that migrated it", have, want)
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
		return fmt.Errorf("the database has schema version %d and this program wants %d: run allot db migrate, or use the program that migrated it", have, want)
	})
}

// versions are the schema version that a database has, 0 if it has none, and
// the one that we know. Unlike goose's own, it neither waits nor creates
// anything.
func versions(ctx context.Context, p *goose.Provider, db *sql.DB) (have, want int64, _ error) {
	sources := p.ListSources()
	want = sources[len(sources)-1].Version
	err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&have)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == undefinedTable {
		return 0, want, nil
	}
	if err != nil {
		return 0, 0, classify(fmt.Errorf("read the schema version of the database: %w", err))
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
	return goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithSessionLocker(alone))
}
