package domain

// The state that follows from events. Stores write it, the memory store is
// nothing else, and verify compares it with the tables.

// LineOf names the order whose line, of the event's SKU, an event changes; ""
// if it changes none.
func LineOf(e Event) string {
	switch e := e.(type) {
	case Allocated:
		return e.OrderID
	case Backordered:
		return e.OrderID
	case LineCancelled:
		return e.OrderID
	case PromiseChanged:
		return e.OrderID
	case LineShipped:
		return e.OrderID
	case LineReturned:
		return e.OrderID
	case LineAmended:
		return e.OrderID
	case LineTermsChanged:
		return e.OrderID
	case HoldExtended:
		return e.OrderID
	case HoldConfirmed:
		return e.OrderID
	case HoldEnded:
		return e.OrderID
	}
	return ""
}

// Places reports whether an event is the reason for where its line stands from
// then on.
func Places(e Event) bool {
	switch e.(type) {
	case Allocated, Backordered, LineCancelled, HoldEnded:
		return true
	}
	return false
}

// After returns the line as an event about it left it, l being what it was
// before; zero if it is new.
func (l Line) After(e Event) Line {
	switch e := e.(type) {
	case Allocated:
		l = l.anew().accepted(OrderLine{e.OrderID, e.SKU, e.Qty}, e.Seq, e.Priority, e.RequiredBy)
		l.Wishes = e.Wished.Wishes()
		l.Status, l.BatchRef, l.Promise, l.HeldUntil = StatusAllocated, e.BatchRef, e.Promise, e.HeldUntil
		if e.HeldUntil != 0 {
			l.Status = StatusHeld
		}
		if !l.Promised {
			l.Promised, l.FirstPromise = true, e.Promise
		}
	case Backordered:
		l = l.anew().accepted(OrderLine{e.OrderID, e.SKU, e.Qty}, e.Seq, e.Priority, e.RequiredBy)
		l.Wishes = e.Wished.Wishes()
		l = l.without(StatusBackordered)
	case LineCancelled:
		l = l.accepted(OrderLine{e.OrderID, e.SKU, e.Qty}, e.Seq, l.Priority, l.RequiredBy)
		l = l.without(StatusCancelled)
	case HoldEnded:
		l = l.accepted(OrderLine{e.OrderID, e.SKU, e.Qty}, e.Seq, l.Priority, l.RequiredBy)
		l = l.without(StatusExpired)
	case PromiseChanged:
		l.Promise = e.Promise
	case LineShipped:
		l.Shipped = e.Shipped
		if e.Left == 0 {
			l.Status = StatusShipped
		}
	case LineReturned:
		l.Returned = e.Returned
	case LineAmended:
		l.Qty = e.Qty
	case LineTermsChanged:
		l.Priority, l.RequiredBy, l.Frozen = e.Priority, e.RequiredBy, e.Frozen
	case HoldExtended:
		l.HeldUntil = e.HeldUntil
	case HoldConfirmed:
		l.Status, l.HeldUntil = StatusAllocated, 0
	}
	return l
}

// anew is the line, which starts afresh if its hold had ended.
func (l Line) anew() Line {
	if l.Status == StatusExpired {
		return Line{}
	}
	return l
}

// accepted is the line with what an event says of it that may be the first; of
// its quantity, the event knows only what was not shipped.
func (l Line) accepted(open OrderLine, seq int64, priority Priority, requiredBy Date) Line {
	l.OrderLine, l.Seq, l.Priority, l.RequiredBy = open, seq, priority, requiredBy
	l.Qty += l.Shipped
	if l.FirstQty == 0 {
		l.FirstQty = l.Qty
	}
	return l
}

// without is the line in a state in which it has no stock.
func (l Line) without(s Status) Line {
	l.Status, l.BatchRef, l.Promise, l.HeldUntil = s, "", 0, 0
	return l
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
	case LineShipped:
		return e.BatchRef
	case LineReturned:
		return e.BatchRef
	case LineAmended:
		return e.BatchRef
	}
	return RescheduledBatch(e)
}

// RescheduledBatch names the batch that from an event on comes on another day,
// lies elsewhere, keeps longer or less long, or takes lines when it didn't, or
// the other way round; "" if none does.
func RescheduledBatch(e Event) string {
	switch e := e.(type) {
	case BatchETAChanged:
		return e.Ref
	case BatchReceived:
		return e.Ref
	case BatchClosed:
		return e.Ref
	case BatchReopened:
		return e.Ref
	case BatchRelabelled:
		return e.Ref
	}
	return ""
}

// After returns the batch as an event left it, b being what it was before.
func (b Batch) After(e Event) Batch {
	switch e := e.(type) {
	case BatchCreated:
		return Batch{
			Seq: e.Seq, Ref: e.Ref, SKU: e.SKU, Purchased: e.Qty, ETA: e.ETA, Location: e.Location, UseBy: e.UseBy,
			FirstQty: e.Qty, FirstETA: e.ETA, FirstLocation: e.Location, FirstUseBy: e.UseBy,
		}
	case BatchQuantityChanged:
		b.Purchased = e.Qty
	case BatchETAChanged:
		b.ETA = e.ETA
	case BatchReceived:
		b.ETA = 0
	case BatchClosed:
		b.Closed = true
	case BatchReopened:
		b.Closed = false
	case BatchRelabelled:
		b.Location, b.UseBy = e.Location, e.UseBy
	case Allocated:
		b.Allocated += e.Qty
	case Deallocated:
		b.Allocated -= e.Qty
	case LineShipped:
		b.Allocated -= e.Qty
		b.Shipped += e.Qty
	case LineReturned:
		b.Purchased += e.Qty
	case LineAmended:
		b.Allocated += e.Qty - e.Previous
	}
	return b
}

// After returns the product's own numbers as an event left them; before and
// after are where the line that the event is about stood until then and stands
// now, if it is about one.
func (s Snapshot) After(e Event, before, after Status) Snapshot {
	s.Version++
	switch e := e.(type) {
	case ProductDescribed:
		s.Description = e.Description
	case BatchCreated, BatchQuantityChanged, BatchClosed, BatchReopened, BatchRelabelled, LineReturned:
		s.OutOfStock = false
	case PolicySet:
		policy, _ := PolicyNamed(e.Policy)
		s.Policy, s.SafetyStock, s.OutOfStock = policy.kept(), e.SafetyStock, false
	case OutOfStock:
		s.OutOfStock = true
	case FillingBegan:
		s.Filling = Filling{e.Cause, e.By}
	case FillingEnded:
		s.Filling = Filling{}
	}
	if before == StatusBackordered {
		s.Backorders--
	}
	if after == StatusBackordered {
		s.Backorders++
	}
	return s
}
