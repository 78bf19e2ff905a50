package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"allot/internal/adapters/sqlite"
	"allot/internal/domain"
	"allot/internal/service"
)

// addBatch adds a batch of ten units through the bus.
func addBatch(ctx context.Context, s *sqlite.Store, ref string) error {
	bus := service.NewBus(service.NewTransactor(s, 1, time.Now, nil))
	service.Register(bus)
	_, err := service.Send(ctx, bus, domain.CreateBatch{Ref: ref, SKU: "SMALL-TABLE", Qty: 10})
	bus.Close()
	return err
}

// tryOpen opens a database, without the patience to wait for another process.
func tryOpen(t *testing.T, file string) (*sqlite.Store, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s, err := sqlite.Open(ctx, file, "allot import")
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func TestASecondWriterIsRefusedAndToldOfTheFirst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allot.db")
	other := holder(t, file)

	_, err := tryOpen(t, file)
	inUse, ok := errors.AsType[*sqlite.InUseError](err)
	if !ok {
		t.Fatalf("got error %v, want an InUseError", err)
	}
	if o := inUse.Owner; o.PID != other.Process.Pid || o.Program != "allot serve" || o.URL != "http://127.0.0.1:5005" || o.Key != "the key" || time.Since(o.Since) > time.Minute {
		t.Errorf("it names %+v; the other process is %d", o, other.Process.Pid)
	}
	want := fmt.Sprintf("%s is in use by allot serve (pid %d, since %s) at http://127.0.0.1:5005: stop it, or choose another data directory with --data",
		file, other.Process.Pid, inUse.Owner.Since.Format(time.DateTime))
	if err.Error() != want {
		t.Errorf("it says %q\nwant %q", err, want)
	}
	if owner, ok := sqlite.OwnerOf(file); !ok || owner != inUse.Owner {
		t.Errorf("OwnerOf returned %+v, %t", owner, ok)
	}
}

func TestAWriterThatWasKilledLeavesTheDatabaseToTheNext(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allot.db")
	other := holder(t, file)
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	other.Wait() // it was killed

	if owner, ok := sqlite.OwnerOf(file); ok {
		t.Errorf("the dead process still owns the database: %+v", owner)
	}
	s, err := sqlite.Open(t.Context(), file, "allot import")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := addBatch(t.Context(), s, "ours"); err != nil {
		t.Error(err)
	}
	if got := batches(t, file); !slices.Equal(got, []string{"theirs", "ours"}) {
		t.Errorf("there are batches %v", got)
	}
}

func TestADatabaseThatIsClosedHasNoOwner(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allot.db")
	for range 2 {
		if owner, ok := sqlite.OwnerOf(file); ok {
			t.Errorf("before it is opened it is owned by %+v", owner)
		}
		s, err := sqlite.Open(t.Context(), file, "test")
		if err != nil {
			t.Fatal(err)
		}
		if owner, ok := sqlite.OwnerOf(file); !ok || owner.PID != os.Getpid() {
			t.Errorf("while it is open it is owned by %+v, %t", owner, ok)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReadersNeedNobodysLeave(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allot.db")
	holder(t, file)
	s, err := sqlite.OpenReadOnly(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Batch(t.Context(), "theirs"); err != nil {
		t.Error(err)
	}
	write := func(ctx context.Context, tx service.Tx) error { return tx.Write(ctx, service.Changes{}) }
	if err := s.InTx(t.Context(), write); err == nil {
		t.Error("a store that may only read began a transaction")
	}
	if err := s.Postpone(t.Context(), service.Failure{}); err == nil {
		t.Error("a store that may only read wrote a failure")
	}
}

func TestTheKeyOfAServerIsForItsUserAloneAndGoesWithIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allot.db")
	if err := os.WriteFile(file+".key", []byte("of one that crashed"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), file, "allot serve")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Announce("http://127.0.0.1:5005", "the key"); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(file + ".key"); err != nil || info.Mode() != 0o600 {
		t.Errorf("the file of the key: %v, %v", info, err)
	}
	if owner, ok := sqlite.OwnerOf(file); !ok || owner.Key != "the key" {
		t.Errorf("OwnerOf returned %+v, %t", owner, ok)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file + ".key"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file of the key is left: %v", err)
	}
}
