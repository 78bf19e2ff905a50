package storetest

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allot/internal/domain"
	"allot/internal/service"
)

var readerRules = []rule{
	{"finds a product with its open batches and its numbers", findsProducts},
	{"finds a product only if it is not as known", findsWhatIsNew},
	{"finds batches by reference, used up or not", findsBatches},
	{"finds lines, whatever became of them", findsLines},
	{"finds nothing where there is nothing", findsNothing},
	{"finds any number of things at once", findsMany},
	{"yields the lines of a batch latest first", linesLatestFirst},
	{"yields the lines that wait oldest first", backordersInOrder},
	{"may stop, and ask something else meanwhile", asksInBetween},
	{"of a snapshot sees what was committed before, and nothing else", snapshotStays},
}

// everyReader runs check on both kinds of readers.
func everyReader(t *testing.T, s Store, check func(context.Context, *testing.T, service.Reader)) {
	t.Run("in a transaction", func(t *testing.T) {
		err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
			check(ctx, t, tx)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("in a snapshot", func(t *testing.T) {
		err := s.View(t.Context(), func(ctx context.Context, r service.Reader) error {
			check(ctx, t, r)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// expectFound compares what was found, whatever its order, but for the numbers
// that stores give out.
func expectFound(t *testing.T, got, want service.Found) {
	t.Helper()
	opts := cmp.Options{
		cmpopts.EquateEmpty(),
		cmpopts.IgnoreFields(domain.Batch{}, "Seq"), cmpopts.IgnoreFields(domain.Line{}, "Seq"),
		cmpopts.SortSlices(func(a, b domain.Snapshot) bool { return a.SKU < b.SKU }),
		cmpopts.SortSlices(func(a, b domain.Batch) bool { return a.Ref < b.Ref }),
		cmpopts.SortSlices(func(a, b domain.Line) bool { return a.OrderID+a.SKU < b.OrderID+b.SKU }),
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("found something else (-want +got):\n%s", diff)
	}
}

var december, january = domain.NewDate(2026, 12, 1), domain.NewDate(2027, 1, 5)

// full has a product with a batch that is used up and one that isn't, and a
// line of every kind.
func full(t *testing.T, s Store) {
	do(t, s,
		domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"},
		batch("used up", "CHAIR", 4), batch("at sea", "CHAIR", 10, december),
		order("order-1", "CHAIR", 4), order("order-2", "CHAIR", 3), order("order-3", "CHAIR", 30), order("order-4", "CHAIR", 2),
		cancel("order-4", "CHAIR"), batch("b9", "LAMP", 1), order("order-1", "LAMP", 1),
	)
}

func findsProducts(t *testing.T, s Store) {
	full(t, s)
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		expectFound(t, must(r.Load(ctx, chair()))(t), service.Found{Products: []domain.Snapshot{{
			SKU: "CHAIR", Description: "A chair", Version: 10, Backorders: 1, OutOfStock: true,
			Batches: []domain.Batch{{Ref: "at sea", SKU: "CHAIR", Purchased: 10, Allocated: 3, ETA: december, FirstQty: 10, FirstETA: december}},
		}}})
	})
}

func findsWhatIsNew(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 5), order("order-1", "CHAIR", 1)) // version 2
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		for known, want := range map[int64]int{0: 1, 1: 1, 2: 0, 3: 1} {
			if found := must(r.Load(ctx, chair(known)))(t).Products; len(found) != want {
				t.Errorf("version 2, with %d known, was found %d times, want %d", known, len(found), want)
			}
		}
	})
}

func findsBatches(t *testing.T, s Store) {
	full(t, s)
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		expectFound(t, must(r.Load(ctx, service.Want{Batches: []string{"used up", "at sea", "nowhere"}}))(t), service.Found{Batches: []domain.Batch{
			{Ref: "used up", SKU: "CHAIR", Purchased: 4, Allocated: 4, FirstQty: 4},
			{Ref: "at sea", SKU: "CHAIR", Purchased: 10, Allocated: 3, ETA: december, FirstQty: 10, FirstETA: december},
		}})
	})
}

func findsLines(t *testing.T, s Store) {
	full(t, s)
	line := func(id, sku string, qty int) domain.OrderLine {
		return domain.OrderLine{OrderID: id, SKU: sku, Qty: qty}
	}
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		expectFound(t, must(r.Load(ctx, service.Want{Lines: []service.LineID{
			{OrderID: "order-1", SKU: "CHAIR"}, {OrderID: "order-1", SKU: "LAMP"}, {OrderID: "order-2", SKU: "CHAIR"}, {OrderID: "order-3", SKU: "CHAIR"}, {OrderID: "order-4", SKU: "CHAIR"}, {OrderID: "order-4", SKU: "LAMP"},
		}}))(t), service.Found{Lines: []domain.Line{
			{OrderLine: line("order-1", "CHAIR", 4), Status: domain.StatusAllocated, BatchRef: "used up", Promised: true, FirstQty: 4},
			{OrderLine: line("order-1", "LAMP", 1), Status: domain.StatusAllocated, BatchRef: "b9", Promised: true, FirstQty: 1},
			{OrderLine: line("order-2", "CHAIR", 3), Status: domain.StatusAllocated, BatchRef: "at sea", Promise: december, Promised: true, FirstPromise: december, FirstQty: 3},
			{OrderLine: line("order-3", "CHAIR", 30), Status: domain.StatusBackordered, FirstQty: 30},
			{OrderLine: line("order-4", "CHAIR", 2), Status: domain.StatusCancelled, Promised: true, FirstPromise: december, FirstQty: 2},
		}})
	})
}

