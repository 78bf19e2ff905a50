package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"allot/internal/adapters/sqlite"
	"allot/internal/domain"
	"allot/internal/service"
)

// shop is a database with an application over it.
type shop struct {
	*service.Bus
	store *sqlite.Store
	file  string
}

func openShop(t *testing.T, file string) shop {
	t.Helper()
	store, err := sqlite.Open(t.Context(), file, "test")
	if err != nil {
		t.Fatal(err)
	}
	bus := service.NewBus(service.NewTransactor(store, 64, time.Now, nil))
	service.Register(bus)
	s := shop{bus, store, file}
	t.Cleanup(func() { s.close(t) })
	return s
}

func (s *shop) close(t *testing.T) {
	t.Helper()
	if s.store == nil {
		return
	}
	s.Bus.Close()
	if err := s.store.Close(); err != nil {
		t.Error(err)
	}
	s.store = nil
}

func (s shop) add(t *testing.T, ref string, qty int) {
	t.Helper()
	if _, err := service.Send(t.Context(), s.Bus, domain.CreateBatch{Ref: ref, SKU: "SMALL-TABLE", Qty: qty}); err != nil {
		t.Fatal(err)
	}
}

// batches lists the references in a database file, which may be in use.
func batches(t *testing.T, file string) (refs []string) {
	t.Helper()
	store, err := sqlite.OpenReadOnly(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for book, err := range store.Books(t.Context(), func(fault string) { t.Error(fault) }) {
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range book.Batches {
			refs = append(refs, b.Ref)
		}
	}
	return refs
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestABackupHasAllThatWasCommittedAndTheDatabaseStaysInUse(t *testing.T) {
	dir := t.TempDir()
	s := openShop(t, filepath.Join(dir, "allot.db"))
	s.add(t, "before", 1)
	target := filepath.Join(t.TempDir(), "backup.db")
	if err := sqlite.Backup(t.Context(), s.file, target, false); err != nil {
		t.Fatal(err)
	}
	s.add(t, "after", 1)
	if got := batches(t, target); !slices.Equal(got, []string{"before"}) {
		t.Errorf("the backup has %v", got)
	}
	if got := batches(t, s.file); !slices.Equal(got, []string{"before", "after"}) {
		t.Errorf("the database has %v", got)
	}
}

func TestABackupReplacesAFileOnlyWhenForced(t *testing.T) {
	s := openShop(t, filepath.Join(t.TempDir(), "allot.db"))
	s.add(t, "b1", 1)
	dir := t.TempDir()
	target := filepath.Join(dir, "backup.db")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Backup(t.Context(), s.file, target, false); !errors.Is(err, sqlite.ErrExists) {
		t.Errorf("got error %v, want ErrExists", err)
	}
	if kept, _ := os.ReadFile(target); string(kept) != "precious" {
		t.Error("the file was changed")
	}
	if err := sqlite.Backup(t.Context(), s.file, target, true); err != nil {
		t.Error(err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"backup.db"}) {
		t.Errorf("the folder has %v", got)
	}
	if got := batches(t, target); !slices.Equal(got, []string{"b1"}) {
		t.Errorf("the backup has %v", got)
	}
}

func TestABackupNeverReplacesTheDatabaseItself(t *testing.T) {
	s := openShop(t, filepath.Join(t.TempDir(), "allot.db"))
	s.add(t, "batch-1", 1)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if err := sqlite.Backup(t.Context(), s.file, s.file+suffix, true); err == nil {
			t.Errorf("a backup replaced %s", s.file+suffix)
		}
	}
	s.add(t, "batch-2", 1)
	s.close(t)
	if got := batches(t, s.file); !slices.Equal(got, []string{"batch-1", "batch-2"}) {
		t.Errorf("the database has %v", got)
	}
}

func TestABackupThatFailsLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("not a database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Backup(t.Context(), file, filepath.Join(dir, "backup.db"), false); err == nil {
		t.Error("a text file was backed up")
	}
	if got := files(t, dir); !slices.Equal(got, []string{"notes.txt"}) {
		t.Errorf("the folder has %v", got)
	}
}

