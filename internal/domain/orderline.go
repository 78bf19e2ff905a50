package domain

// OrderLine is a value object: an order's demand for a quantity of one SKU.
// Lines with equal fields are the same line.
type OrderLine struct {
	OrderID string
	SKU     string
	Qty     int
}

// Status is where an accepted line stands.
type Status string

// The states of a line. Refused is only an answer: a refused line isn't kept.
const (
	StatusAllocated   Status = "allocated"
	StatusBackordered Status = "backordered"
	StatusCancelled   Status = "cancelled"
	StatusRefused     Status = "refused"
)

// Line is an order line that was accepted, and where it stands. The zero Line
// is one that never was.
type Line struct {
	OrderLine
	Seq      int64 // its place of acceptance among all lines: its age, for life
	Status   Status
	BatchRef string // while allocated
	Promise  Date   // the ETA of that batch; none: it is in the warehouse
}

// Exists reports whether the line was ever accepted.
func (l Line) Exists() bool { return l.Seq != 0 }

// Placement is what became of a request for stock. It is an answer, not an
// error, also when there is no stock.
type Placement struct {
	Status     Status
	BatchRef   string
	Promise    Date // when the stock comes; none: it is in the warehouse, or there is no batch
	Why        Why  // empty if Replayed: the event log has the reason
	LargestFit int  // if backordered or refused: the largest line of this SKU that one batch could take
	Replayed   bool // nothing was changed: it was so already
}

// placement is the answer to a request that was granted before.
func (l Line) placement() Placement {
	return Placement{Status: l.Status, BatchRef: l.BatchRef, Promise: l.Promise, Replayed: true}
}

// repeat answers a request for a line that was accepted before.
func (l Line) repeat(again OrderLine) (Placement, error) {
	switch {
	case l.Status == StatusCancelled:
		return Placement{}, conflict(CodeLineCancelled, "use another order id: a cancelled line stays cancelled",
			"the line of order %q for %q was cancelled", l.OrderID, l.SKU)
	case l.OrderLine != again:
		return Placement{}, conflict(CodeLineConflict, "cancel the line, or order the rest under another order id",
			"order %q already has a line of %d units of %q (%s%s), not %d", l.OrderID, l.Qty, l.SKU, l.Status, in(l.BatchRef), again.Qty)
	}
	return l.placement(), nil
}

func in(batchRef string) string {
	if batchRef == "" {
		return ""
	}
	return " in batch " + batchRef
}
