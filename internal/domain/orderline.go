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
	StatusHeld        Status = "held"      // allocated until a time, unless it is confirmed
	StatusShipped     Status = "shipped"   // in full
	StatusCancelled   Status = "cancelled" // for good
	StatusExpired     Status = "expired"   // of a hold that ended: the line may be asked for anew
	StatusRefused     Status = "refused"
)

// HasBatch reports whether a line in this state belongs to a batch.
func (s Status) HasBatch() bool {
	return s == StatusAllocated || s == StatusHeld || s == StatusShipped
}

// Line is an order line that was accepted, and where it stands. The zero Line
// is one that never was.
type Line struct {
	OrderLine
	Seq          int64 // its place of acceptance among all lines: its age, for life
	Status       Status
	BatchRef     string  // while allocated, held or shipped
	HeldUntil    Instant // while held
	Promise      Date    // the ETA of that batch; none: it is in the warehouse
	Promised     bool    // it was ever given stock
	FirstPromise Date    // what it was promised first, if Promised
	FirstQty     int     // as it was ordered
	Priority     Priority
	RequiredBy   Date // when it is needed; none: as soon as possible
	Shipped      int  // units, of Qty
	Returned     int  // units, of Shipped
	Frozen       bool // re-planning leaves it where it is
	Wishes
}

// Exists reports whether the line was ever accepted.
func (l Line) Exists() bool { return l.Seq != 0 }

// Open is the quantity that was not shipped yet.
func (l Line) Open() int { return l.Qty - l.Shipped }

// Placement is what became of a request for stock. It is an answer, not an
// error, also when there is no stock.
type Placement struct {
	Status     Status
	BatchRef   string
	Promise    Date    // when the stock comes; none: it is in the warehouse, or there is no batch
	HeldUntil  Instant // if held
	Shipped    int     // units of the line that were shipped, in all
	Why        Why     // empty if Replayed: the event log has the reason
	LargestFit int     // if backordered or refused: the largest line of this SKU that one batch could take
	Replayed   bool    // nothing was changed: it was so already
}

// placement is where the line stands.
func (l Line) placement() Placement {
	return Placement{Status: l.Status, BatchRef: l.BatchRef, Promise: l.Promise, HeldUntil: l.HeldUntil, Shipped: l.Shipped}
}

// replay is the answer to a request that was granted before.
func (l Line) replay() Placement {
	p := l.placement()
	p.Replayed = true
	return p
}

// cancelled, conflict and ended say why a line can't be what it is asked to be.

func (l Line) cancelled() error {
	return conflict(CodeLineCancelled, "use another order id: a cancelled line stays cancelled",
		"the line of order %q for %q was cancelled", l.OrderID, l.SKU)
}

func (l Line) conflict(again OrderLine) error {
	return conflict(CodeLineConflict, "amend the line, or order the rest under another order id",
		"order %q already has a line of %s of %q (%s%s), not %d", l.OrderID, units(l.Qty), l.SKU, l.Status, in(l.BatchRef), again.Qty)
}

func (l Line) ended() error {
	return conflict(CodeHoldEnded, "allocate the line again, if there is still stock",
		"the hold of order %q on %q has ended", l.OrderID, l.SKU)
}

func in(batchRef string) string {
	if batchRef == "" {
		return ""
	}
	return " in batch " + batchRef
}
