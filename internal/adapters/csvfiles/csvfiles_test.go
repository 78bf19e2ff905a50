package csvfiles_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"allot/internal/adapters/csvfiles"
	"allot/internal/adapters/memory"
	"allot/internal/adapters/storetest"
	"allot/internal/domain"
	"allot/internal/service"
)

func open(t *testing.T) storetest.Store {
	t.Helper()
	s, _, err := csvfiles.Open(t.Context(), t.TempDir(), memory.New(), false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) { storetest.Run(t, open) }

func TestViews(t *testing.T) { storetest.Views(t, open) }

func TestSoakStore(t *testing.T) { storetest.Soak(t, open) }

// shop is a store and the folder that its files are in.
type shop struct {
	*csvfiles.Store
	bus *service.Bus
}

func reopen(t rapidT, folder string) shop {
	t.Helper()
	s, _, err := csvfiles.Open(context.Background(), folder, memory.New(), false)
	if err != nil {
		t.Fatal(err)
	}
	bus := service.NewBus(service.NewTransactor(s, 16, time.Now, nil))
	service.Register(bus)
	return shop{s, bus}
}

// rapidT is what *testing.T and *rapid.T have in common.
type rapidT interface {
	Helper()
	Fatal(args ...any)
}

func (s shop) send(commands ...domain.Message) (outcomes []service.Outcome[any]) {
	return slices.Collect(service.SendEach(context.Background(), s.bus, slices.Values(commands)))
}

// held is what a store has of stock and lines.
type held struct {
	Batches map[string][3]any // SKU, units, ETA
	Lines   map[string]string // "order SKU qty" -> batch, or how it stands
}

func (s shop) holds(t rapidT) held {
	t.Helper()
	h := held{map[string][3]any{}, map[string]string{}}
	for b, err := range s.Books(context.Background(), func(string) {}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, batch := range b.Batches {
			h.Batches[batch.Ref] = [3]any{batch.SKU, batch.Purchased, batch.ETA}
		}
		for _, l := range b.Lines {
			if l.Status == domain.StatusAllocated || l.Status == domain.StatusBackordered {
				h.Lines[fmt.Sprint(l.OrderID, " ", l.SKU, " ", l.Qty)] = string(l.Status) + " " + l.BatchRef
			}
		}
	}
	return h
}

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const stock = "ref,sku,qty,eta\nb1,LAMP,10,\nb2,LAMP,10,2011-01-01\n"

func TestWhatIsWrittenIsThereWhenItIsOpenedAgain(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		folder, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		var before held
		for range 3 {
			s := reopen(rt, folder)
			if diff := cmp.Diff(before, s.holds(rt), cmpopts.EquateEmpty()); diff != "" {
				rt.Fatalf("(-before +opened again):\n%s", diff)
			}
			s.send(rapid.SliceOfN(rapid.Custom(drawCommand), 0, 30).Draw(rt, "commands")...)
			before = s.holds(rt)
			if err := s.Close(); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

func drawCommand(rt *rapid.T) domain.Message {
	sku := rapid.SampledFrom([]string{"CHAIR", `LA"MP, old`}).Draw(rt, "sku")
	ref := fmt.Sprint("b", rapid.IntRange(1, 4).Draw(rt, "ref"))
	id := fmt.Sprint("o", rapid.IntRange(1, 9).Draw(rt, "order"))
	qty := rapid.IntRange(0, 9).Draw(rt, "qty")
	switch rapid.IntRange(0, 9).Draw(rt, "kind") {
	case 0, 1:
		return domain.CreateBatch{Ref: ref, SKU: sku, Qty: qty, ETA: rapid.SampledFrom([]domain.Date{0, domain.NewDate(2027, 1, 5)}).Draw(rt, "eta")}
	case 2:
		return domain.ChangeBatchQuantity{Ref: ref, Qty: qty}
	case 3:
		return domain.CancelLine{OrderID: id, SKU: sku}
	default:
		return domain.Allocate{OrderID: id, SKU: sku, Qty: qty}
	}
}

func TestNewAllocationsComeAfterThoseThatWereThere(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, csvfiles.Batches, stock)
	put(t, folder, csvfiles.Allocations, "orderid,sku,qty,batchref\nzebra,LAMP,3,b2\nape,LAMP,4,b1\n")
	s := reopen(t, folder)
	s.send(domain.Allocate{OrderID: "mule", SKU: "LAMP", Qty: 5}, domain.Allocate{OrderID: "bee", SKU: "LAMP", Qty: 40})
	want := "orderid,sku,qty,batchref\nzebra,LAMP,3,b2\nape,LAMP,4,b1\nmule,LAMP,5,b1\n"
	if got := read(t, folder, csvfiles.Allocations); got != want {
		t.Errorf("allocations are %q, want %q", got, want)
	}
	if got, want := read(t, folder, csvfiles.Backorders), "orderid,sku,qty,priority,required_by,location\nbee,LAMP,40,,,\n"; got != want {
		t.Errorf("backorders are %q, want %q", got, want)
	}
	if got := read(t, folder, csvfiles.Batches); got != stock {
		t.Errorf("batches were written anew: %q", got)
	}
}

func TestWhatChangesNothingWritesNothing(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, csvfiles.Batches, stock)
	put(t, folder, csvfiles.Allocations, "\ufeffbatch_ref;qty;sku;order_id\r\nb1;3;LAMP;o1\r\n")
	before := read(t, folder, csvfiles.Allocations)
	s := reopen(t, folder)
	s.send(domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 3}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 4})
	if got := read(t, folder, csvfiles.Allocations); got != before {
		t.Errorf("it was written anew: %q", got)
	}
	s.send(domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 4})
	if got, want := read(t, folder, csvfiles.Allocations), "orderid;sku;qty;batchref\no1;LAMP;3;b1\no2;LAMP;4;b1\n"; got != want {
		t.Errorf("its separator is not kept: %q, want %q", got, want)
	}
}

