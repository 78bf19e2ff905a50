package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrExists says that a file is there already which was not to be replaced.
var ErrExists = errors.New("the file exists already")

// Backup writes a copy of the database in a file, as of one moment, to target,
// while others go on reading and writing. The copy is on stable storage when
// Backup returns, and target has all of it or was not touched. A target that
// exists is replaced only with force; else it is an ErrExists.
func Backup(ctx context.Context, file, target string, force bool) (err error) {
	if err := mustExist(file); err != nil {
		return err
	}
	if err := notItself(file, target); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Dir(target)); err != nil {
		return fmt.Errorf("look for the folder to write a backup to: %w", err)
	}
	if _, err := os.Lstat(target); err == nil && !force {
		return fmt.Errorf("write a backup to %s: %w", target, ErrExists)
	}
	return replace(target, func(temporary string) error {
		db := sql.OpenDB(connector{file: file}) // not the read-only pool: query_only refuses VACUUM INTO as well
		defer db.Close()
		if _, _, err := schemaVersions(ctx, db); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, `VACUUM INTO ?`, temporary)
		return classify(err)
	})
}

// Restore puts a backup in the place of the database in a file. It refuses, with
// an *InUseError, while a process writes to the database, and a backup that is
// damaged or newer than this program. The old database, if there is one, stays
// beside the new one under the name that is returned. program is as in Open.
func Restore(ctx context.Context, backup, file, program string) (kept string, err error) {
	if err := mustExist(backup); err != nil {
		return "", err
	}
	if wal, err := os.Stat(backup + walSuffix); err == nil && wal.Size() > 0 {
		return "", fmt.Errorf("%s is a database in use and no backup: part of it is in %s; allot db backup makes one file of both", backup, backup+walSuffix)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return "", fmt.Errorf("create the data directory: %w", err)
	}
	owner, err := own(ctx, file, program)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, owner.release()) }()
	err = replace(file, func(temporary string) error {
		if err := copyFile(temporary, backup); err != nil {
			return err
		}
		if err := checkBackup(ctx, temporary); err != nil {
			return err
		}
		kept, err = setAside(ctx, file)
		return err
	})
	return kept, err
}

// checkBackup refuses a database that can't be worked with. It looks at a copy
// of the backup, since opening a database may change its file.
func checkBackup(ctx context.Context, file string) error {
	health, err := Check(ctx, file)
	switch {
	case err != nil:
		return fmt.Errorf("the backup can't be used: %v", err) // it is no trouble of our own storage
	case len(health.Faults) > 0:
		return fmt.Errorf("the backup is damaged: %s", health.Faults[0])
	case health.Schema > health.Known:
		return fmt.Errorf("the backup has schema version %d and this program knows only %d: use the newer program that wrote it", health.Schema, health.Known)
	}
	return nil
}

// Health is what there is to say about a database file, whatever is in it.
type Health struct {
	File   string   `json:"file"`
	Bytes  int64    `json:"bytes"` // without the write-ahead log
	Schema int64    `json:"schema_version"`
	Known  int64    `json:"known_schema_version"` // the newest one that this program knows
	Faults []string `json:"faults"`
}

// Check looks whether a database is intact, as far as SQLite can tell, and which
// version its tables have. It may be in use by other processes.
func Check(ctx context.Context, file string) (Health, error) {
	h := Health{File: file, Faults: []string{}}
	info, err := os.Stat(file)
	if err != nil {
		return h, fmt.Errorf("look at the database: %w", err)
	}
	h.Bytes = info.Size()
	db := openReaders(file)
	defer db.Close()
	if h.Schema, h.Known, err = schemaVersions(ctx, db); err != nil {
		return h, err
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return h, classify(err)
	}
	defer tx.Rollback()
	return h, integrity(ctx, tx, func(fault string) { h.Faults = append(h.Faults, fault) })
}

func schemaVersions(ctx context.Context, db *sql.DB) (have, known int64, _ error) {
	p, err := provider(db)
	if err != nil {
		return 0, 0, err
	}
	sources := p.ListSources()
	err = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`).Scan(&have)
	if err != nil {
		return 0, 0, fmt.Errorf("it is no database of allot's, or it is damaged: %w", err)
	}
	return have, sources[len(sources)-1].Version, nil
}

// notItself refuses a target that is the database, or belongs to it.
func notItself(file, target string) error {
	aim, err := os.Stat(target)
	if err != nil {
		return nil // it doesn't exist yet
	}
	for _, part := range []string{"", walSuffix, shmSuffix, lockSuffix} {
		if own, err := os.Stat(file + part); err == nil && os.SameFile(own, aim) {
			return fmt.Errorf("%s belongs to the database itself: choose another file for the backup", target)
		}
	}
	return nil
}

func mustExist(file string) error {
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("look at %s: %w", file, err)
	}
	return nil
}

// The files that SQLite keeps beside a database.
const (
	walSuffix = "-wal"
	shmSuffix = "-shm"
)

// setAside gives a database a second name, under which it stays when another
// one takes its place: at no time is there none. Its write-ahead log, if it
// could not be folded in, goes with it: it would be taken for the new
// database's. setAside returns the name, "" if there is no database.
func setAside(ctx context.Context, file string) (kept string, _ error) {
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	fold(ctx, file)
	kept = unused(file + ".before-restore")
	if err := os.Link(file, kept); err != nil {
		return "", fmt.Errorf("keep the old database: %w", err)
	}
	if err := os.Rename(file+walSuffix, kept+walSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return kept, fmt.Errorf("keep the log of the old database: %w", err)
	}
	if err := os.Remove(file + shmSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return kept, fmt.Errorf("remove the index of the old log: %w", err)
	}
	return kept, nil
}

// unused is name, or name with a number if there is such a file.
func unused(name string) string {
	free := name
	for n := 2; ; n++ {
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}

// fold moves the log of a database into its file, so that it is one file and
// not two that get a new name. A database that is too damaged for that keeps
// its log.
func fold(ctx context.Context, file string) {
	db := sql.OpenDB(connector{file: file})
	defer db.Close()
	_, _ = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
}

// replace has write fill a temporary file beside target, and gives it target's
// name once it is on stable storage.
func replace(target string, write func(temporary string) error) (err error) {
	dir, base := filepath.Split(target)
	f, err := os.CreateTemp(filepath.Clean(dir), base+".*.tmp")
	if err != nil {
		return fmt.Errorf("create a file beside %s: %w", target, err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			for _, suffix := range []string{"", walSuffix, shmSuffix} {
				_ = os.Remove(f.Name() + suffix) // it may be gone
			}
		}
	}()
	if err := write(f.Name()); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", f.Name(), err)
	}
	if err := os.Rename(f.Name(), target); err != nil {
		return err
	}
	return syncDir(filepath.Clean(dir))
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
