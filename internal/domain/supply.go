package domain

import (
	"fmt"
	"iter"
	"slices"
)

// ChangeBatchQuantity sets how much of a batch was purchased. If more of it is
// allocated, the batch gives up lines, drawn from lines, which yields them in
// the order in which they lose their place, until what is left fits; it draws
// no more than it needs. The signal LinesDisplaced hands them to whoever places
// them anew.
func (p *Product) ChangeBatchQuantity(ref string, qty int, lines iter.Seq2[Line, error]) (Batched, error) {
	return p.ChangeBatch(ref, To(qty), Change[Date]{}, lines)
}

// ChangeBatch sets how much of a batch was purchased, as ChangeBatchQuantity
// does, and when it comes. A batch that slips keeps its lines: the promise of
// each moves with it.
func (p *Product) ChangeBatch(ref string, qty Change[int], eta Change[Date], lines iter.Seq2[Line, error]) (Batched, error) {
	found := p.find(ref)
	if found == nil {
		return Batched{}, UnknownBatch(ref)
	}
	return p.change(*found, qty, eta, Rescheduled, lines)
}

// ReceiveBatch says that a batch has arrived, with the quantity that really
// came if it is given. Again, it changes nothing.
func (p *Product) ReceiveBatch(ref string, qty Change[int], lines iter.Seq2[Line, error]) (Batched, error) {
	found := p.find(ref)
	if found == nil {
		return Batched{}, UnknownBatch(ref)
	}
	if b := *found; b.ETA == 0 && qty.of(b.Purchased) != b.Purchased {
		return Batched{}, conflict(CodeBatchArrived, "change the quantity of the batch instead",
			"batch %q has arrived already, with %s, not %d", ref, units(b.Purchased), qty.To)
	}
	return p.change(*found, qty, To(Date(0)), Received, lines)
}

func (p *Product) change(was Batch, qty Change[int], eta Change[Date], cause Cause, lines iter.Seq2[Line, error]) (Batched, error) {
	b := was
	b.Purchased, b.ETA = qty.of(was.Purchased), eta.of(was.ETA)
	if b == was {
		return Batched{Batch: b, Replayed: true}, nil
	}
	if b.Purchased < b.Shipped {
		return Batched{}, conflict(CodeBelowShipped, "take goods back first, or set at least what was shipped",
			"%s of batch %q left already; it can't have had %d", units(b.Shipped), b.Ref, b.Purchased)
	}
	if b.ETA != 0 && b.ETA != was.ETA && b.Shipped > 0 {
		return Batched{}, conflict(CodeBatchArrived, "create another batch for what is still to come",
			"batch %q is here: %s of it left already", b.Ref, units(b.Shipped))
	}
	displaced, kept, err := b.release(lines, b.ETA != was.ETA)
	if err != nil {
		return Batched{}, err
	}
	if b.ETA != was.ETA {
		p.move(was, b)
	} else {
		cause = ""
	}
	p.edit(b)
	p.changed(was, b, cause)
	for _, line := range kept {
		p.promise(line, b, cause)
	}
	switch {
	case b.Purchased > was.Purchased:
		p.offer(BatchEnlarged, b.Ref)
	case b.ETA != was.ETA && len(displaced) == 0 && (b.UseBy != 0 || p.safetyStock > 0):
		p.offer(cause, b.Ref) // the day decides who may have it
	}
	if len(displaced) > 0 {
		p.displaced += len(displaced)
		p.record(LinesDisplaced{SKU: p.sku, BatchRef: b.Ref, Lines: displaced, Slip: cause})
	}
	return Batched{Batch: b}, nil
}

// changed records what is new about a batch.
func (p *Product) changed(was, b Batch, cause Cause) {
	if b.Purchased != was.Purchased {
		p.outOfStock = false
		p.record(BatchQuantityChanged{Ref: b.Ref, SKU: p.sku, Qty: b.Purchased, Previous: was.Purchased})
	}
	if b.ETA == was.ETA {
		return
	}
	if cause == Received {
		p.record(BatchReceived{Ref: b.Ref, SKU: p.sku, Qty: b.Purchased, Previous: was.ETA})
		return
	}
	p.record(BatchETAChanged{Ref: b.Ref, SKU: p.sku, ETA: b.ETA, Previous: was.ETA})
}

// promise records that a line is promised for another day, if it is.
func (p *Product) promise(line Line, b Batch, cause Cause) {
	if line.Promise != b.ETA {
		p.record(PromiseChanged{OrderID: line.OrderID, SKU: p.sku, Qty: line.Open(), BatchRef: b.Ref, Promise: b.ETA, Previous: line.Promise, Cause: cause})
	}
}

// release takes lines out of b until it holds no more than was purchased. It
// returns them, and the rest if all is set, in the order in which they are
// served.
func (b *Batch) release(lines iter.Seq2[Line, error], all bool) (displaced, kept []Line, _ error) {
	if b.Available() >= 0 && !all {
		return nil, nil, nil
	}
	for line, err := range lines {
		if err != nil {
			return nil, nil, err
		}
		if b.Available() >= 0 {
			kept = append(kept, line)
			continue
		}
		b.Allocated -= line.Open()
		displaced = append(displaced, line)
		if b.Available() >= 0 && !all {
			break
		}
	}
	if b.Available() < 0 {
		return nil, nil, fmt.Errorf("batch %s counts %s more as allocated than its lines have: run allot verify", b.Ref, units(-b.Available()))
	}
	slices.Reverse(displaced)
	slices.Reverse(kept)
	return displaced, kept, nil
}

// Reallocate places the lines that a shrunken batch gave up, those served first
// first, in any batch. A line that ends where it was has not moved; one that
// finds no stock becomes a backorder, or loses its hold.
func (p *Product) Reallocate(e LinesDisplaced) {
	p.displaced -= len(e.Lines)
	for _, line := range e.Lines {
		why := p.because(BatchShrunk, e.BatchRef)
		b := p.chooseWith(&line, &why, e.BatchRef)
		switch {
		case b == nil:
			p.lost(line, BatchShrunk, nil)
			p.ranOut(line)
			if line.Status == StatusHeld {
				p.endHold(line, BatchShrunk, 0)
			} else {
				p.backorder(line, why)
			}
		case b.Ref == e.BatchRef:
			b := *b
			p.take(b, line.Open())
			p.promise(line, b, e.Slip)
		default:
			p.lost(line, BatchShrunk, b)
			p.allocate(line, *b, why, e.BatchRef)
		}
	}
	p.offer(BatchShrunk, e.BatchRef)
}

// CloseBatch keeps a batch from taking new lines. It keeps those that it has.
// Again, it changes nothing.
func (p *Product) CloseBatch(ref string) (Batched, error) { return p.setClosed(ref, true) }

// ReopenBatch undoes CloseBatch. What is available goes to those who wait.
func (p *Product) ReopenBatch(ref string) (Batched, error) { return p.setClosed(ref, false) }

func (p *Product) setClosed(ref string, closed bool) (Batched, error) {
	found := p.find(ref)
	if found == nil {
		return Batched{}, UnknownBatch(ref)
	}
	b := *found
	if b.Closed == closed {
		return Batched{Batch: b, Replayed: true}, nil
	}
	b.Closed = closed
	p.edit(b)
	p.outOfStock = false
	if closed {
		p.record(BatchClosed{Ref: ref, SKU: p.sku})
		return Batched{Batch: b}, nil
	}
	p.record(BatchReopened{Ref: ref, SKU: p.sku})
	p.offer(Reopened, ref)
	return Batched{Batch: b}, nil
}
