// Package sqlite keeps a shop in a SQLite file: products, batches, lines and
// the log of events; and the tokens of those who may use it. It is the store
// that comes with the program.
//
// One process writes at a time, over one connection; any number may read. The
// package knows the ports of the service layer, and nothing of who uses them.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"allot/internal/service"
)

// Store is a service.Store, a service.Audited, a views.Reader and an
// access.Tokens.
type Store struct {
	file    string
	owner   *owner  // nil if it may only read
	readers *sql.DB // for everything but writing

	mu       sync.Mutex // guards what follows
	writer   *conn
	versions map[string]int64 // of products, as far as known: nobody else changes them
	changed  []versioned      // in the last transaction
	log      logEnd
	trouble  error // of the last attempt to write; nil if it went well

	delivery delivery

	stocks      stocks
	askVersions *sql.Stmt // selectVersions
}

// Open opens the database in a file for reading and writing, and creates it if
// there is none, with its folder. Only one process may: a second one gets an
// *InUseError. program says who we are, for others to read: "allot serve".
func Open(ctx context.Context, file, program string) (_ *Store, err error) {
	if err := checkDirectory(filepath.Dir(file)); err != nil {
		return nil, err
	}
	owner, err := own(ctx, file, program)
	if err != nil {
		return nil, err
	}
	s := &Store{file: file, owner: owner, versions: map[string]int64{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := migrate(ctx, file); err != nil {
		return nil, err
	}
	if s.writer, err = openWriter(file); err != nil {
		return nil, err
	}
	if s.log, err = readLogEnd(s.writer); err != nil {
		return nil, err
	}
	s.readers = openReaders(file)
	return s, s.prepare(ctx)
}

// prepare prepares what is asked for most often.
func (s *Store) prepare(ctx context.Context) (err error) {
	s.askVersions, err = s.readers.PrepareContext(ctx, selectVersions)
	return classify(err)
}

// OpenReadOnly opens the database in a file for those who only look. It may be
// in use by any other process.
func OpenReadOnly(ctx context.Context, file string) (*Store, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("there is no database at %s yet: allot serve, allot import or allot demo creates one: %w", file, err)
	}
	s := &Store{file: file, readers: openReaders(file)}
	if err := checkVersion(ctx, s.readers); err != nil {
		if dir := filepath.Dir(file); isCode(err, codeCantOpen) && probe(dir) != nil {
			err = &DirectoryError{dir, err}
		}
		return nil, errors.Join(err, s.Close())
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

var errReadOnly = errors.New("this database was opened for reading only")

// Close closes the database and lets others write.
func (s *Store) Close() error {
	errs := []error{s.keepPositions()}
	if s.askVersions != nil {
		errs = append(errs, s.askVersions.Close())
	}
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		s.writer.forget()
		errs = append(errs, s.writer.Close())
	}
	if s.owner != nil {
		errs = append(errs, s.owner.release())
	}
	return errors.Join(errs...)
}

// Lane implements service.Store. There is one writer, so there is one lane.
func (s *Store) Lane(string) string { return "" }

// maxVersions is how many versions of products the writer remembers: some 60
// bytes each.
const maxVersions = 100_000

// InTx implements service.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	if s.writer == nil {
		return errReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	log, committed := s.log, false
	defer func() { // also if fn panics
		if !committed || len(s.versions) > maxVersions {
			clear(s.versions)
		}
		if !committed {
			s.stocks.forget()
		}
	}()
	err := s.inTx(func() error {
		t := &tx{reading: reading{s.writer, s.versions}, log: &log, changed: s.changed[:0]}
		if err := fn(ctx, t); err != nil {
			return err
		}
		s.changed = t.changed
		s.stocks.pass(s.changed) // so that nobody who sees the commit is shown less afterwards
		return t.failed
	})
	if err = s.noteTrouble(err); err != nil {
		return err
	}
	s.stocks.pass(s.changed) // once more: somebody may have read before the commit, and asked after it was announced
	s.log, committed = log, true
	return nil
}

// inTx runs fn between BEGIN and COMMIT, also if fn panics. s.mu is held.
func (s *Store) inTx(fn func() error) (err error) {
	if err := s.writer.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	committed := false
	defer func() {
		if !committed {
			_ = s.writer.exec("ROLLBACK") // fails if the error has rolled back already
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	err = s.writer.exec("COMMIT")
	committed = err == nil
	return err
}

// View implements service.Store.
func (s *Store) View(ctx context.Context, fn func(context.Context, service.Reader) error) error {
	return s.snapshot(ctx, func(c *conn) error { return fn(ctx, &reading{conn: c}) })
}

// snapshot runs fn on a reader's connection, in a transaction.
func (s *Store) snapshot(ctx context.Context, fn func(*conn) error) error {
	pooled, err := s.readers.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open a snapshot: %w", err)
	}
	defer pooled.Close()
	return pooled.Raw(func(raw any) (err error) {
		c := newConn(unwrap(raw))
		defer c.forget()
		if err := c.exec("BEGIN"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.exec("ROLLBACK")) }()
		return fn(c)
	})
}
