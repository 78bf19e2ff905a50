package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Owner is the process that writes to a database.
type Owner struct {
	PID     int       `json:"pid"`
	Program string    `json:"program"`       // "allot serve"
	URL     string    `json:"url,omitempty"` // where it takes commands, if it does
	Since   time.Time `json:"since"`
	Key     string    `json:"-"` // what opens the URL; empty if it isn't for us to read
}

// InUseError says that another process writes to a database.
type InUseError struct {
	File  string
	Owner Owner // its PID is 0 if it didn't say
}

func (e *InUseError) Error() string {
	who := "another process"
	if e.Owner.PID > 0 {
		who = fmt.Sprintf("%s (pid %d, since %s)", e.Owner.Program, e.Owner.PID, e.Owner.Since.Format(time.DateTime))
	}
	if e.Owner.URL != "" {
		who += " at " + e.Owner.URL
	}
	return fmt.Sprintf("%s is in use by %s: stop it, or choose another data directory with --data", e.File, who)
}

// owner holds the lock that lets us write. The lock is the kernel's and ends
// with the process; what the file says is for people and programs to read.
type owner struct {
	lock *flock.Flock
	Owner
}

// patience is how long a process waits for another one to finish: long enough
// for a command, too short for somebody to wonder.
const patience = 2 * time.Second

func own(ctx context.Context, file, program string) (*owner, error) {
	o := &owner{lock: flock.New(lockFile(file)), Owner: Owner{PID: os.Getpid(), Program: program, Since: time.Now()}}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	locked, err := o.lock.TryLockContext(ctx, 20*time.Millisecond)
	if errors.Is(err, context.DeadlineExceeded) {
		other, _ := OwnerOf(file)
		return nil, &InUseError{File: file, Owner: other}
	}
	if err != nil || !locked {
		return nil, fmt.Errorf("lock %s: %w", lockFile(file), err)
	}
	if err := o.write(); err != nil {
		return nil, errors.Join(err, o.lock.Unlock())
	}
	return o, nil
}

// lockSuffix is what the lock of a database is called, behind its name.
const lockSuffix = ".lock"

func lockFile(file string) string { return file + lockSuffix }

func (o *owner) write() error {
	body, err := json.Marshal(o.Owner)
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.lock.Path(), body, 0o640); err != nil {
		return fmt.Errorf("say who owns the database: %w", err)
	}
	return nil
}

// release leaves the file, empty: removing it would let two processes lock two
// files of the same name.
func (o *owner) release() error {
	return errors.Join(o.removeKey(), os.Truncate(o.lock.Path(), 0), o.lock.Unlock())
}

// Announce tells other processes where this one takes commands. The key goes
// into a file that only the same user can read.
func (s *Store) Announce(url, key string) error {
	if s.owner == nil {
		return errReadOnly
	}
	if err := s.owner.writeKey(key); err != nil {
		return fmt.Errorf("leave a key for other commands: %w", err)
	}
	s.owner.URL = url
	return s.owner.write()
}

// keyFile is where the key of the server is that has a database open.
func keyFile(file string) string { return file + ".key" }

func (o *owner) writeKey(key string) error {
	if err := o.removeKey(); err != nil { // one that a crash left keeps its mode, whatever that is
		return err
	}
	f, err := os.OpenFile(o.keyFile(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(key)
	return errors.Join(err, f.Close())
}

func (o *owner) removeKey() error {
	if err := os.Remove(o.keyFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (o *owner) keyFile() string { return keyFile(strings.TrimSuffix(o.lock.Path(), lockSuffix)) }

// OwnerOf returns the process that writes to the database in a file; false if
// none does.
func OwnerOf(file string) (Owner, bool) {
	lock := flock.New(lockFile(file))
	if _, err := os.Stat(lock.Path()); err != nil {
		return Owner{}, false
	}
	if free, err := lock.TryRLock(); err == nil && free {
		_ = lock.Unlock() // nobody else needs to know
		return Owner{}, false
	}
	var o Owner
	body, err := os.ReadFile(lock.Path())
	if err != nil || json.Unmarshal(body, &o) != nil {
		return Owner{}, true
	}
	key, _ := os.ReadFile(keyFile(file)) // not everybody may
	o.Key = string(key)
	return o, true
}
