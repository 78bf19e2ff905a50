package domain

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Product is an aggregate: the stock of one SKU, changed together or not at all.
//
// It holds the batches with stock left and a few counters, never its past
// allocations: its size doesn't grow with the orders it has served.
//
// Methods that fail leave the product as it was.
type Product struct {
	sku         string
	description string  // for people
	version     int64   // number of the events in its life
	batches     []Batch // in order of preference; drafts share it, see draft.go
	backorders  int     // lines that wait
	outOfStock  bool    // a line found no stock since the supply last changed

	edits     []Batch       // what this draft made of some batches
	editOf    map[int64]int // where in edits, by Seq; nil as long as there are few
	displaced int           // lines taken out of a batch and not yet placed
	events    []Event       // recorded since PopEvents
}

// NewProduct returns a product without stock.
func NewProduct(sku string) *Product { return &Product{sku: sku} }

// SKU identifies the product.
func (p *Product) SKU() string { return p.sku }

// Version is the number of events in the product's life. Storage uses it to
// refuse stale writes.
func (p *Product) Version() int64 { return p.version }

// Describe gives the product a name for people. The same name again changes
// nothing, but for a product that is new.
func (p *Product) Describe(description string) Described {
	answer := Described{SKU: p.sku, Description: description}
	if answer.Replayed = p.description == description && p.version > 0; !answer.Replayed {
		p.description = description
		p.record(ProductDescribed{SKU: p.sku, Description: description})
	}
	return answer
}

// AddBatch adds stock that was bought, with the Seq, Ref, SKU, Purchased and
// ETA of b. Adding the same batch again changes nothing; a batch of the same
// reference but other content is a batch_conflict.
func (p *Product) AddBatch(b Batch) (Batched, error) {
	if known := p.find(b.Ref); known != nil {
		if !known.sameContent(b) {
			return Batched{}, BatchConflict(*known)
		}
		return Batched{Batch: *known, Replayed: true}, nil
	}
	b.Allocated, b.FirstQty, b.FirstETA = 0, b.Purchased, b.ETA
	p.insert(b)
	p.edit(b)
	p.record(BatchCreated{Ref: b.Ref, SKU: p.sku, Qty: b.Purchased, ETA: b.ETA, Seq: b.Seq})
	p.outOfStock = false
	p.offer(BatchArrived, b.Ref)
	return Batched{Batch: b}, nil
}

// BatchConflict says that a batch exists with other content.
func BatchConflict(known Batch) error {
	eta := "in the warehouse"
	if known.ETA != 0 {
		eta = "with ETA " + known.ETA.String()
	}
	return conflict(CodeBatchConflict, "use another reference, or change the batch",
		"batch %q exists already: %d units of %q, %s", known.Ref, known.Purchased, known.SKU, eta)
}

// Allocate gives line stock from the first batch, in order of preference, that
// can take it whole. If none can, the line is kept as a backorder or refused,
// as onShortage says.
//
// known is the line as it was accepted before, or zero: a line that stands
// already is answered, not placed again. seq is its place of acceptance if it
// is new.
func (p *Product) Allocate(line OrderLine, onShortage Shortage, known Line, seq int64) (Placement, error) {
	if known.Exists() {
		return p.repeat(known, line)
	}
	why := Why{Rule: Earliest, Cause: Ordered}
	if b := p.choose(line.Qty, &why); b != nil {
		return p.allocate(Line{OrderLine: line, Seq: seq}, *b, why, ""), nil
	}
	p.ranOut(line)
	if onShortage == Refuse {
		return Placement{Status: StatusRefused, Why: why, LargestFit: p.largestFit()}, nil
	}
	return p.backorder(Line{OrderLine: line, Seq: seq}, why), nil
}

// repeat answers a request for a line that was accepted before.
func (p *Product) repeat(known Line, again OrderLine) (Placement, error) {
	answer, err := known.repeat(again)
	if answer.Status == StatusBackordered {
		answer.LargestFit = p.largestFit()
	}
	return answer, err
}

// ChangeBatchQuantity sets how much of a batch was purchased. If more of it is
// allocated, the batch gives up lines, drawn from newest, which yields its
// lines latest first, until what is left fits; it draws no more than it needs.
// The signal LinesDisplaced hands them to whoever places them anew.
func (p *Product) ChangeBatchQuantity(ref string, qty int, newest iter.Seq2[Line, error]) (Batched, error) {
	found := p.find(ref)
	if found == nil {
		return Batched{}, UnknownBatch(ref)
	}
	b, previous := *found, found.Purchased
	if previous == qty {
		return Batched{Batch: b, Replayed: true}, nil
	}
	b.Purchased = qty
	lines, err := b.release(newest)
	if err != nil {
		return Batched{}, err
	}
	p.edit(b)
	p.record(BatchQuantityChanged{Ref: ref, SKU: p.sku, Qty: qty, Previous: previous})
	p.outOfStock = false
	if qty > previous {
		p.offer(BatchEnlarged, ref)
	}
	if len(lines) > 0 {
		p.displaced += len(lines)
		p.record(LinesDisplaced{SKU: p.sku, BatchRef: ref, Lines: lines})
	}
	return Batched{Batch: b}, nil
}

// release takes lines out of b, latest first, until it holds no more than was
// purchased. It returns them oldest first.
func (b *Batch) release(newest iter.Seq2[Line, error]) (lines []Line, _ error) {
	if b.Available() >= 0 {
		return nil, nil
	}
	for line, err := range newest {
		if err != nil {
			return nil, err
		}
		b.Allocated -= line.Qty
		lines = append(lines, line)
		if b.Available() >= 0 {
			slices.Reverse(lines)
			return lines, nil
		}
	}
	return nil, fmt.Errorf("batch %s counts %d units more as allocated than its lines have: run allot verify", b.Ref, -b.Available())
}

