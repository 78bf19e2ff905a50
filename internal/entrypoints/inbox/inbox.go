// Package inbox is a folder that CSV files are dropped into: mail attachments,
// uploads, exports of other programs. Each file is claimed, imported and put
// away with a report, once for each content.
//
//	FOLDER/orders*.csv, batches*.csv   to be taken
//	FOLDER/.inbox/claimed/             being imported
//	FOLDER/.inbox/contents/            what was imported, by hash
//	FOLDER/done/                       imported, each with a report
//	FOLDER/failed/                     refused, as a whole or some rows, each with a report
//
// It may be killed at any moment. Every step leaves a state from which the next
// run goes on: an import that is repeated changes nothing that was done.
//
// The package doesn't know where commands go.
package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/service"
)

// Options are what an inbox needs to know. Import and Now must be set.
type Options struct {
	// Import opens the way for commands. It is asked for each file, and closed
	// after it, so that others can have the database in between.
	Import func(ctx context.Context) (to importer.Sink, closing func() error, err error)
	Origin domain.Origin
	Now    func() time.Time
}

// Inbox is an open inbox.
type Inbox struct {
	Options
	folder string
	root   *os.Root
	lock   *flock.Flock
	looks  map[string]look // of files that weren't claimed yet
}

// look is what a file looks like from outside.
type look struct {
	size     int64
	modified time.Time
}

// Taken is what became of a file.
type Taken struct {
	File    string // as it was dropped
	Outcome Outcome
	Where   string // below the folder
	Summary importer.Summary
	Problem string // why it was refused as a whole
}

// Outcome says what became of a file.
type Outcome string

// The outcomes there are.
const (
	Done      Outcome = "done"      // imported; some rows may have been refused
	Failed    Outcome = "failed"    // refused as a whole, or broken off in the middle
	Duplicate Outcome = "duplicate" // not imported: a file of the same content was
)

const (
	claimed  = ".inbox/claimed"
	contents = ".inbox/contents"
	done     = "done"
	failed   = "failed"
)

// Open opens a folder, which nobody else may have open as an inbox meanwhile.
func Open(folder string, o Options) (*Inbox, error) {
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("open %s: %w", folder, syscall.ENOTDIR) // OpenRoot has a word of its own for it
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	b := &Inbox{Options: o, folder: folder, root: root, looks: map[string]look{}}
	for _, dir := range []string{claimed, contents, done, failed} {
		if err := root.MkdirAll(dir, 0o777); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	b.lock = flock.New(filepath.Join(folder, ".inbox", "lock"))
	free, err := b.lock.TryLock()
	if err == nil && !free {
		err = &domain.Error{Kind: domain.Unavailable, Code: service.CodeUnavailable,
			Message: folder + " has somebody who takes its files already", Hint: "stop it first"}
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return b, nil
}

// Close lets others open the folder.
func (b *Inbox) Close() error { return errors.Join(b.lock.Unlock(), b.root.Close()) }

// Take takes the files that are there, batches first, and tells of each. A file
// that is still being written is left until the next time: unless hurry says
// that there is none, a file is taken when it has not changed between two looks.
//
// An error means that a file could not be dealt with at present. It stays
// claimed, and is taken first next time.
func (b *Inbox) Take(ctx context.Context, hurry bool, tell func(Taken)) error {
	files, err := b.waiting(claimed, func(string) bool { return true })
	for _, file := range files {
		if err == nil {
			err = b.handle(ctx, file, tell)
		}
	}
	if err != nil {
		return err
	}
	dropped, err := b.waiting(".", func(name string) bool { return hurry || b.settled(name) })
	for _, file := range dropped {
		if err == nil {
			file, err = b.claim(file)
		}
		if err == nil {
			err = b.handle(ctx, file, tell)
		}
	}
	return err
}

// waiting lists the files in a folder that can be imported and that ready
// picks: batches first, then by name.
func (b *Inbox) waiting(dir string, ready func(string) bool) (files []string, _ error) {
	f, err := b.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	for _, name := range names {
		info, err := b.root.Lstat(path.Join(dir, name))
		if err == nil && info.Mode().IsRegular() && kindOf(dropped(dir, name)) != "" && ready(name) {
			files = append(files, name)
		}
	}
	slices.SortFunc(files, func(x, y string) int {
		return cmp.Or(cmp.Compare(kindOf(dropped(dir, x)), kindOf(dropped(dir, y))), cmp.Compare(x, y))
	})
	return files, err
}

// dropped is the name that a file was dropped with: a claimed one has the time
// before it.
func dropped(dir, name string) string {
	if dir != claimed {
		return name
	}
	_, name, _ = strings.Cut(name, "_")
	return name
}

// kindOf is what a file of that name has; "" if it is none of ours. Batches
// come before orders.
func kindOf(name string) importer.Kind {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	for _, kind := range []importer.Kind{importer.Batches, importer.Orders} {
		if strings.HasPrefix(name, string(kind)) && strings.HasSuffix(name, ".csv") {
			return kind
		}
	}
	return ""
}

// settled reports whether a file looks as it did last time.
func (b *Inbox) settled(name string) bool {
	info, err := b.root.Lstat(name)
	if err != nil {
		return false
	}
	now := look{info.Size(), info.ModTime()}
	was, seen := b.looks[name]
	b.looks[name] = now
	return seen && was == now
}

// claim takes a file out of the way of others, under a name that is used once.
func (b *Inbox) claim(name string) (string, error) {
	delete(b.looks, name)
	at := b.Now().UTC()
	for {
		unique := at.Format("20060102T150405.000Z_") + name
		if free, err := b.unused(unique); err != nil {
			return "", err
		} else if free {
			return unique, b.root.Rename(name, path.Join(claimed, unique))
		}
		at = at.Add(time.Millisecond)
	}
}

func (b *Inbox) unused(name string) (bool, error) {
	for _, dir := range []string{claimed, done, failed} {
		_, err := b.root.Lstat(path.Join(dir, name))
		if err == nil {
			return false, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return true, nil
}

// write writes a small file, which is there as a whole or not at all.
func (b *Inbox) write(name, text string) error {
	half := name + ".tmp"
	f, err := b.root.Create(half)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return b.rename(half, name)
}

// rename gives a file another name, which is on the disk when it returns.
func (b *Inbox) rename(from, to string) error {
	if err := b.root.Rename(from, to); err != nil {
		return err
	}
	dir, err := b.root.Open(path.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
