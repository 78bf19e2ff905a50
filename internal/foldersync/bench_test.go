package foldersync_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"allot/internal/foldersync"
)

// 10,000 files of 100 KB are what a first sync is measured with.
const (
	benchFiles = 10_000
	benchSize  = 100_000
)

func benchFolders(b *testing.B) folders {
	b.Helper()
	f := newFolders(b)
	text := make([]byte, benchSize)
	for i := range benchFiles {
		dir := filepath.Join(f.source, fmt.Sprint(i%100))
		_, _ = rand.Read(text)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	return f
}

// BenchmarkFirst is a first sync and, to measure it against, cp -r and sync.
func BenchmarkFirst(b *testing.B) {
	f := benchFolders(b)
	fresh := func(b *testing.B) {
		b.StopTimer()
		if err := os.RemoveAll(f.dest); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.Run("cp", func(b *testing.B) {
		for b.Loop() {
			fresh(b)
			if out, err := exec.Command("sh", "-c", "cp -r "+f.source+" "+f.dest+" && sync").CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
		}
	})
	b.Run("sync", func(b *testing.B) {
		for b.Loop() {
			fresh(b)
			if _, err := foldersync.Sync(context.Background(), f.source, f.dest, foldersync.Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAgain is a sync with nothing to do and, to measure it against, a
// walk of both trees.
func BenchmarkAgain(b *testing.B) {
	f := benchFolders(b)
	o := foldersync.Options{State: filepath.Join(b.TempDir(), "state")}
	again := func(b *testing.B) {
		if result, err := foldersync.Sync(context.Background(), f.source, f.dest, o); err != nil {
			b.Fatalf("%d steps, %v", len(result.Steps), err)
		}
	}
	for range 3 {
		again(b)
	}
	b.Run("walk", func(b *testing.B) {
		for b.Loop() {
			walk(b, f.source)
			walk(b, f.dest)
		}
	})
	b.Run("sync", func(b *testing.B) {
		for b.Loop() {
			again(b)
		}
	})
}

func walk(b *testing.B, dir string) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		_, err = d.Info()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}