// Reallocate places the lines that a shrunken batch gave up, oldest first, in
// any batch. A line that ends where it was has not moved; one that finds no
// stock becomes a backorder.
func (p *Product) Reallocate(e LinesDisplaced) {
	p.displaced -= len(e.Lines)
	for _, line := range e.Lines {
		why := Why{Rule: Earliest, Cause: BatchShrunk, By: e.BatchRef}
		b := p.choose(line.Qty, &why)
		switch {
		case b == nil:
			p.deallocated(line, BatchShrunk)
			p.ranOut(line.OrderLine)
			p.backorder(line, why)
		case b.Ref == e.BatchRef:
			p.take(*b, line.Qty)
		default:
			p.deallocated(line, BatchShrunk)
			p.allocate(line, *b, why, e.BatchRef)
		}
	}
	p.offer(BatchShrunk, e.BatchRef)
}

// FillBackorders gives stock to lines that wait, in the order of queue; a line
// that doesn't fit is passed over.
func (p *Product) FillBackorders(e StockAvailable, queue iter.Seq2[Line, error]) error {
	was := p.mark()
	for line, err := range queue {
		if err != nil {
			*p = was
			return err
		}
		why := Why{Rule: Earliest, Cause: e.Cause, By: e.By}
		if b := p.choose(line.Qty, &why); b != nil {
			p.backorders--
			p.allocate(line, *b, why, "")
		} else if p.largestFit() == 0 {
			return nil
		}
	}
	return nil
}

// CancelLine takes a line back. What it had goes to those who wait.
func (p *Product) CancelLine(line Line) (Placement, error) {
	switch line.Status {
	case StatusCancelled:
		return line.placement(), nil
	case StatusBackordered:
		p.backorders--
		p.record(LineCancelled{OrderID: line.OrderID, SKU: p.sku, Qty: line.Qty, Seq: line.Seq})
	default:
		b := p.find(line.BatchRef)
		if b == nil {
			return Placement{}, errors.New("cancel a line of a batch that is not at hand: " + line.BatchRef)
		}
		p.take(*b, -line.Qty)
		p.deallocated(line, Cancelled)
		p.record(LineCancelled{OrderID: line.OrderID, SKU: p.sku, Qty: line.Qty, Seq: line.Seq})
		p.offer(Cancelled, line.OrderID)
	}
	return Placement{Status: StatusCancelled}, nil
}

// choose returns the batch that a line of qty goes to, or nil, and notes in why
// what it passed over.
func (p *Product) choose(qty int, why *Why) *Batch {
	for i := range p.batches {
		b := p.at(i)
		if b.Available() >= qty {
			return b
		}
		if b.Available() > 0 {
			why.passOver(b)
		}
	}
	return nil
}

func (p *Product) allocate(line Line, b Batch, why Why, movedFrom string) Placement {
	p.take(b, line.Qty)
	p.record(Allocated{OrderID: line.OrderID, SKU: p.sku, Qty: line.Qty, BatchRef: b.Ref, Promise: b.ETA, MovedFrom: movedFrom, Seq: line.Seq, Why: why})
	return Placement{Status: StatusAllocated, BatchRef: b.Ref, Promise: b.ETA, Why: why}
}

func (p *Product) take(b Batch, qty int) {
	b.Allocated += qty
	p.edit(b)
}

func (p *Product) backorder(line Line, why Why) Placement {
	p.backorders++
	p.record(Backordered{OrderID: line.OrderID, SKU: p.sku, Qty: line.Qty, Seq: line.Seq, Why: why})
	return Placement{Status: StatusBackordered, Why: why, LargestFit: p.largestFit()}
}

func (p *Product) deallocated(line Line, reason Cause) {
	p.record(Deallocated{OrderID: line.OrderID, SKU: p.sku, Qty: line.Qty, BatchRef: line.BatchRef, Reason: reason})
}

// ranOut records OutOfStock, once until the supply changes.
func (p *Product) ranOut(line OrderLine) {
	if !p.outOfStock {
		p.outOfStock = true
		p.record(OutOfStock{SKU: p.sku, OrderID: line.OrderID, Qty: line.Qty, LargestFit: p.largestFit()})
	}
}

// offer signals that there may be stock for lines that wait, if any do.
func (p *Product) offer(cause Cause, by string) {
	if p.backorders > 0 && p.largestFit() > 0 {
		p.record(StockAvailable{SKU: p.sku, Cause: cause, By: by})
	}
}

// largestFit is the largest line that one batch could take.
func (p *Product) largestFit() (most int) {
	for i := range p.batches {
		most = max(most, p.at(i).Available())
	}
	return most
}

// PopEvents returns the events recorded since it was last called.
func (p *Product) PopEvents() []Event {
	events := p.events
	p.events = nil
	return events
}

func (p *Product) record(e Event) { p.events = append(p.events, e) }

// Batch returns a batch that the product has at hand: one with stock left, or
// one that it was told of.
func (p *Product) Batch(ref string) (Batch, bool) {
	if b := p.find(ref); b != nil {
		return *b, true
	}
	return Batch{}, false
}

func (p *Product) find(ref string) *Batch {
	for i := range p.batches {
		if p.batches[i].Ref == ref {
			return p.at(i)
		}
	}
	return nil
}
