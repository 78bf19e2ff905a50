package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/views"
)

// opened opens the database in a file, until the test ends.
func opened(t testing.TB, file string) *Store {
	t.Helper()
	s, err := Open(t.Context(), file, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// temporary is a database file that there isn't yet.
func temporary(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "allot.db")
}

// readPragmas are the pragmas of a connection.
func readPragmas(t *testing.T, c *conn) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, p := range append(slices.Clone(pragmas), struct{ name, value string }{name: "query_only"}) {
		for v, err := range c.scan("PRAGMA " + p.name) {
			if err != nil {
				t.Fatal(err)
			}
			got[p.name] = fmt.Sprint(v[0])
		}
	}
	return got
}

func TestEveryConnectionHasThePragmas(t *testing.T) {
	s := opened(t, temporary(t))
	want := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "query_only": "0", "busy_timeout": "10000",
		"cache_size": "-16384", "temp_store": "2", "wal_autocheckpoint": "8000", "journal_size_limit": "67108864",
	}
	if diff := cmp.Diff(want, readPragmas(t, s.writer)); diff != "" {
		t.Errorf("the writer (-want +got):\n%s", diff)
	}
	want["query_only"] = "1"
	for range mostReaders { // all at once
		pooled, err := s.readers.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer pooled.Close()
		err = pooled.Raw(func(raw any) error {
			if diff := cmp.Diff(want, readPragmas(t, newConn(unwrap(raw)))); diff != "" {
				t.Errorf("a reader (-want +got):\n%s", diff)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestAConnectionOnWhichAPragmaDidNotTakeIsRefused(t *testing.T) {
	for name, wrong := range map[string]string{
		"journal_mode": "delete", "synchronous": "1", "foreign_keys": "0", "busy_timeout": "0", "cache_size": "100",
		"temp_store": "1", "wal_autocheckpoint": "1000", "journal_size_limit": "-1", "query_only": "0",
	} {
		t.Run(name, func(t *testing.T) {
			c := connector{file: temporary(t), readOnly: true}
			dc, err := c.Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer dc.Close()
			conn := newConn(dc)
			if err := conn.exec("PRAGMA query_only = 0"); err != nil { // or the mode couldn't be changed
				t.Fatal(err)
			}
			if name != "query_only" {
				for _, sql := range []string{"PRAGMA " + name + " = " + wrong, "PRAGMA query_only = 1"} {
					if err := conn.exec(sql); err != nil {
						t.Fatal(err)
					}
				}
			}
			err = c.readBack(conn)
			if err == nil || !strings.HasPrefix(err.Error(), "pragma "+name+" is "+wrong+" and not ") {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func TestADatabaseThatCanNotHaveALogIsRefused(t *testing.T) {
	_, err := connector{file: ":memory:"}.Connect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "open :memory:: pragma journal_mode is memory and not wal") {
		t.Errorf("got error %v", err)
	}
}

// schema is all that the tables are made of.
func schema(t *testing.T, s *Store) []string {
	t.Helper()
	out, err := query(t.Context(), s.readers, text, `SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name`)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMigrationsRunOnce(t *testing.T) {
	file := temporary(t)
	first := opened(t, file)
	want := schema(t, first)
	for _, table := range []string{"products", "batches", "stock", "lines", "origins", "events", "subscriptions", "failures"} {
		if !slices.ContainsFunc(want, func(s string) bool { return strings.HasPrefix(s, "table "+table+":") }) {
			t.Errorf("there is no table %s", table)
		}
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, schema(t, opened(t, file))); diff != "" {
		t.Errorf("opening it again changed the schema (-first +second):\n%s", diff)
	}
}

func TestASchemaThatTheProgramDoesNotKnowIsRefused(t *testing.T) {
	for _, c := range []struct {
		what, change string
		says         string // to who would write; "" if it may
		saysReader   string
	}{
		{"a newer one", `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`,
			"has schema version 99 and this program knows only ", "has schema version 99 ("},
		{"an older one", `DELETE FROM goose_db_version WHERE version_id > 0`,
			"", "start allot serve once"},
		{"no schema of ours", `DROP TABLE goose_db_version`, "", "this is no database of allot's"},
	} {
		t.Run(c.what, func(t *testing.T) {
			file := temporary(t)
			if err := opened(t, file).Close(); err != nil {
				t.Fatal(err)
			}
			alter(t, file, c.change)
			if _, err := OpenReadOnly(t.Context(), file); err == nil || !strings.Contains(err.Error(), c.saysReader) {
				t.Errorf("who would read got error %v", err)
			}
			if c.says == "" {
				return
			}
			if _, err := Open(t.Context(), file, "test"); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("who would write got error %v", err)
			}
			if owner, ok := OwnerOf(file); ok {
				t.Errorf("the database is left locked by %+v", owner)
			}
		})
	}
}

// A database that has all migrations but one gets that one.
func TestAMigrationThatIsMissingIsMadeUpFor(t *testing.T) {
	file := temporary(t)
	if err := opened(t, file).Close(); err != nil {
		t.Fatal(err)
	}
	alter(t, file, `DELETE FROM goose_db_version WHERE version_id = 4; DROP TABLE inbox; DROP TABLE inbox_latest; DROP TABLE parked_messages`)
	if _, err := OpenReadOnly(t.Context(), file); err == nil || !strings.Contains(err.Error(), "start allot serve once") {
		t.Errorf("who would read got error %v", err)
	}
	if list, err := opened(t, file).ParkedMessages(t.Context(), views.Page{}); err != nil || len(list.Items) > 0 {
		t.Errorf("then there are %+v, %v", list, err)
	}
}

// alter changes a database behind the back of the store.
func alter(t *testing.T, file, change string) {
	t.Helper()
	db := sql.OpenDB(connector{file: file})
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), change); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyAWriterCreatesADatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "down", "allot.db")
	_, err := OpenReadOnly(t.Context(), file)
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "there is no database at "+file+" yet: ") {
		t.Errorf("got error %v", err)
	}
	if _, err := os.Stat(filepath.Dir(file)); err == nil {
		t.Error("who would only read has created a folder")
	}
	if s := opened(t, file); s.end() != 0 {
		t.Errorf("a new database has %d events", s.end())
	}
}

func TestAFileThatIsNoDatabaseIsRefusedAndKept(t *testing.T) {
	file := temporary(t)
	body := strings.Repeat("precious\n", 1000)
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), file, "test"); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got error %v", err)
	}
	if _, err := OpenReadOnly(t.Context(), file); err == nil {
		t.Error("it was opened for reading")
	}
	if got, _ := os.ReadFile(file); string(got) != body {
		t.Error("the file was changed")
	}
}

func TestAFileMayHaveAnyName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "50% off? #1 & ä", "our shop.db")
	opened(t, file)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
