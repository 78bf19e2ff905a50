package foldersync

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
)

// atOnce is how many files are copied at the same time. Most of that time is
// spent waiting for the disk to say that it has one, and it says so to many at once.
const atOnce = 32

// apply takes steps, and returns those that it took. Copies, which are in a row
// and know nothing of each other, are made at the same time.
func (p *pair) apply(ctx context.Context, steps []Step) (done []Step, err error) {
	a := &applier{pair: p, done: map[Step]bool{}, touched: map[string]bool{".": true}}
	for rest := steps; len(rest) > 0 && err == nil; {
		n := slices.IndexFunc(rest, func(s Step) bool { return s.Action != Copy })
		switch {
		case n < 0:
			n = len(rest)
			fallthrough
		case n > 0:
			err = a.copyAll(ctx, rest[:n])
		default:
			n, err = 1, a.take(ctx, rest[0])
		}
		rest = rest[n:]
	}
	err = errors.Join(err, a.flush())
	return slices.DeleteFunc(steps, func(s Step) bool { return !a.done[s] }), err
}

// applier takes steps.
type applier struct {
	*pair
	mu      sync.Mutex
	done    map[Step]bool
	touched map[string]bool // folders whose new names may not be on the disk yet
	number  int             // of the last half copied file
}

// take takes a step that isn't a copy.
func (a *applier) take(ctx context.Context, s Step) (err error) {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	switch s.Action {
	case MakeFolder:
		err = a.dest.root.Mkdir(local(s.Path), 0o777)
	case Move:
		err = a.move(s)
	case Delete:
		err = a.remove(s)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", s.Action, strconv.Quote(s.Path), err)
	}
	a.took(s)
	return nil
}

func local(name string) string { return filepath.FromSlash(name) }

func (a *applier) move(s Step) error {
	if err := errors.Join(a.dest.expect(s.From), a.dest.expect(s.Path)); err != nil {
		return err
	}
	return a.dest.root.Rename(local(s.From), local(s.Path))
}

// remove deletes, once all that was made before is on the disk.
func (a *applier) remove(s Step) error {
	if err := errors.Join(a.flush(), a.dest.expect(s.Path)); err != nil {
		return err
	}
	return a.dest.root.Remove(local(s.Path))
}

// took enters that a step was taken.
func (a *applier) took(s Step) {
	a.done[s] = true
	a.dest.seen.take(s, a.source.seen)
	if s.Action == Delete {
		return
	}
	a.touched[path.Dir(s.Path)] = true
	if s.Action == Move {
		a.touched[path.Dir(s.From)] = true
	}
	a.lookAgain(s.Path)
}

// lookAgain enters what a file looks like under its new name.
func (a *applier) lookAgain(name string) {
	e := a.dest.seen[name]
	info, err := a.dest.root.Lstat(local(name))
	if err != nil || e.Kind != File {
		return // whoever needs it next will say what is wrong
	}
	e.stamp = entryOf(info).stamp
	a.dest.seen[name] = e
}

// flush has the disk keep the names of what was made and moved.
func (a *applier) flush() error {
	if len(a.done) == 0 {
		return nil
	}
	for name := range a.touched {
		if name != "." && a.dest.seen[name].Kind != Folder {
			continue // it was deleted since, or moved with what it holds
		}
		if err := a.dest.syncFolder(local(name)); err != nil {
			return err
		}
	}
	clear(a.touched)
	return nil
}

func (t *tree) syncFolder(name string) error {
	dir, err := t.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// copyAll makes copies, many at a time.
func (a *applier) copyAll(ctx context.Context, steps []Step) error {
	m := &meter{tell: a.o.Progress, Progress: Progress{Doing: "copy"}}
	for _, s := range steps {
		m.Total += s.Size
	}
	return inParallel(ctx, atOnce, steps, func(ctx context.Context, s Step) error {
		if err := a.copy(ctx, s, m); err != nil {
			return fmt.Errorf("copy %s: %w", strconv.Quote(s.Path), err)
		}
		return nil
	})
}

// copy makes a copy under another name and renames it when it is on the disk.
func (a *applier) copy(ctx context.Context, s Step, m *meter) error {
	seen := a.entry(s.Path)
	half := a.nameHalf()
	hash, err := a.copyTo(ctx, half, s.Path, seen, m)
	if err != nil {
		_ = a.dest.root.Remove(half) // or else the next sync does
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.dest.expect(s.Path); err != nil {
		return err
	}
	if err := a.dest.root.Rename(half, local(s.Path)); err != nil {
		return err
	}
	seen.Hash = hash
	a.source.seen[s.Path] = seen
	a.took(s)
	return nil
}

func (a *applier) entry(name string) Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.source.seen[name]
}

func (a *applier) nameHalf() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.number++
	return filepath.Join(own, strconv.Itoa(a.number))
}

// copyTo copies a file of the source, with its permissions and its time, and
// waits until it is on the disk. It must be as it was seen, to the end.
func (a *applier) copyTo(ctx context.Context, half, name string, seen Entry, m *meter) (Hash, error) {
	from, err := a.source.open(name, seen)
	if err != nil {
		return Hash{}, err
	}
	defer from.Close()
	to, err := a.dest.root.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Hash{}, err
	}
	defer to.Close()
	hash, err := m.pour(ctx, to, from)
	if err != nil {
		return Hash{}, err
	}
	info, err := from.Stat()
	if err != nil || !entryOf(info).untouched(seen) || seen.Hash != (Hash{}) && hash != seen.Hash {
		return Hash{}, changed(a.source, name)
	}
	if err := to.Chmod(info.Mode().Perm()); err != nil {
		return Hash{}, err
	}
	if err := a.dest.root.Chtimes(half, info.ModTime(), info.ModTime()); err != nil {
		return Hash{}, err
	}
	return hash, to.Sync()
}
