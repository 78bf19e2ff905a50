package foldersync

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// own is the folder, at the root of a destination, that half copied files are
// in. It is there only while a sync runs, or if one was killed.
const own = ".allot-sync"

// tree is a folder on the disk. All that is done goes through its root, which
// nothing leaves: neither ".." nor a link.
type tree struct {
	name string
	root *os.Root // nil: there is no such folder
	lock *os.File // of a destination that is going to be changed
	seen Snapshot
}

// Error says that a sync is not possible as it was asked for.
type Error struct {
	What, Hint string
	Again      bool // the same may work later
}

func (e *Error) Error() string { return e.What }

func refuse(hint, format string, args ...any) error {
	return &Error{What: fmt.Sprintf(format, args...), Hint: hint}
}

func openTree(name string) (*tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, refuse("name a folder", "%s is not a folder", name)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &tree{name: name, root: root, seen: Snapshot{}}, nil
}

// openIfThere opens a folder to look at it; it is empty if it isn't there.
func openIfThere(name string) (*tree, error) {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return &tree{name: name, seen: Snapshot{}}, nil
	}
	return openTree(name)
}

// openOwn opens a folder to change it, which nobody else does meanwhile. It is
// created if it isn't there.
func openOwn(name string) (*tree, error) {
	if err := os.Mkdir(name, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	t, err := openTree(name)
	if err != nil {
		return nil, err
	}
	if err := t.claim(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// claim makes the folder for half copied files, empty and ours alone.
func (t *tree) claim() error {
	if err := t.root.Mkdir(own, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if info, err := t.root.Lstat(own); err != nil || !info.IsDir() {
		return refuse("give it another name: a sync keeps half copied files under this one", "%s is not a folder", filepath.Join(t.name, own))
	}
	dir, err := t.root.Open(own)
	if err != nil {
		return err
	}
	if !lock(dir) {
		dir.Close()
		return &Error{Again: true, What: "another sync is changing " + t.name, Hint: "wait until it is done"}
	}
	t.lock = dir
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := t.root.Remove(path.Join(own, name)); err != nil {
			return fmt.Errorf("remove what is left of a sync that was killed: %w", err)
		}
	}
	return nil
}

func (t *tree) close() {
	if t.lock != nil {
		_ = t.root.Remove(own) // if it isn't empty after all, the next one clears it
		t.lock.Close()
	}
	if t.root != nil {
		t.root.Close()
	}
}

// skipped lists what is no part of a sync.
func (t *tree) skipped() (out []string) {
	for name, e := range t.seen {
		if e.Kind == Other {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// open opens a file that was seen, if it is still the same.
func (t *tree) open(name string, seen Entry) (*os.File, error) {
	f, err := t.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|noFollow, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !entryOf(info).untouched(seen) {
		f.Close()
		return nil, changed(t, name)
	}
	return f, nil
}

// expect is an error if what is under a path is not what was seen there.
func (t *tree) expect(name string) error {
	want := t.seen[name]
	info, err := t.root.Lstat(filepath.FromSlash(name))
	switch {
	case errors.Is(err, fs.ErrNotExist) && want.Kind == 0:
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case err != nil || !entryOf(info).untouched(want):
		return changed(t, name)
	}
	return nil
}

func changed(t *tree, name string) error {
	return &Error{Again: true, Hint: "do the same again: what is done already is left alone",
		What: fmt.Sprintf("%s was changed by somebody else meanwhile", filepath.Join(t.name, filepath.FromSlash(name)))}
}

// checkApart refuses folders of which one is in the other, whatever they are
// called. dest needn't be there.
func checkApart(source, dest string) error {
	for _, pair := range [][2]string{{source, dest}, {dest, source}} {
		inner, err := resolved(pair[0])
		if err != nil {
			return err
		}
		outer, err := os.Stat(pair[1])
		if err != nil {
			continue // what isn't there holds nothing
		}
		for dir := inner; ; dir = filepath.Dir(dir) {
			if info, err := os.Stat(dir); err == nil && os.SameFile(info, outer) {
				return refuse("name two folders that lie apart", "%s and %s are the same folder, or one is in the other", source, dest)
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return nil
}

// resolved is the path of a folder without links, or of where it would be made.
func resolved(name string) (string, error) {
	real, err := filepath.EvalSymlinks(name)
	if errors.Is(err, fs.ErrNotExist) {
		dir, err := filepath.EvalSymlinks(filepath.Dir(strings.TrimRight(name, string(filepath.Separator))))
		if err != nil {
			return "", err
		}
		return filepath.Abs(filepath.Join(dir, filepath.Base(name)))
	}
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}
