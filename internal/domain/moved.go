package domain

// Moved says where a line is that lost the stock it had, and what it was
// promised before. The zero Moved is of a line that gave its stock up.
type Moved struct {
	Status   Status `json:"status,omitempty"`
	BatchRef string `json:"batch_ref,omitempty"` // while it has one
	Promise  Date   `json:"promise,omitzero"`    // the ETA of that batch; none: it is in the warehouse
	Previous Date   `json:"previous_promise,omitzero"`
}

// Later reports whether the line comes later than was promised, or nobody knows
// when it comes.
func (m Moved) Later() bool {
	return m.Status == StatusBackordered || m.Status == StatusAllocated && m.Promise > m.Previous
}

// lost records that a line lost its stock, and moves to b, or nowhere.
func (p *Product) lost(line Line, reason Cause, b *Batch) {
	moved := Moved{Status: line.Status, Previous: line.Promise}
	switch {
	case b != nil:
		moved.BatchRef, moved.Promise = b.Ref, b.ETA
	case line.Status == StatusHeld:
		moved.Status = StatusExpired
	default:
		moved.Status = StatusBackordered
	}
	p.record(Deallocated{OrderID: line.OrderID, SKU: p.sku, Qty: line.Open(), BatchRef: line.BatchRef, Reason: reason, Moved: moved})
}
