package service

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"allot/internal/domain"
)

// Audited is a store that shows its books.
type Audited interface {
	// Books yields the book of each product, as of one moment. Besides, it
	// reports what is wrong with the log or the tables as a whole.
	Books(ctx context.Context, fault func(string)) iter.Seq2[Book, error]
}

// Report is what Verify found.
type Report struct {
	Products, Batches, Lines, Events int
	Faults                           []string // nothing is wrong if there are none; at most MaxFaults
}

// MaxFaults is how many faults a report names.
const MaxFaults = 100

// Verify replays the event log, compares it with the tables and checks every
// invariant. progress, which may be nil, is called now and then with the
// number of events seen.
func Verify(ctx context.Context, store Audited, progress func(events int)) (r Report, _ error) {
	fault := func(s string) {
		if len(r.Faults) < MaxFaults {
			r.Faults = append(r.Faults, s)
		}
	}
	for book, err := range store.Books(ctx, fault) {
		if err != nil {
			return r, err
		}
		r.Products++
		r.Batches += len(book.Batches)
		r.Lines += len(book.Lines)
		r.Events += len(book.Events)
		for _, s := range book.Check() {
			fault(s)
		}
		if progress != nil {
			progress(r.Events)
		}
	}
	return r, nil
}

// Book is all that is known of one product: the events of its life, and the
// tables that they must give.
type Book struct {
	SKU      string
	Events   []Envelope      // in the order of the log
	Product  domain.Snapshot // without batches; zero if there is no such row
	Batches  []domain.Batch  // all, by Seq
	Lines    []domain.Line   // all, by Seq
	LineWhys []int64         // the position of the event that each line names as its reason
}

// Check returns what is wrong with the book, at most a few things of a kind.
func (b *Book) Check() (wrong []string) {
	complain := func(format string, args ...any) {
		if len(wrong) < 20 {
			wrong = append(wrong, fmt.Sprintf("%s: ", b.SKU)+fmt.Sprintf(format, args...))
		}
	}
	replayed := NewProjection()
	for i, e := range b.Events {
		if e.Version != int64(i)+1 {
			complain("event %d has version %d, not %d: an event is missing or doubled", e.Position, e.Version, i+1)
		}
		replayed.Apply(e)
	}
	b.compare(replayed, complain)
	b.checkCounters(complain)
	b.checkReasons(complain)
	b.checkBackorders(complain)
	return wrong
}

// compare holds the tables against the replay.
func (b *Book) compare(replayed *Projection, complain func(string, ...any)) {
	want := replayed.Products[b.SKU]
	if got := b.Product; got.Version != want.Version || got.Backorders != want.Backorders || got.OutOfStock != want.OutOfStock {
		complain("the product has version %d, %d backorders, out of stock %t; replay gives %d, %d, %t",
			got.Version, got.Backorders, got.OutOfStock, want.Version, want.Backorders, want.OutOfStock)
	}
	if got := b.Product; got.Policy != want.Policy || got.SafetyStock != want.SafetyStock {
		complain("the product has policy %q and a safety stock of %d; replay gives %q and %d", got.Policy, got.SafetyStock, want.Policy, want.SafetyStock)
	}
	if got := b.Product; got.Filling != want.Filling {
		complain("the product is filling because of %+v; replay gives %+v", got.Filling, want.Filling)
	}
	if got := b.Product; got.Description != want.Description {
		complain("the product is called %q; replay gives %q", got.Description, want.Description)
	}
	if len(b.Batches) != len(replayed.Batches) {
		complain("there are %d batches; replay gives %d", len(b.Batches), len(replayed.Batches))
	}
	for _, batch := range b.Batches {
		if want := replayed.Batches[batch.Ref]; batch != want {
			complain("batch %s is %+v; replay gives %+v", batch.Ref, batch, want)
		}
	}
	replayedLines := 0
	for _, order := range replayed.Lines {
		replayedLines += len(order)
	}
	if len(b.Lines) != replayedLines {
		complain("there are %d lines; replay gives %d", len(b.Lines), replayedLines)
	}
	for _, line := range b.Lines {
		if want := replayed.Lines[line.OrderID][line.SKU]; line != want {
			complain("line %s of order %s is %+v; replay gives %+v", line.SKU, line.OrderID, line, want)
		}
	}
}

