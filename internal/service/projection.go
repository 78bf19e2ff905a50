package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"allot/internal/domain"
)

// Projection is the state that follows from events alone: what the tables
// must hold. The memory store is one; Verify compares one with the tables.
type Projection struct {
	Products map[string]domain.Snapshot // their own numbers, without batches
	Batches  map[string]domain.Batch    // by reference, all there ever were
	Lines    map[string]map[string]domain.Line
}

// NewProjection returns the state before the first event.
func NewProjection() *Projection {
	return &Projection{Products: map[string]domain.Snapshot{}, Batches: map[string]domain.Batch{}, Lines: map[string]map[string]domain.Line{}}
}

// Clone returns a copy that goes its own way.
func (p *Projection) Clone() *Projection {
	lines := make(map[string]map[string]domain.Line, len(p.Lines))
	for id, order := range p.Lines {
		lines[id] = maps.Clone(order)
	}
	return &Projection{Products: maps.Clone(p.Products), Batches: maps.Clone(p.Batches), Lines: lines}
}

// Apply moves the state on by one event.
func (p *Projection) Apply(e Envelope) {
	line, placed := domain.LineAfter(e.Event)
	var before domain.Status
	if placed {
		order := p.Lines[line.OrderID]
		if order == nil {
			order = map[string]domain.Line{}
			p.Lines[line.OrderID] = order
		}
		before = order[line.SKU].Status
		order[line.SKU] = line
	}
	if ref := domain.BatchOf(e.Event); ref != "" {
		p.Batches[ref] = p.Batches[ref].After(e.Event)
	}
	product := p.Products[e.SKU].After(e.Event, before)
	product.SKU = e.SKU
	p.Products[e.SKU] = product
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
	b.checkNobodyWaitsInVain(complain)
	return wrong
}

// compare holds the tables against the replay.
func (b *Book) compare(replayed *Projection, complain func(string, ...any)) {
	want := replayed.Products[b.SKU]
	if got := b.Product; got.Version != want.Version || got.Backorders != want.Backorders || got.OutOfStock != want.OutOfStock {
		complain("the product has version %d, %d backorders, out of stock %t; replay gives %d, %d, %t",
			got.Version, got.Backorders, got.OutOfStock, want.Version, want.Backorders, want.OutOfStock)
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
	backorders := 0
	for _, line := range b.Lines {
		switch line.Status {
		case domain.StatusAllocated:
			allocated[line.BatchRef] += line.Qty
		case domain.StatusBackordered:
			backorders++
		case domain.StatusCancelled:
		default:
			complain("line %s of order %s is %q, which is no state to stay in", line.SKU, line.OrderID, line.Status)
		}
	}
	if backorders != b.Product.Backorders {
		complain("%d lines wait; the product counts %d", backorders, b.Product.Backorders)
	}
	for _, batch := range b.Batches {
		if batch.Allocated != allocated[batch.Ref] {
			complain("batch %s counts %d units as allocated; its lines have %d", batch.Ref, batch.Allocated, allocated[batch.Ref])
		}
		if batch.Allocated < 0 || batch.Available() < 0 {
			complain("batch %s is oversold: %d of %d units are allocated", batch.Ref, batch.Allocated, batch.Purchased)
		}
		delete(allocated, batch.Ref)
	}
	for ref, qty := range allocated {
		complain("lines have %d units of batch %s, which is not a batch of this product", qty, ref)
	}
}

// checkReasons looks that each line names the last event about it as its reason.
func (b *Book) checkReasons(complain func(string, ...any)) {
	last := make(map[lineKey]int64, len(b.Lines))
	for _, e := range b.Events {
		if line, ok := domain.LineAfter(e.Event); ok {
			last[keyOf(line)] = e.Position
		}
	}
	for i, line := range b.Lines {
		if want := last[keyOf(line)]; b.LineWhys[i] != want {
			complain("line %s of order %s names event %d as its reason; the last about it is %d", line.SKU, line.OrderID, b.LineWhys[i], want)
		}
	}
}

// checkNobodyWaitsInVain looks for a line that waits although a batch could
// take it.
func (b *Book) checkNobodyWaitsInVain(complain func(string, ...any)) {
	if len(b.Batches) == 0 {
		return
	}
	best := slices.MaxFunc(b.Batches, func(x, y domain.Batch) int { return cmp.Compare(x.Available(), y.Available()) })
	for _, line := range b.Lines {
		if line.Status == domain.StatusBackordered && line.Qty <= best.Available() {
			complain("line %s of order %s waits for %d units, and batch %s has %d", line.SKU, line.OrderID, line.Qty, best.Ref, best.Available())
		}
	}
}
