package domain

// The state that follows from events. Stores write it, the memory store is
// nothing else, and verify compares it with the tables.

// LineAfter returns the line that an event is about as the event left it;
// false if it says nothing of where a line stands.
func LineAfter(e Event) (Line, bool) {
	switch e := e.(type) {
	case Allocated:
		return Line{OrderLine: OrderLine{e.OrderID, e.SKU, e.Qty}, Seq: e.Seq, Status: StatusAllocated, BatchRef: e.BatchRef, Promise: e.Promise}, true
	case Backordered:
		return Line{OrderLine: OrderLine{e.OrderID, e.SKU, e.Qty}, Seq: e.Seq, Status: StatusBackordered}, true
	case LineCancelled:
		return Line{OrderLine: OrderLine{e.OrderID, e.SKU, e.Qty}, Seq: e.Seq, Status: StatusCancelled}, true
	}
	return Line{}, false
}

// BatchOf names the batch whose numbers an event changes; "" if it changes none.
func BatchOf(e Event) string {
	switch e := e.(type) {
	case BatchCreated:
		return e.Ref
	case BatchQuantityChanged:
		return e.Ref
	case Allocated:
		return e.BatchRef
	case Deallocated:
		return e.BatchRef
	}
	return ""
}

// After returns the batch as an event left it, b being what it was before.
func (b Batch) After(e Event) Batch {
	switch e := e.(type) {
	case BatchCreated:
		return Batch{Seq: e.Seq, Ref: e.Ref, SKU: e.SKU, Purchased: e.Qty, ETA: e.ETA, FirstQty: e.Qty, FirstETA: e.ETA}
	case BatchQuantityChanged:
		b.Purchased = e.Qty
	case Allocated:
		b.Allocated += e.Qty
	case Deallocated:
		b.Allocated -= e.Qty
	}
	return b
}

// After returns the product's own numbers as an event left them; before is
// where the line that the event is about stood until then.
func (s Snapshot) After(e Event, before Status) Snapshot {
	s.Version++
	wasBackordered, isBackordered := before == StatusBackordered, false
	switch e := e.(type) {
	case ProductDescribed:
		s.Description = e.Description
		return s
	case BatchCreated, BatchQuantityChanged:
		s.OutOfStock = false
		return s
	case OutOfStock:
		s.OutOfStock = true
		return s
	case Deallocated:
		return s
	case Backordered:
		isBackordered = true
	}
	if wasBackordered {
		s.Backorders--
	}
	if isBackordered {
		s.Backorders++
	}
	return s
}