// checkCounters holds the ledger against the counters.
func (b *Book) checkCounters(complain func(string, ...any)) {
	allocated := map[string]int{}
	backorders, shipped, left := 0, 0, 0
	for _, line := range b.Lines {
		shipped += line.Shipped
		switch line.Status {
		case domain.StatusAllocated, domain.StatusHeld:
			allocated[line.BatchRef] += line.Open()
		case domain.StatusBackordered:
			backorders++
		case domain.StatusCancelled, domain.StatusShipped, domain.StatusExpired:
		default:
			complain("line %s of order %s is %q, which is no state to stay in", line.SKU, line.OrderID, line.Status)
		}
	}
	if backorders != b.Product.Backorders {
		complain("%d lines wait; the product counts %d", backorders, b.Product.Backorders)
	}
	for _, batch := range b.Batches {
		left += batch.Shipped
		if batch.Allocated != allocated[batch.Ref] {
			complain("batch %s counts %d units as allocated; its lines have %d", batch.Ref, batch.Allocated, allocated[batch.Ref])
		}
		if batch.Allocated < 0 || batch.Shipped < 0 || batch.Available() < 0 {
			complain("batch %s is oversold: %d of %d units are allocated, %d shipped", batch.Ref, batch.Allocated, batch.Purchased, batch.Shipped)
		}
		delete(allocated, batch.Ref)
	}
	if shipped != left {
		complain("batches count %d units as shipped; lines count %d", left, shipped)
	}
	for ref, qty := range allocated {
		complain("lines have %d units of batch %s, which is not a batch of this product", qty, ref)
	}
}

// checkReasons looks that each line names the last event about it as its reason.
func (b *Book) checkReasons(complain func(string, ...any)) {
	last := make(map[lineKey]int64, len(b.Lines))
	for _, e := range b.Events {
		if domain.Places(e.Event) {
			last[lineKey{domain.LineOf(e.Event), e.SKU}] = e.Position
		}
	}
	for i, line := range b.Lines {
		if want := last[keyOf(line)]; b.LineWhys[i] != want {
			complain("line %s of order %s names event %d as its reason; the last about it is %d", line.SKU, line.OrderID, b.LineWhys[i], want)
		}
	}
}

// checkBackorders looks for a line that waits although a batch could
// take it. While the product is filling, some do.
func (b *Book) checkBackorders(complain func(string, ...any)) {
	if len(b.Batches) == 0 || b.Product.Filling != (domain.Filling{}) {
		return
	}
	best := slices.MaxFunc(b.Batches, func(x, y domain.Batch) int { return cmp.Compare(x.Room(), y.Room()) })
	at := b.Product
	at.Batches = slices.Clone(b.Batches)
	product := domain.Restore(at)
	product.AsOf(b.lastDay())
	for _, line := range b.Lines {
		if line.Status != domain.StatusBackordered || line.Open() > best.Room() {
			continue
		}
		if batch, fits := product.Choose(line); fits {
			complain("line %s of order %s waits for %d units, and batch %s has %d", line.SKU, line.OrderID, line.Open(), batch.Ref, batch.Room())
		}
	}
}

// lastDay is the day, somewhere on earth, when the last event happened. What a
// batch was too old for then, it is too old for now.
func (b *Book) lastDay() domain.Date {
	const easternmost = 14 * time.Hour
	if len(b.Events) == 0 {
		return 0
	}
	return domain.NewDate(b.Events[len(b.Events)-1].At.UTC().Add(easternmost).Date())
}
