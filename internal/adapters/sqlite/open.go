package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/pressly/goose/v3"
	modernc "modernc.org/sqlite"

	"allot/internal/service"
)

// pragmas are set on every connection and read back, because a connection that
// lacks one of them works as well, until the power fails.
var pragmas = []struct{ name, value string }{
	{"journal_mode", "wal"},
	{"synchronous", "2"}, // FULL: what is acknowledged survives the loss of power
	{"foreign_keys", "1"},
	{"busy_timeout", "10000"},          // ms
	{"cache_size", "-16384"},           // KiB
	{"temp_store", "2"},                // memory
	{"wal_autocheckpoint", "8000"},     // pages
	{"journal_size_limit", "67108864"}, // bytes
}

// connector opens connections to one file.
type connector struct {
	file     string
	readOnly bool
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	dc, err := c.Driver().Open(c.dsn())
	if err != nil {
		return nil, classify(fmt.Errorf("open %s: %w", c.file, err))
	}
	if err := c.readBack(newConn(dc)); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", c.file, err), dc.Close())
	}
	return dc, nil
}

// Driver implements driver.Connector.
func (connector) Driver() driver.Driver { return &modernc.Driver{} }

func (c connector) dsn() string {
	q := url.Values{}
	for _, p := range pragmas {
		q.Add("_pragma", p.name+"("+p.value+")")
	}
	if c.readOnly {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: c.file}).EscapedPath() + "?" + q.Encode()
}

// readBack refuses a connection on which a pragma didn't take.
func (c connector) readBack(conn *conn) error {
	defer conn.forget()
	want := pragmas
	if c.readOnly {
		want = append(want[:len(want):len(want)], struct{ name, value string }{"query_only", "1"})
	}
	for _, p := range want {
		got := "missing"
		for v, err := range conn.scan("PRAGMA " + p.name) {
			if err != nil {
				return classify(err)
			}
			got = strings.ToLower(fmt.Sprint(v[0]))
		}
		if got != p.value {
			return fmt.Errorf("pragma %s is %s and not %s", p.name, got, p.value)
		}
	}
	return nil
}

func openWriter(file string) (*conn, error) {
	dc, err := connector{file: file}.Connect(context.Background())
	if err != nil {
		return nil, err
	}
	return newConn(dc), nil
}

// mostReaders is how many connections read at once.
const mostReaders = 8

func openReaders(file string) *sql.DB {
	db := sql.OpenDB(connector{file: file, readOnly: true})
	db.SetMaxOpenConns(mostReaders)
	db.SetMaxIdleConns(mostReaders)
	return db
}

// unwrap is the driver's connection behind one of database/sql's pool.
func unwrap(raw any) driver.Conn { return raw.(driver.Conn) }

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables of a file up to date, or creates them. A file that
// a newer program has written is refused.
func migrate(ctx context.Context, file string) error {
	db := sql.OpenDB(connector{file: file})
	defer db.Close()
	db.SetMaxOpenConns(1)
	p, err := provider(db)
	if err != nil {
		return err
	}
	if err := checkNotNewer(ctx, p, file); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return classify(fmt.Errorf("migrate %s: %w", file, err))
	}
	return nil
}

func provider(db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithAllowOutofOrder(true)) // a program that was never released had fewer
}

func checkNotNewer(ctx context.Context, p *goose.Provider, file string) error {
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return classify(fmt.Errorf("read the schema version of %s: %w", file, err))
	}
	if have > want {
		return fmt.Errorf("%s has schema version %d and this program knows only %d: use the newer program that wrote it, or restore a backup", file, have, want)
	}
	return nil
}

// checkVersion refuses a database whose tables are not those we know.
func checkVersion(ctx context.Context, db *sql.DB) error {
	var have, count int64
	err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0), count(DISTINCT version_id) FROM goose_db_version WHERE version_id > 0`).Scan(&have, &count)
	if isCode(err, codeCantOpen) {
		return classify(fmt.Errorf("read the schema version: %w", err))
	}
	if err != nil {
		return classify(fmt.Errorf("read the schema version: this is no database of allot's: %w", err))
	}
	p, err := provider(db)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if want, all := sources[len(sources)-1].Version, int64(len(sources)); have != want || count != all {
		return fmt.Errorf("the database has schema version %d (%d migrations) and this program wants %d (%d): start allot serve once to bring it up to date, or use the program that wrote it",
			have, count, want, all)
	}
	return nil
}

// SQLite's result codes for trouble that every command would meet; the low byte
// is what counts. https://www.sqlite.org/rescode.html
const (
	codeBusy     = 5 // another program holds the file
	codeLocked   = 6
	codeNoMemory = 7
	codeReadOnly = 8
	codeIOErr    = 10
	codeCorrupt  = 11
	codeFull     = 13
	codeCantOpen = 14
	codeNotADB   = 26
)

// isCode reports whether an error is SQLite's, with such a code.
func isCode(err error, code int) bool {
	e, ok := errors.AsType[*modernc.Error](err)
	return ok && e.Code()&0xff == code
}

// classify marks an error as storage trouble if it is.
func classify(err error) error {
	e, ok := errors.AsType[*modernc.Error](err)
	if !ok {
		return err
	}
	switch e.Code() & 0xff {
	case codeFull:
		return fmt.Errorf("%w: %w", service.ErrStorageFull, err)
	case codeReadOnly, codeIOErr:
		return fmt.Errorf("%w: %w", service.ErrStorageReadOnly, err)
	case codeBusy, codeLocked, codeNoMemory, codeCorrupt, codeCantOpen, codeNotADB:
		return fmt.Errorf("%w: %w", service.ErrStorage, err)
	}
	return err
}
