package inbox_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/inbox"
	"allot/internal/service"
)

// drop is a folder, and the shop that its files go to.
type drop struct {
	folder string
	store  *memory.Store
	bus    *service.Bus
	broken error // of the way for commands
	now    time.Time
}

func newDrop(t *testing.T) *drop {
	t.Helper()
	store := memory.New()
	bus := service.NewBus(service.NewTransactor(store, 16, time.Now, nil))
	service.Register(bus)
	return &drop{folder: t.TempDir(), store: store, bus: bus, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
}

func (d *drop) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (d *drop) open(t *testing.T) *inbox.Inbox {
	t.Helper()
	b, err := inbox.Open(d.folder, inbox.Options{
		Import: func(context.Context) (importer.Sink, func() error, error) {
			return func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
				return service.SendEach(ctx, d.bus, commands)
			}, func() error { return nil }, d.broken
		},
		Now: func() time.Time { return d.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// take takes what is there, and returns what became of each file.
func (d *drop) take(t *testing.T) (out []string) {
	t.Helper()
	b := d.open(t)
	if err := b.Take(t.Context(), true, func(taken inbox.Taken) { out = append(out, taken.File+" "+string(taken.Outcome)) }); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// files lists the files below the folder, but for those that are only known to the inbox.
func (d *drop) files(t *testing.T) (out []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(d.folder), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && !strings.HasPrefix(name, ".inbox/contents") && name != ".inbox/lock" {
			out = append(out, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (d *drop) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const (
	stock  = "ref,sku,qty,eta\nb1,LAMP,10,\n"
	orders = "orderid,sku,qty\no1,LAMP,3\no2,NOPE,1\n"
	at     = "20261124T120000."
)

func TestFilesAreImportedBatchesFirstAndPutAwayWithAReport(t *testing.T) {
	d := newDrop(t)
	d.put(t, "orders-monday.csv", orders)
	d.put(t, "Batches.CSV", stock)
	d.put(t, "remarks.txt", "not ours")
	equal(t, "what was taken", d.take(t), []string{"Batches.CSV done", "orders-monday.csv done"})
	equal(t, "files", d.files(t), []string{
		"done/" + at + "000Z_Batches.CSV", "done/" + at + "000Z_Batches.CSV.report.txt",
		"done/" + at + "000Z_orders-monday.csv", "done/" + at + "000Z_orders-monday.csv.report.txt",
		"failed/" + at + "000Z_orders-monday.csv.rejected.csv", "remarks.txt",
	})
	report := d.read(t, "done/"+at+"000Z_orders-monday.csv.report.txt")
	for _, want := range []string{"orders-monday.csv: done, 2026-11-24 12:00:00 UTC\n", "allocated           1", `line 3: no product has SKU "NOPE"`, "drop that file as orders-2.csv"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report doesn't say %q:\n%s", want, report)
		}
	}
	if rejected := d.read(t, "failed/"+at+"000Z_orders-monday.csv.rejected.csv"); !strings.Contains(rejected, "o2,NOPE,1,2,3,sku,NOPE,unknown_sku,") {
		t.Errorf("refused rows: %s", rejected)
	}
}

func TestAContentIsImportedOnceWhateverItIsCalled(t *testing.T) {
	d := newDrop(t)
	d.put(t, "batches.csv", stock)
	d.take(t)
	if _, err := service.Send(t.Context(), d.bus, domain.ChangeBatchQuantity{Ref: "b1", Qty: 4}); err != nil {
		t.Fatal(err)
	}
	log := d.events(t)
	d.put(t, "batches.csv", stock)
	d.put(t, "batches-again.csv", stock)
	equal(t, "what was taken", d.take(t), []string{"batches-again.csv duplicate", "batches.csv duplicate"})
	equal(t, "events", d.events(t), log)
	if report := d.read(t, "done/"+at+"001Z_batches.csv.report.txt"); !strings.Contains(report, "it is the same as "+at+"000Z_batches.csv, which was") {
		t.Errorf("the report says %q", report)
	}
}

func (d *drop) events(t *testing.T) (n int) {
	t.Helper()
	stats, err := d.store.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return int(stats.Events)
}

func TestAFileThatCantBeUsedIsPutAsideAndDoesNotBlock(t *testing.T) {
	var zip bytes.Buffer
	w := gzip.NewWriter(&zip)
	_, _ = w.Write([]byte(orders)) // to memory
	_ = w.Close()
	d := newDrop(t)
	d.put(t, "batches.csv", stock)
	d.put(t, "orders-a.csv", "orderid,sku\n")
	d.put(t, "orders-b.csv.gz", zip.String()[:zip.Len()-8])
	d.put(t, "orders-c.csv", "")
	d.put(t, "orders-d.csv", orders)
	want := []string{"batches.csv done", "orders-a.csv failed", "orders-b.csv.gz failed", "orders-c.csv failed", "orders-d.csv done"}
	equal(t, "what was taken", d.take(t), want)
	if report := d.read(t, "failed/"+at+"000Z_orders-a.csv.report.txt"); !strings.Contains(report, "the first line lacks qty") || !strings.Contains(report, "the first line must name the columns") {
		t.Errorf("the report says %q", report)
	}
}

func TestAFileIsTakenWhenItNoLongerChanges(t *testing.T) {
	d := newDrop(t)
	b := d.open(t)
	var taken []string
	look := func() {
		if err := b.Take(t.Context(), false, func(f inbox.Taken) { taken = append(taken, f.File) }); err != nil {
			t.Fatal(err)
		}
	}
	d.put(t, "batches.csv", stock[:20])
	look()
	d.put(t, "batches.csv", stock)
	look()
	if taken != nil {
		t.Errorf("it was taken while it was written: %q", taken)
	}
	look()
	equal(t, "what was taken", taken, []string{"batches.csv"})
}

func TestWhatCantBeDoneAtPresentIsDoneLater(t *testing.T) {
	d := newDrop(t)
	d.put(t, "batches.csv", stock)
	d.broken = errors.New("nobody listens")
	b := d.open(t)
	if err := b.Take(t.Context(), true, func(f inbox.Taken) { t.Errorf("taken: %+v", f) }); !errors.Is(err, d.broken) {
		t.Errorf("error %v, want %v", err, d.broken)
	}
	equal(t, "files", d.files(t), []string{".inbox/claimed/" + at + "000Z_batches.csv"})
	d.broken = nil
	var taken []string
	if err := b.Take(t.Context(), false, func(f inbox.Taken) { taken = append(taken, f.File) }); err != nil {
		t.Fatal(err)
	}
	equal(t, "what was taken", taken, []string{"batches.csv"})
}

// A run is killed between any two steps: it is as if it had ended before the
// last of them.
func TestTheNextRunPutsAwayWhatTheLastHasImported(t *testing.T) {
	d := newDrop(t)
	d.put(t, "batches.csv", stock)
	d.take(t)
	name := at + "000Z_batches.csv"
	if err := os.Rename(filepath.Join(d.folder, "done", name), filepath.Join(d.folder, ".inbox/claimed", name)); err != nil {
		t.Fatal(err)
	}
	equal(t, "what was taken", d.take(t), nil)
	if !slices.Contains(d.files(t), "done/"+name) {
		t.Errorf("files: %q", d.files(t))
	}
}

func TestLinksAndFoldersAreNotTaken(t *testing.T) {
	d, outside := newDrop(t), t.TempDir()
	d.put(t, "remarks.txt", stock)
	for name, target := range map[string]string{"batches-1.csv": "remarks.txt", "batches-2.csv": outside} {
		if err := os.Symlink(target, filepath.Join(d.folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(d.folder, "orders.csv"), 0o755); err != nil {
		t.Fatal(err)
	}
	equal(t, "what was taken", d.take(t), nil)
}

func TestAnInboxHasOneReader(t *testing.T) {
	d := newDrop(t)
	d.open(t)
	if _, err := inbox.Open(d.folder, inbox.Options{}); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("error %v, want that somebody has it", err)
	}
}
