package service_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

// sound is a book in which nothing is wrong: of CHAIR, with a batch that is
// used up, a batch with a unit left, and a line in every state.
func sound(t *testing.T) service.Book {
	t.Helper()
	s := newStore()
	do(t, newBus(s, 10),
		rename("CHAIR", "A chair"), batch("b1", 4), batch("b2", 3),
		order("o-1", 4), order("o-2", 2), order("o-3", 1), order("o-4", 5), domain.CancelLine{OrderID: "o-3", SKU: "CHAIR"},
	)
	return books(t, s)[0]
}

func TestASoundBookHasNoFaults(t *testing.T) {
	b := sound(t)
	equal(t, "what is wrong", b.Check(), nil)
	empty := service.Book{SKU: "CHAIR"}
	equal(t, "what is wrong with an empty book", empty.Check(), nil)
}

func TestVerifyFindsEveryDamage(t *testing.T) {
	for _, c := range []struct {
		damage string
		do     func(*service.Book)
		says   string
	}{
		{"an event is missing", func(b *service.Book) { b.Events = append(b.Events[:2:2], b.Events[3:]...) }, "event 4 has version 4, not 3: an event is missing or doubled"},
		{"the last event is missing", func(b *service.Book) { b.Events = b.Events[:len(b.Events)-1] }, "the product has version 10"},
		{"an event is doubled", func(b *service.Book) { b.Events = append(b.Events, b.Events[len(b.Events)-1]) }, "event 10 has version 10, not 11: an event is missing or doubled"},
		{"an event was changed", func(b *service.Book) {
			e := b.Events[1].Event.(domain.BatchCreated)
			e.Qty++
			b.Events[1].Event = e
		}, "batch b1 is {Seq:1 Ref:b1 SKU:CHAIR Purchased:4 "},
		{"the product is missing", func(b *service.Book) { b.Product = domain.Snapshot{} }, "the product has version 0, 0 backorders, out of stock false; replay gives 10, 1, true"},
		{"the version is wrong", func(b *service.Book) { b.Product.Version++ }, "the product has version 11"},
		{"the name is wrong", func(b *service.Book) { b.Product.Description = "A cheer" }, `the product is called "A cheer"; replay gives "A chair"`},
		{"the policy is wrong", func(b *service.Book) { b.Product.Policy = domain.FirstExpired }, `the product has policy "first_expired" and a safety stock of 0; replay gives "" and 0`},
		{"the safety stock is wrong", func(b *service.Book) { b.Product.SafetyStock = 3 }, `the product has policy "" and a safety stock of 3; replay gives "" and 0`},
		{"it is not known to be filled", func(b *service.Book) { b.Product.Filling.Cause = domain.Returned }, "the product is filling because of {Cause:returned By:}; replay gives {Cause: By:}"},
		{"a batch lies elsewhere", func(b *service.Book) { b.Batches[1].Location = "north" }, "batch b2 is {"},
		{"the backorders are miscounted", func(b *service.Book) { b.Product.Backorders++ }, "1 lines wait; the product counts 2"},
		{"it is not known to be short", func(b *service.Book) { b.Product.OutOfStock = false }, "the product has version 10, 1 backorders, out of stock false; replay gives 10, 1, true"},
		{"a batch is missing", func(b *service.Book) { b.Batches = b.Batches[1:] }, "lines have 4 units of batch b1, which is not a batch of this product"},
		{"a batch is doubled", func(b *service.Book) { b.Batches = append(b.Batches, b.Batches[0]) }, "there are 3 batches; replay gives 2"},
		{"a batch counts too few units", func(b *service.Book) { b.Batches[0].Allocated-- }, "batch b1 counts 3 units as allocated; its lines have 4"},
		{"a batch is oversold", func(b *service.Book) { b.Batches[0].Purchased-- }, "batch b1 is oversold: 4 of 3 units are allocated"},
		{"a batch owes units", func(b *service.Book) { b.Batches[0].Allocated = -1 }, "batch b1 is oversold: -1 of 4 units are allocated"},
		{"a batch has another ETA", func(b *service.Book) { b.Batches[1].ETA = domain.NewDate(2026, 12, 1) }, "batch b2 is {"},
		{"a line is missing", func(b *service.Book) { b.Lines, b.LineWhys = b.Lines[1:], b.LineWhys[1:] }, "there are 3 lines; replay gives 4"},
		{"a line is doubled", func(b *service.Book) {
			b.Lines, b.LineWhys = append(b.Lines, b.Lines[2]), append(b.LineWhys, b.LineWhys[2])
		}, "there are 5 lines; replay gives 4"},
		{"a line is in another batch", func(b *service.Book) { b.Lines[1].BatchRef = "b1" }, "batch b1 counts 4 units as allocated; its lines have 6"},
		{"a line has another quantity", func(b *service.Book) { b.Lines[2].Qty = 7 }, "line CHAIR of order o-3 is {"},
		{"a line has another age", func(b *service.Book) { b.Lines[2].Seq = 7 }, "line CHAIR of order o-3 is {"},
		{"a line is in no state", func(b *service.Book) { b.Lines[3].Status = "lost" }, `line CHAIR of order o-4 is "lost", which is no state to stay in`},
		{"a line names another reason", func(b *service.Book) { b.LineWhys[1] = 1 }, "line CHAIR of order o-2 names event 1 as its reason; the last about it is 5"},
		{"a line waits in vain", func(b *service.Book) { b.Lines[3].Qty = 1 }, "line CHAIR of order o-4 waits for 1 units, and batch b2 has 1"},
	} {
		t.Run(c.damage, func(t *testing.T) {
			b := sound(t)
			c.do(&b)
			if found := strings.Join(b.Check(), "\n"); !strings.Contains(found, "CHAIR: "+c.says) {
				t.Errorf("it found\n%s\nwant %q", found, c.says)
			}
		})
	}
}

