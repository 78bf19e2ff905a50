package bootstrap

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"allot/internal/adapters/memory"
	"allot/internal/adapters/postgres"
	"allot/internal/adapters/sqlite"
)

// A database is named by the path of a file of SQLite's, or by a URL of
// PostgreSQL.

func isPostgres(db string) bool {
	return strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://")
}

// Owner is the process that writes to a database.
type Owner = sqlite.Owner

// InUseError says that another process writes to a database.
type InUseError = sqlite.InUseError

// DirectoryError says that nothing can be created in the directory of a database.
type DirectoryError = sqlite.DirectoryError

// AdviceOnDirectory is what to do about a DirectoryError.
const AdviceOnDirectory = sqlite.AdviceOnDirectory

// ErrExists says that a file is there already which was not to be replaced.
var ErrExists = sqlite.ErrExists

// Health is what there is to say about a database.
type Health = sqlite.Health

// Inspection is what can be said of a database file at a glance.
type Inspection = sqlite.Inspection

// Inspect looks at a database at a glance.
func Inspect(ctx context.Context, file string) (Inspection, error) { return sqlite.Inspect(ctx, file) }

// Open puts an App together over a database, which it creates or brings up to
// date if need be. program says who we are, for other processes that want to
// write to the same file: "allot serve".
func Open(ctx context.Context, db, program string, o Options) (*App, error) {
	if isPostgres(db) {
		return overPostgres(ctx, postgres.Open, db, o)
	}
	store, err := sqlite.Open(ctx, db, program)
	if err != nil {
		return nil, err
	}
	app := New(store, o)
	app.announce, app.writable = store.Announce, store.Writable
	return app, nil
}

func overPostgres(ctx context.Context, open func(context.Context, string, postgres.Options) (*postgres.Store, error), url string, o Options) (*App, error) {
	store, err := open(ctx, url, postgres.Options{AllowLoss: o.AllowLoss})
	if err != nil {
		return nil, err
	}
	app := New(store, o)
	app.Unsafe, app.writable = store.Unsafe(), store.Writable
	return app, nil
}

// OpenReadOnly puts an App together that only looks at a database, whoever else
// uses it. Its bus can preview commands; nobody should send one.
func OpenReadOnly(ctx context.Context, db string, o Options) (*App, error) {
	if isPostgres(db) {
		return overPostgres(ctx, postgres.OpenCurrent, db, o)
	}
	store, err := sqlite.OpenReadOnly(ctx, db)
	if err != nil {
		return nil, err
	}
	return New(store, o), nil
}

// Imagine puts an App together over a shop without stock or orders, which is
// kept nowhere: for previews where there is no database yet.
func Imagine(o Options) *App { return New(memory.New(), o) }

// OwnerOf returns the process that keeps others from writing to a database;
// false if none does.
func OwnerOf(db string) (Owner, bool) {
	if isPostgres(db) {
		return Owner{}, false
	}
	return sqlite.OwnerOf(db)
}

// Missing reports whether there is no database yet, as far as that can be told
// without opening it.
func Missing(db string) bool {
	if isPostgres(db) {
		return false
	}
	_, err := os.Stat(db)
	return errors.Is(err, fs.ErrNotExist)
}

// Migrate brings the tables of a database up to date, or creates them.
func Migrate(ctx context.Context, db, program string) error {
	if isPostgres(db) {
		return postgres.Migrate(ctx, db)
	}
	store, err := sqlite.Open(ctx, db, program)
	if err != nil {
		return err
	}
	return store.Close()
}

// ErrNotSQLite says that something works on files of SQLite's only.
var ErrNotSQLite = errors.New("this is for a database of SQLite's")

// Backup writes a copy of the database in a file to target, as sqlite.Backup does.
func Backup(ctx context.Context, file, target string, force bool) error {
	if isPostgres(file) {
		return ErrNotSQLite
	}
	return sqlite.Backup(ctx, file, target, force)
}

// Restore puts a backup in the place of a database, as sqlite.Restore does, and
// returns the name under which the old one is kept.
func Restore(ctx context.Context, backup, file, program string) (kept string, err error) {
	if isPostgres(file) {
		return "", ErrNotSQLite
	}
	return sqlite.Restore(ctx, backup, file, program)
}

// Check looks whether a database is intact.
func Check(ctx context.Context, db string) (Health, error) {
	if !isPostgres(db) {
		return sqlite.Check(ctx, db)
	}
	h, err := postgres.Check(ctx, db)
	return Health{File: h.Database, Bytes: h.Bytes, Schema: h.Schema, Known: h.Known, Faults: h.Faults}, err
}

// Table is what there is to say about a table.
type Table = postgres.Table

// Tables returns the tables of a PostgreSQL database, the largest first.
func Tables(ctx context.Context, url string) ([]Table, error) {
	if !isPostgres(url) {
		return nil, errors.New("what a file of SQLite's has to tell, allot db check says")
	}
	return postgres.Tables(ctx, url)
}

// Announce tells other processes that commands are taken at url, so that they
// needn't wait for the database, and those of the same user that key opens it.
// Where there is nobody who could wait, it does nothing.
func (a *App) Announce(url, key string) error {
	if a.announce == nil {
		return nil
	}
	return a.announce(url, key)
}

// Writable returns the trouble that keeps commands from being written, nil if
// there is none.
func (a *App) Writable(ctx context.Context) error {
	if a.writable == nil {
		return nil
	}
	return a.writable(ctx)
}