func TestALineInBothFilesHasStock(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, csvfiles.Batches, stock)
	put(t, folder, csvfiles.Allocations, "orderid,sku,qty,batchref\no1,LAMP,3,b1\n")
	put(t, folder, csvfiles.Backorders, "orderid,sku,qty\no1,LAMP,3\n")
	s := reopen(t, folder)
	if got := s.holds(t).Lines; len(got) != 1 || got["o1 LAMP 3"] != "allocated b1" {
		t.Errorf("lines: %v", got)
	}
}

func TestBadRowsAreNamedWithFileLineColumnAndRule(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, csvfiles.Batches, "ref,sku,qty,eta\nb1,LAMP,ten,\nb2,LAMP,10,soon\nb3,LAMP,10,\nb3,LAMP,10,\n,LAMP,1,\nb4,LAMP\nb5,\"LAMP,1,\n")
	put(t, folder, csvfiles.Allocations, "orderid,sku,qty,batchref\no1,LAMP,3,b9\no2,CHAIR,3,b3\no3,LAMP,8,b3\no3,LAMP,1,b3\no4,LAMP,3,b3\no5,LAMP,0,b3\n")
	put(t, folder, csvfiles.Backorders, "orderid,sku,qty,priority\no6,LAMP,3,high\no7,LAMP,3,12\n")
	_, _, err := csvfiles.Open(t.Context(), folder, memory.New(), false)
	want := []string{
		`batches.csv line 2, qty "ten": must be a whole number`,
		`batches.csv line 3, eta "soon": "soon" is not a date`,
		`batches.csv line 5, ref "b3": there is a batch of this reference in an earlier line`,
		`batches.csv line 6, ref "": ref is empty`,
		`batches.csv line 7: the row has 2 values, but the first line names 4 columns`,
		`batches.csv line 8: the quotes don't match`,
		`allocations.csv line 2, batchref "b9": there is no such batch in batches.csv`,
		`allocations.csv line 3, batchref "b3": that batch is of SKU "LAMP"`,
		`allocations.csv line 5, orderid "o3": the order has a line of this SKU in an earlier line`,
		`allocations.csv line 6, qty "3": batch b3 has 10 units, and the lines before take all but 2`,
		`allocations.csv line 7, qty "0": qty is 0`,
		`backorders.csv line 2, priority "high": must be a digit`,
		`backorders.csv line 3, priority "12": priority must lie between 0 and 9`,
	}
	bad, ok := errors.AsType[*csvfiles.BadRows](err)
	if !ok || len(bad.Rows) != len(want) {
		t.Fatalf("error %v", err)
	}
	for i, row := range bad.Rows {
		if !strings.HasPrefix(row.String(), want[i]) {
			t.Errorf("named as %q, want %q", row, want[i])
		}
	}
}

