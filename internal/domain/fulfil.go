package domain

// ShipLine says that of a line so many units were shipped, in all; 0 means the
// whole line. The rest stays allocated. The same again changes nothing.
func (p *Product) ShipLine(line Line, shipped int) (Placement, error) {
	if shipped == 0 {
		shipped = line.Qty
	}
	switch {
	case line.Status == StatusCancelled && shipped != line.Shipped:
		return Placement{}, line.cancelled()
	case shipped > line.Qty:
		return Placement{}, conflict(CodeTooManyUnits, "amend the line first", "the line of order %q for %q has %s; %d can't be shipped", line.OrderID, line.SKU, units(line.Qty), shipped)
	case shipped < line.Shipped:
		return Placement{}, conflict(CodeBelowShipped, "say how many were shipped in all; to take goods back, return them",
			"%s of the line of order %q for %q left already, not %d", units(line.Shipped), line.OrderID, line.SKU, shipped)
	case shipped == line.Shipped:
		return line.replay(), nil
	case line.Status != StatusAllocated:
		return Placement{}, conflict(CodeNothingToShip, "look up the line: only what is allocated can be shipped",
			"the line of order %q for %q is %s", line.OrderID, line.SKU, line.Status)
	}
	found, err := p.batchOf(line)
	if err != nil {
		return Placement{}, err
	}
	b := *found
	if b.ETA != 0 {
		return Placement{}, notArrived(b)
	}
	n := shipped - line.Shipped
	b.Allocated -= n
	b.Shipped += n
	p.edit(b)
	return p.about(line, LineShipped{OrderID: line.OrderID, SKU: p.sku, Qty: n, BatchRef: b.Ref, Shipped: shipped, Left: line.Qty - shipped}), nil
}

// ReturnLine says that of what was shipped of a line so many units came back,
// in all, into the batch ref, or that of the line if it is empty. The same
// again changes nothing. What came back goes to those who wait.
func (p *Product) ReturnLine(line Line, returned int, ref string) (Placement, error) {
	switch {
	case returned > line.Shipped:
		return Placement{}, conflict(CodeTooManyUnits, "return at most what was shipped",
			"%s of the line of order %q for %q left; %d can't come back", units(line.Shipped), line.OrderID, line.SKU, returned)
	case returned < line.Returned:
		return Placement{}, conflict(CodeTooManyUnits, "say how many came back in all",
			"%s of the line of order %q for %q came back already, not %d", units(line.Returned), line.OrderID, line.SKU, returned)
	case returned == line.Returned:
		return line.replay(), nil
	case ref == "" && line.BatchRef == "":
		return Placement{}, invalid("batch_ref", "name the batch that the goods go to", "is missing: the line has no batch any more")
	}
	if ref == "" {
		ref = line.BatchRef
	}
	found := p.find(ref)
	if found == nil {
		return Placement{}, UnknownBatch(ref)
	}
	b, n := *found, returned-line.Returned
	switch {
	case b.ETA != 0:
		return Placement{}, notArrived(b)
	case n > MaxQty-b.Purchased:
		return Placement{}, conflict(CodeTooManyUnits, "return the goods into another batch", "batch %q would have had more than %d units", b.Ref, MaxQty)
	}
	b.Purchased += n
	p.edit(b)
	p.outOfStock = false
	answer := p.about(line, LineReturned{OrderID: line.OrderID, SKU: p.sku, Qty: n, BatchRef: b.Ref, Returned: returned})
	p.offer(Returned, line.OrderID)
	return answer, nil
}

func notArrived(b Batch) error {
	return conflict(CodeBatchNotArrived, "receive the batch first", "batch %q is not here yet: it comes on %s", b.Ref, b.ETA)
}

// about records what happened to a line, and answers where it stands now.
func (p *Product) about(line Line, e Event) Placement {
	p.record(e)
	return line.After(e).placement()
}