func findsNothing(t *testing.T, s Store) {
	full(t, s)
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		expectFound(t, must(r.Load(ctx, service.Want{}))(t), service.Found{})
		expectFound(t, must(r.Load(ctx, service.Want{
			Products: []service.Known{{SKU: "chair"}, {SKU: "TABLE", Version: 3}}, Batches: []string{"b1"}, Lines: []service.LineID{{OrderID: "ORDER-1", SKU: "CHAIR"}},
		}))(t), service.Found{})
		equal(t, "the lines of a batch that there isn't", orders(t, r.LinesOf(ctx, "nowhere")), nil)
		equal(t, "the backorders of a product that there isn't", orders(t, r.Backorders(ctx, "TABLE")), nil)
	})
}

func findsMany(t *testing.T, s Store) {
	const most = 200
	var commands []domain.Message
	for i := range most {
		sku := fmt.Sprint("SKU-", i)
		commands = append(commands, batch(fmt.Sprint("batch-", i), sku, 1), order(fmt.Sprint("order-", i), sku, 2))
	}
	do(t, s, commands...)
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		for _, n := range []int{1, 2, 7, 8, 9, 63, 64, 65, 73, 129, most} {
			var want service.Want
			for i := range n {
				want.Products = append(want.Products, service.Known{SKU: fmt.Sprint("SKU-", i)})
				want.Batches = append(want.Batches, fmt.Sprint("batch-", i))
				want.Lines = append(want.Lines, service.LineID{OrderID: fmt.Sprint("order-", i), SKU: fmt.Sprint("SKU-", i)})
			}
			found := must(r.Load(ctx, want))(t)
			if len(found.Products) != n || len(found.Batches) != n || len(found.Lines) != n {
				t.Errorf("of %d each, %d products, %d batches and %d lines were found", n, len(found.Products), len(found.Batches), len(found.Lines))
			}
			for _, p := range found.Products {
				if len(p.Batches) != 1 || p.Batches[0].SKU != p.SKU {
					t.Errorf("%s was found with batches %+v", p.SKU, p.Batches)
				}
			}
		}
	})
}

// orders are the order ids of lines, as they come.
func orders(t *testing.T, lines iter.Seq2[domain.Line, error]) (ids []string) {
	t.Helper()
	for line, err := range lines {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, line.OrderID)
	}
	return ids
}

// queued has lines of four orders in batch b1, whose ids say nothing of their
// age, and of three that wait.
func queued(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 4), batch("b2", "LAMP", 4), order("o-4", "CHAIR", 1), order("o-1", "CHAIR", 1), order("o-2", "LAMP", 1))
	do(t, s, order("o-3", "CHAIR", 1), order("o-2", "CHAIR", 1), order("o-9", "CHAIR", 2), order("o-7", "CHAIR", 1))
	do(t, s, order("o-8", "CHAIR", 1), order("o-5", "CHAIR", 1), cancel("o-5", "CHAIR"))
}

func linesLatestFirst(t *testing.T, s Store) {
	queued(t, s)
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		equal(t, "the list", orders(t, r.LinesOf(ctx, "b1")), []string{"o-2", "o-3", "o-1", "o-4"})
	})
	do(t, s, cancel("o-3", "CHAIR")) // which gives o-7 its place
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		equal(t, "the list", orders(t, r.LinesOf(ctx, "b1")), []string{"o-7", "o-2", "o-1", "o-4"})
	})
}

func backordersInOrder(t *testing.T, s Store) {
	queued(t, s)
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		equal(t, "the queue", orders(t, r.Backorders(ctx, "CHAIR")), []string{"o-9", "o-7", "o-8"})
	})
	do(t, s, change("b1", 2)) // o-3 and o-2 lose their places, not their age
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		equal(t, "the queue", orders(t, r.Backorders(ctx, "CHAIR")), []string{"o-3", "o-2", "o-9", "o-7", "o-8"})
	})
}

func asksInBetween(t *testing.T, s Store) {
	queued(t, s)
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		var met []string
		for line, err := range r.LinesOf(ctx, "b1") {
			if err != nil {
				t.Fatal(err)
			}
			met = append(met, line.OrderID)
			met = append(met, orders(t, r.Backorders(ctx, "CHAIR"))[:1]...)
			if n := len(must(r.Load(ctx, chair()))(t).Products); n != 1 {
				t.Errorf("%d products were found", n)
			}
			if len(met) == 4 {
				break
			}
		}
		equal(t, "what was met", met, []string{"o-2", "o-9", "o-3", "o-9"})
	})
}

func snapshotStays(t *testing.T, s Store) {
	for i := range 5 {
		do(t, s, batch(fmt.Sprint("b", i), "CHAIR", 2), order(fmt.Sprint("o", i), "CHAIR", 1))
		err := s.View(t.Context(), func(ctx context.Context, r service.Reader) error {
			before := must(r.Load(ctx, chair()))(t)
			if version := before.Products[0].Version; version != int64(3*i)+2 {
				t.Errorf("version %d was seen, which was not the last", version)
			}
			do(t, s, order(fmt.Sprint("meanwhile ", i), "CHAIR", 1)) // nobody is kept from writing
			equal(t, "the snapshot", must(r.Load(ctx, chair()))(t), before)
			equal(t, "an order since", must(r.Load(ctx, service.Want{Lines: []service.LineID{{OrderID: fmt.Sprint("meanwhile ", i), SKU: "CHAIR"}}}))(t), service.Found{})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