func TestBadBatchesCanBeLeftOutButAreNotWrittenOver(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, csvfiles.Batches, "ref,sku,qty,eta\nb1,LAMP,10,\nb2,LAMP,ten,\n")
	s, skipped, err := csvfiles.Open(t.Context(), folder, memory.New(), true)
	if err != nil || len(skipped) != 1 || skipped[0].Line != 3 {
		t.Fatalf("skipped %v, %v", skipped, err)
	}
	bus := service.NewBus(service.NewTransactor(s, 16, time.Now, nil))
	service.Register(bus)
	if _, err := service.Send(t.Context(), bus, domain.CreateBatch{Ref: "b3", SKU: "LAMP", Qty: 1}); err == nil {
		t.Error("a row that was left out was written over")
	}
	if _, err := service.Send(t.Context(), bus, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 1}); err != nil {
		t.Error(err)
	}
}

func TestAQuoteThatIsNeverClosedSpoilsItsOwnLineOnly(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, csvfiles.Batches, "ref,sku,qty,eta\nb1,LAMP,10,\nb2,\"LAMP,5,\nb3,LAMP,7,\nb4,CHAIR,9,\n")
	s, skipped, err := csvfiles.Open(t.Context(), folder, memory.New(), true)
	if err != nil || len(skipped) != 1 || skipped[0].Line != 3 {
		t.Fatalf("skipped %v, %v; want line 3", skipped, err)
	}
	for _, ref := range []string{"b1", "b3", "b4"} {
		if _, err := s.Batch(t.Context(), ref); err != nil {
			t.Errorf("batch %s: %v", ref, err)
		}
	}
}

func TestFilesThatAreNotOursAreRefused(t *testing.T) {
	for _, tt := range []struct{ name, text, says string }{
		{csvfiles.Batches, "", "must name the columns ref,sku,qty,eta"},
		{csvfiles.Batches, "sku,qty,eta\n", "lacks ref"},
		{csvfiles.Batches, "ref,sku,qty,eta,reference\n", `"ref" and "reference" mean the same`},
		{csvfiles.Batches, "\xff\xfer\x00", "save the file as CSV in UTF-8"},
		{csvfiles.Allocations, "orderid,sku,qty,batchref,remark\n", `column "remark" is not known, and would be lost`},
	} {
		folder := t.TempDir()
		put(t, folder, tt.name, tt.text)
		if _, _, err := csvfiles.Open(t.Context(), folder, memory.New(), true); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s %q: error %v, want %q", tt.name, tt.text, err, tt.says)
		}
	}
}

func TestOneProgramAtATime(t *testing.T) {
	folder := t.TempDir()
	s := reopen(t, folder)
	if _, _, err := csvfiles.Open(t.Context(), folder, memory.New(), false); domain.KindOf(err) != domain.Unavailable {
		t.Errorf("error %v, want that somebody else has it", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := reopen(t, folder).Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatSomebodyElseHasChangedIsNotReplaced(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, csvfiles.Batches, stock)
	s := reopen(t, folder)
	put(t, folder, csvfiles.Allocations, "mine")
	outcome := s.send(domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 1})[0]
	if domain.KindOf(outcome.Err) != domain.Unavailable || read(t, folder, csvfiles.Allocations) != "mine" {
		t.Errorf("outcome %v", outcome)
	}
	if got := s.holds(t).Lines; len(got) != 0 {
		t.Errorf("what could not be written is kept: %v", got)
	}
}

// The folder can't be written to: the files stay as they are, and what is told
// to nobody is not kept.
func TestWhatCantBeWrittenIsNotDone(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, csvfiles.Batches, stock)
	s := reopen(t, folder)
	s.send(domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 1})
	before := read(t, folder, csvfiles.Allocations)
	half := filepath.Join(folder, "."+csvfiles.Backorders+".tmp")
	if err := os.Mkdir(half, 0o755); err != nil { // in the way of the second file
		t.Fatal(err)
	}
	outcomes := s.send(domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 1}, domain.Allocate{OrderID: "o3", SKU: "LAMP", Qty: 100})
	if domain.KindOf(outcomes[0].Err) != domain.Unavailable || read(t, folder, csvfiles.Allocations) != before {
		t.Errorf("outcomes %v", outcomes)
	}
	if err := os.RemoveAll(half); err != nil {
		t.Fatal(err)
	}
	s.send(domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 2}, domain.Allocate{OrderID: "o3", SKU: "LAMP", Qty: 100})
	if got := read(t, folder, csvfiles.Allocations); got != before+"o2,LAMP,2,b1\n" {
		t.Errorf("afterwards: %q", got)
	}
}
