package bootstrap

import (
	"context"

	"allot/internal/adapters/memory"
	"allot/internal/adapters/sqlite"
)

// Owner is the process that writes to a database.
type Owner = sqlite.Owner

// InUseError says that another process writes to a database.
type InUseError = sqlite.InUseError

// ErrExists says that a file is there already which was not to be replaced.
var ErrExists = sqlite.ErrExists

// Health is what there is to say about a database file.
type Health = sqlite.Health

// Inspection is what can be said of a database file at a glance.
type Inspection = sqlite.Inspection

// Inspect looks at a database at a glance.
func Inspect(ctx context.Context, file string) (Inspection, error) { return sqlite.Inspect(ctx, file) }

// Open puts an App together over the SQLite database in a file. program says
// who we are, for other processes that want to write: "allot serve".
func Open(ctx context.Context, file, program string, o Options) (*App, error) {
	store, err := sqlite.Open(ctx, file, program)
	if err != nil {
		return nil, err
	}
	app := New(store, o)
	app.announce, app.writable = store.Announce, store.Writable
	return app, nil
}

// OpenReadOnly puts an App together that only looks at the database in a file,
// whoever else uses it. Its bus can preview commands; sending one fails.
func OpenReadOnly(ctx context.Context, file string, o Options) (*App, error) {
	store, err := sqlite.OpenReadOnly(ctx, file)
	if err != nil {
		return nil, err
	}
	return New(store, o), nil
}

// Imagine puts an App together over a shop without stock or orders, which is
// kept nowhere: for previews where there is no database yet.
func Imagine(o Options) *App { return New(memory.New(), o) }

// OwnerOf returns the process that writes to the database in a file; false if
// none does.
func OwnerOf(file string) (Owner, bool) { return sqlite.OwnerOf(file) }

// Backup writes a copy of the database in a file to target, as sqlite.Backup does.
func Backup(ctx context.Context, file, target string, force bool) error {
	return sqlite.Backup(ctx, file, target, force)
}

// Restore puts a backup in the place of a database, as sqlite.Restore does, and
// returns the name under which the old one is kept.
func Restore(ctx context.Context, backup, file, program string) (kept string, err error) {
	return sqlite.Restore(ctx, backup, file, program)
}

// Check looks whether a database is intact.
func Check(ctx context.Context, file string) (Health, error) { return sqlite.Check(ctx, file) }

// Announce tells other processes that commands are taken at url, so that they
// needn't wait for the database. Where there is nobody who could wait, it does
// nothing.
func (a *App) Announce(url string) error {
	if a.announce == nil {
		return nil
	}
	return a.announce(url)
}

// Writable returns the trouble that keeps commands from being written, nil if
// there is none.
func (a *App) Writable(ctx context.Context) error {
	if a.writable == nil {
		return nil
	}
	return a.writable(ctx)
}