// library is a store that shows books, and complains.
type library struct {
	books  []service.Book
	faults []string
	err    error
}

func (l library) Books(_ context.Context, fault func(string)) iter.Seq2[service.Book, error] {
	return func(yield func(service.Book, error) bool) {
		for _, f := range l.faults {
			fault(f)
		}
		for _, b := range l.books {
			if !yield(b, nil) {
				return
			}
		}
		if l.err != nil {
			yield(service.Book{}, l.err)
		}
	}
}

func TestVerifyCountsWhatItHasSeen(t *testing.T) {
	b := sound(t)
	var progress []int
	report, err := service.Verify(t.Context(), library{books: []service.Book{b, b}}, func(n int) { progress = append(progress, n) })
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the report", report, service.Report{Products: 2, Batches: 4, Lines: 8, Events: 20})
	equal(t, "the progress", progress, []int{10, 20})
}

func TestVerifyReportsSoManyFaultsAndNoMore(t *testing.T) {
	spoiled := sound(t)
	spoiled.Product.Version++
	l := library{books: []service.Book{spoiled}, faults: []string{"the file is torn"}}
	report, err := service.Verify(t.Context(), l, nil)
	if err != nil || len(report.Faults) != 2 || report.Faults[0] != "the file is torn" {
		t.Errorf("got %+v, %v", report, err)
	}
	for i := range 3 * service.MaxFaults {
		l.faults = append(l.faults, fmt.Sprint("fault ", i))
	}
	report, err = service.Verify(t.Context(), l, nil)
	if err != nil || len(report.Faults) != service.MaxFaults {
		t.Errorf("got %d faults, %v", len(report.Faults), err)
	}
}

func TestVerifyEndsWhenTheBooksCanNotBeRead(t *testing.T) {
	torn := errors.New("torn")
	report, err := service.Verify(t.Context(), library{books: []service.Book{sound(t)}, err: torn}, nil)
	if !errors.Is(err, torn) || report.Products != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestAProjectionGoesItsOwnWay(t *testing.T) {
	first := service.NewProjection()
	for _, e := range sound(t).Events {
		first.Apply(e)
	}
	second := first.Clone()
	equal(t, "the copy", second, first)
	second.Apply(service.Envelope{SKU: "CHAIR", Event: domain.LineCancelled{OrderID: "o-1", SKU: "CHAIR", Qty: 4, Seq: 1}})
	second.Apply(service.Envelope{SKU: "LAMP", Event: domain.BatchCreated{Ref: "b9", SKU: "LAMP", Qty: 1, Seq: 9}})
	if got := first.Lines["o-1"]["CHAIR"].Status; got != domain.StatusAllocated {
		t.Errorf("what was done to the copy is seen in the original: %s", got)
	}
	if _, ok := first.Batches["b9"]; ok || len(first.Products) != 1 {
		t.Error("what was done to the copy is seen in the original")
	}
}
