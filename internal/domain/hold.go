package domain

// ConfirmHold makes an order of what is held. Again, it changes nothing.
func (p *Product) ConfirmHold(line Line) (Placement, error) {
	switch line.Status {
	case StatusHeld:
		return p.about(line, HoldConfirmed{OrderID: line.OrderID, SKU: p.sku, Qty: line.Qty, BatchRef: line.BatchRef}), nil
	case StatusExpired:
		return Placement{}, line.ended()
	case StatusCancelled:
		return Placement{}, line.cancelled()
	}
	return line.replay(), nil
}

// ReleaseHold gives up what is held; it goes to those who wait. Again, it
// changes nothing. What is no hold any more is not released.
func (p *Product) ReleaseHold(line Line) (Placement, error) {
	switch line.Status {
	case StatusHeld:
		return p.giveUp(line, HoldReleased, 0)
	case StatusExpired, StatusCancelled:
		return line.replay(), nil
	}
	return Placement{}, conflict(CodeNotHeld, "cancel the line instead", "the line of order %q for %q is %s, not held", line.OrderID, line.SKU, line.Status)
}

// ExpireHold gives up what is held if its time is up at an instant, and does
// nothing otherwise.
func (p *Product) ExpireHold(line Line, at Instant) (Placement, error) {
	if line.Status != StatusHeld || line.HeldUntil > at {
		return line.replay(), nil
	}
	return p.giveUp(line, HoldExpired, at)
}

func (p *Product) giveUp(line Line, reason Cause, at Instant) (Placement, error) {
	if err := p.free(line, reason); err != nil {
		return Placement{}, err
	}
	answer := p.endHold(line, reason, at)
	p.offer(reason, line.OrderID)
	return answer, nil
}

func (p *Product) endHold(line Line, reason Cause, at Instant) Placement {
	return p.about(line, HoldEnded{OrderID: line.OrderID, SKU: p.sku, Qty: line.Open(), Seq: line.Seq, Reason: reason, At: at})
}

func (p *Product) extendHold(line Line, until Instant) Placement {
	return p.about(line, HoldExtended{OrderID: line.OrderID, SKU: p.sku, HeldUntil: until, Previous: line.HeldUntil})
}
