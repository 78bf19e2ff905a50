package domain

import "fmt"

// Amendment is what is to change about a line.
type Amendment struct {
	Qty        Change[int] // in all
	Priority   Change[Priority]
	RequiredBy Change[Date]
	Frozen     Change[bool] // re-planning leaves the line where it is
	MayMove    bool         // the line may lose its place for the new quantity
}

// AmendLine changes a line. A smaller quantity frees stock for those who wait;
// a larger one takes it from the batch of the line. If that has too little, the
// line moves to another batch or waits, but only if it may. The same again
// changes nothing.
func (p *Product) AmendLine(line Line, to Amendment) (Placement, error) {
	switch line.Status {
	case StatusCancelled:
		return Placement{}, line.cancelled()
	case StatusExpired:
		return Placement{}, line.ended()
	}
	was := p.mark()
	terms, amended := p.setTerms(line, to)
	answer := terms.placement()
	if qty := to.Qty.of(line.Qty); qty != line.Qty {
		var err error
		if answer, err = p.resize(terms, qty, to.MayMove); err != nil {
			*p = was
			return Placement{}, err
		}
		amended = true
	}
	answer.Replayed = !amended
	return answer, nil
}

func (p *Product) setTerms(line Line, to Amendment) (_ Line, changed bool) {
	e := LineTermsChanged{
		OrderID: line.OrderID, SKU: p.sku,
		Priority: to.Priority.of(line.Priority), RequiredBy: to.RequiredBy.of(line.RequiredBy), Frozen: to.Frozen.of(line.Frozen),
	}
	after := line.After(e)
	if after == line {
		return line, false
	}
	p.record(e)
	return after, true
}

func (p *Product) resize(line Line, qty int, mayMove bool) (Placement, error) {
	switch {
	case line.Status == StatusShipped:
		return Placement{}, conflict(CodeLineShipped, "order more under another order id, or take goods back",
			"all of the line of order %q for %q was shipped: %s", line.OrderID, line.SKU, units(line.Qty))
	case qty <= line.Shipped:
		return Placement{}, conflict(CodeBelowShipped, "write more than that; to drop what was not shipped, cancel the line",
			"the line of order %q for %q can't be made %s: %s left already", line.OrderID, line.SKU, units(qty), units(line.Shipped))
	case line.Status == StatusBackordered:
		return p.resizeBackorder(line, qty), nil
	}
	found, err := p.batchOf(line)
	if err != nil {
		return Placement{}, err
	}
	b, more := *found, qty-line.Qty
	if more > 0 && (more > b.Room() || p.expired(&b)) {
		return p.outgrow(line, qty, b, mayMove)
	}
	p.take(b, more)
	answer := p.about(line, LineAmended{OrderID: line.OrderID, SKU: p.sku, Qty: qty, Previous: line.Qty, BatchRef: b.Ref})
	if more < 0 {
		p.offer(Amended, line.OrderID)
	}
	return answer, nil
}

// resizeBackorder changes a line that waits, which may fit a batch then. While
// the product is filling it keeps its place in the queue.
func (p *Product) resizeBackorder(line Line, qty int) Placement {
	line = p.amended(line, qty)
	why := p.because(Amended, "")
	if b := p.chooseNew(&line, &why); b != nil {
		p.backorders--
		return p.allocate(line, *b, why, "")
	}
	answer := line.placement()
	answer.LargestFit = p.LargestFit(line)
	return answer
}

// amended is the line with another quantity, for which nobody gives stock yet.
func (p *Product) amended(line Line, qty int) Line {
	e := LineAmended{OrderID: line.OrderID, SKU: p.sku, Qty: qty, Previous: line.Qty}
	p.record(e)
	return line.After(e)
}

// outgrow has a line leave its batch b, which has too little for it.
func (p *Product) outgrow(line Line, qty int, b Batch, mayMove bool) (Placement, error) {
	why, larger := p.because(Amended, ""), line
	larger.Qty = qty
	to := p.choose(&larger, &Why{})
	if !mayMove || to == nil && line.Status == StatusHeld {
		return Placement{}, wouldMove(line, qty, b, to)
	}
	p.take(b, -line.Open())
	p.lost(line, Amended, to)
	line = p.amended(line, qty)
	defer p.offer(Amended, line.OrderID)
	if to = p.choose(&line, &why); to != nil {
		return p.allocate(line, *to, why, b.Ref), nil
	}
	p.ranOut(line)
	return p.backorder(line, why), nil
}

func wouldMove(line Line, qty int, b Batch, to *Batch) error {
	then, hint := "the line would wait for stock", "say that the line may move, or order the rest under another order id"
	switch {
	case to != nil && to.ETA == 0:
		then = fmt.Sprintf("the line would move to batch %s, which is in the warehouse", to.Ref)
	case to != nil:
		then = fmt.Sprintf("the line would move to batch %s, which comes on %s", to.Ref, to.ETA)
	case line.Status == StatusHeld:
		then, hint = "no other can take the line, and a hold doesn't wait", "hold less"
	}
	return conflict(CodeLineWouldMove, hint, "order %q wants %d more %s, and batch %q has room for %d: %s", line.OrderID, qty-line.Qty, unit(qty-line.Qty), b.Ref, b.Room(), then)
}