func TestARestoredDatabaseIsTheBackupAndTheOldOneIsKept(t *testing.T) {
	dir := t.TempDir()
	s := openShop(t, filepath.Join(dir, "allot.db"))
	s.add(t, "old", 1)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := sqlite.Backup(t.Context(), s.file, backup, false); err != nil {
		t.Fatal(err)
	}
	s.add(t, "new", 1)
	s.close(t)

	for _, want := range []string{s.file + ".before-restore", s.file + ".before-restore-2"} {
		kept, err := sqlite.Restore(t.Context(), backup, s.file, "test")
		if err != nil || kept != want {
			t.Fatalf("kept %q, error %v; want %q", kept, err, want)
		}
	}
	want := []string{"allot.db", "allot.db.before-restore", "allot.db.before-restore-2", "allot.db.lock"}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder has %v, want %v", got, want)
	}
	if got := batches(t, s.file); !slices.Equal(got, []string{"old"}) {
		t.Errorf("the restored database has %v", got)
	}
	if got := batches(t, s.file+".before-restore"); !slices.Equal(got, []string{"old", "new"}) {
		t.Errorf("the old database has %v", got)
	}
}

func TestRestoreNeedsNoDatabaseToReplace(t *testing.T) {
	s := openShop(t, filepath.Join(t.TempDir(), "allot.db"))
	s.add(t, "b1", 1)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := sqlite.Backup(t.Context(), s.file, backup, false); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "new", "allot.db")
	kept, err := sqlite.Restore(t.Context(), backup, file, "test")
	if err != nil || kept != "" {
		t.Errorf("kept %q, error %v", kept, err)
	}
	if got := batches(t, file); !slices.Equal(got, []string{"b1"}) {
		t.Errorf("the restored database has %v", got)
	}
}

func TestRestoreRefusesAndChangesNothing(t *testing.T) {
	dir := t.TempDir()
	s := openShop(t, filepath.Join(dir, "allot.db"))
	s.add(t, "b1", 1)
	good := filepath.Join(t.TempDir(), "backup.db")
	if err := sqlite.Backup(t.Context(), s.file, good, false); err != nil {
		t.Fatal(err)
	}
	refuse := func(backup, because string) {
		t.Helper()
		_, err := sqlite.Restore(t.Context(), backup, s.file, "test")
		if err == nil || !strings.Contains(err.Error(), because) {
			t.Errorf("got error %v, want one that says %q", err, because)
		}
	}
	refuse(good, "is in use by test (pid ")
	refuse(s.file, "is a database in use and no backup")
	s.close(t)
	refuse(filepath.Join(dir, "missing.db"), "no such file")
	refuse(spoiled(t, good), "the backup ")

	if got := files(t, dir); !slices.Equal(got, []string{"allot.db", "allot.db.lock"}) {
		t.Errorf("the folder has %v", got)
	}
	if got := batches(t, s.file); !slices.Equal(got, []string{"b1"}) {
		t.Errorf("the database has %v", got)
	}
}

// spoiled is a copy of a database with some pages overwritten.
func spoiled(t *testing.T, file string) string {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(body); i += 4096 {
		copy(body[i:], strings.Repeat("?", 100))
	}
	spoiled := filepath.Join(t.TempDir(), "spoiled.db")
	if err := os.WriteFile(spoiled, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return spoiled
}

func TestCheckNamesTheSchemaAndWhatIsWrong(t *testing.T) {
	s := openShop(t, filepath.Join(t.TempDir(), "allot.db"))
	s.add(t, "b1", 1)
	health, err := sqlite.Check(t.Context(), s.file)
	if err != nil || len(health.Faults) > 0 || health.Schema != health.Known || health.Schema == 0 || health.Bytes == 0 {
		t.Errorf("got %+v, %v", health, err)
	}
	s.close(t)
	if err := os.Truncate(s.file, health.Bytes/4096/2*4096); err != nil {
		t.Fatal(err)
	}
	if health, err := sqlite.Check(t.Context(), s.file); err == nil && len(health.Faults) == 0 {
		t.Errorf("half of the file is gone, and Check found nothing: %+v", health)
	}
}
