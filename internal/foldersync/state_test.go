package foldersync_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"allot/internal/foldersync"
)

// compared syncs and returns how many files had to be read to compare them.
func (f folders) compared(t *testing.T, o foldersync.Options) (n int) {
	t.Helper()
	o.Progress = func(p foldersync.Progress) {
		if p.Doing == "compare" {
			n = p.Files
		}
	}
	f.sync(t, o)
	return n
}

// remembered syncs until the files are old enough for their hashes to be trusted.
func (f folders) remembered(t *testing.T, state string) {
	t.Helper()
	for began := time.Now(); f.compared(t, foldersync.Options{State: state}) > 0; {
		if time.Since(began) > 10*time.Second {
			t.Fatal("files are read again and again")
		}
	}
}

func TestFilesThatLookUnchangedAreNotReadAgain(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "a=X", "b=YY")
	state := filepath.Join(t.TempDir(), "state")
	if n := f.compared(t, foldersync.Options{State: state}); n != 0 {
		t.Errorf("%d files were read to compare them with nothing", n)
	}
	f.remembered(t, state)
	if n := f.compared(t, foldersync.Options{State: state, Distrust: true}); n != 4 {
		t.Errorf("%d files were read though nothing was to be trusted, want 4", n)
	}
	if n := f.compared(t, foldersync.Options{}); n != 4 {
		t.Errorf("%d files were read though nothing was remembered, want 4", n)
	}
	put(t, f.source, "a=Z")
	if n := f.compared(t, foldersync.Options{State: state}); n != 1 {
		t.Errorf("%d files were read after one had changed, want 1", n)
	}
	same(t, list(t, f.dest), list(t, f.source))
}

func TestAStateIsAboutTwoFoldersOnly(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "a=X")
	state := filepath.Join(t.TempDir(), "state")
	f.remembered(t, state)
	f.source, f.dest = f.dest, f.source
	if n := f.compared(t, foldersync.Options{State: state}); n != 2 {
		t.Errorf("%d files were read, want 2", n)
	}
}

// Files of one size and one time can be told apart by more than those.
func TestSwappedFilesOfEqualSizeAndTimeAreNoticed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only size and time are known of files here; --checksum is for that")
	}
	f := newFolders(t)
	put(t, f.source, "a=X", "b=Y")
	then := time.Now().Add(-time.Hour)
	for _, name := range []string{"a", "b"} {
		if err := os.Chtimes(filepath.Join(f.source, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	state := filepath.Join(t.TempDir(), "state")
	f.remembered(t, state)
	for _, names := range [][2]string{{"a", "c"}, {"b", "a"}, {"c", "b"}} {
		if err := os.Rename(filepath.Join(f.dest, names[0]), filepath.Join(f.dest, names[1])); err != nil {
			t.Fatal(err)
		}
	}
	f.sync(t, foldersync.Options{State: state})
	same(t, list(t, f.dest), []string{"a=X", "b=Y"})
}
