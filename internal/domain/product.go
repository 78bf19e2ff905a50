package domain

import "errors"

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
	policy      *Policy
	safetyStock int  // units in the warehouse that new lines don't get
	today       Date // as of which use-by dates count
	filling     Filling

	edits     []Batch       // what this draft made of some batches
	editOf    map[int64]int // where in edits, by Seq; nil as long as there are few
	filled    int           // lines that this draft gave stock for which they waited
	displaced int           // lines taken out of a batch and not yet placed
	events    []Event       // recorded since PopEvents
	touched   bool          // this draft has recorded an event
}

// NewProduct returns a product without stock.
func NewProduct(sku string) *Product { return &Product{sku: sku, policy: earliest} }

// SKU identifies the product.
func (p *Product) SKU() string { return p.sku }

// Version is the number of events in the product's life. Storage uses it to
// refuse stale writes.
func (p *Product) Version() int64 { return p.version }

// Describe gives the product a name for people. The same name again changes
// nothing, but for a product that is new.
func (p *Product) Describe(description string) Described {
	answer := Described{SKU: p.sku, Description: description}
	if answer.Replayed = p.description == description && (p.version > 0 || p.touched); !answer.Replayed {
		p.description = description
		p.record(ProductDescribed{SKU: p.sku, Description: description})
	}
	return answer
}

// AddBatch adds stock that was bought, with the Seq, Ref, SKU, Purchased, ETA,
// Location and UseBy of b. Adding the same batch again changes nothing; a batch of the same
// reference but other content is a batch_conflict.
func (p *Product) AddBatch(b Batch) (Batched, error) {
	if known := p.find(b.Ref); known != nil {
		if !known.sameContent(b) {
			return Batched{}, BatchConflict(*known)
		}
		return Batched{Batch: *known, Replayed: true}, nil
	}
	created := BatchCreated{Ref: b.Ref, SKU: p.sku, Qty: b.Purchased, ETA: b.ETA, Seq: b.Seq, Location: b.Location, UseBy: b.UseBy}
	b = b.After(created)
	p.insert(b)
	p.edit(b)
	p.record(created)
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
	if known.Location != "" {
		eta += ", at " + known.Location
	}
	if known.UseBy != 0 {
		eta += ", to be used by " + known.UseBy.String()
	}
	return conflict(CodeBatchConflict, "use another reference, or change the batch",
		"batch %q exists already: %s of %q, %s", known.Ref, units(known.Purchased), known.SKU, eta)
}

// Allocate gives line, which is new, stock from the batch that the policy of
// the product has it get. If none can take it whole, the line is kept as a
// backorder or refused, as onShortage says; a hold is refused. So it is while the
// product is filling, whatever there is.
//
// known is the line as it was accepted before, or zero: a line that stands
// already is answered, not placed again. The Seq of line counts if it is new.
func (p *Product) Allocate(line Line, onShortage Shortage, known Line) (Placement, error) {
	if known.Exists() && known.Status != StatusExpired {
		return p.repeat(known, line)
	}
	why := p.because(Ordered, "")
	if b := p.chooseNew(&line, &why); b != nil {
		return p.allocate(line, *b, why, ""), nil
	}
	p.ranOut(line)
	if onShortage == Refuse || line.HeldUntil != 0 {
		return Placement{Status: StatusRefused, Why: why, LargestFit: p.LargestFit(line)}, nil
	}
	return p.backorder(line, why), nil
}

// repeat answers a request for a line that was accepted before. Who orders what
// is held confirms the hold; who holds it again sets how long.
func (p *Product) repeat(known, again Line) (Placement, error) {
	switch {
	case known.Status == StatusCancelled:
		return Placement{}, known.cancelled()
	case again.Qty != known.Qty && again.Qty != known.FirstQty:
		return Placement{}, known.conflict(again.OrderLine)
	case known.Status == StatusHeld && again.HeldUntil == 0:
		return p.ConfirmHold(known)
	case known.Status == StatusHeld && again.HeldUntil != known.HeldUntil:
		return p.extendHold(known, again.HeldUntil), nil
	}
	answer := known.replay()
	if answer.Status == StatusBackordered {
		answer.LargestFit = p.LargestFit(known)
	}
	return answer, nil
}

// CancelLine takes back what of a line was not shipped yet, for good. What it
// had goes to those who wait.
func (p *Product) CancelLine(line Line) (Placement, error) {
	switch line.Status {
	case StatusCancelled:
		return line.replay(), nil
	case StatusShipped:
		return Placement{}, conflict(CodeLineShipped, "take the goods back instead", "all of the line of order %q for %q was shipped", line.OrderID, line.SKU)
	case StatusBackordered:
		p.backorders--
		p.cancelled(line)
	case StatusExpired:
		p.cancelled(line)
	default:
		if err := p.free(line, Cancelled); err != nil {
			return Placement{}, err
		}
		p.cancelled(line)
		p.offer(Cancelled, line.OrderID)
	}
	return Placement{Status: StatusCancelled, Shipped: line.Shipped}, nil
}

func (p *Product) cancelled(line Line) {
	p.record(LineCancelled{OrderID: line.OrderID, SKU: p.sku, Qty: line.Open(), Seq: line.Seq})
}

// free takes what a line has back into its batch.
func (p *Product) free(line Line, reason Cause) error {
	b, err := p.batchOf(line)
	if err != nil {
		return err
	}
	p.take(*b, -line.Open())
	p.deallocated(line, reason)
	return nil
}

// batchOf is the batch of a line, which must be at hand.
func (p *Product) batchOf(line Line) (*Batch, error) {
	if b := p.find(line.BatchRef); b != nil {
		return b, nil
	}
	return nil, errors.New("change a line of a batch that is not at hand: " + line.BatchRef)
}

// because is the reason for what is placed by the policy of the product.
func (p *Product) because(cause Cause, by string) Why {
	return Why{Rule: p.policy.Name, Cause: cause, By: by}
}

// choose returns the batch that what is open of a line goes to, or nil, and
// notes in why what it passed over. Every placing asks it.
func (p *Product) choose(line *Line, why *Why) *Batch { return p.chooseWith(line, why, "") }

// chooseWith is choose for a line of the batch own, which may return there even
// if it is closed.
func (p *Product) chooseWith(line *Line, why *Why, own string) *Batch {
	if p.policy == earliest && p.safetyStock == 0 && line.Wishes == (Wishes{}) {
		return p.next(line.Open(), why, own)
	}
	c := p.choiceFor(*line, own, *why)
	b := p.policy.choose(&c)
	*why = c.why
	return b
}

// next is the choice of the usual policy for a line without wishes: batches
// stand in its order, so that it need not look at them all.
func (p *Product) next(qty int, why *Why, own string) *Batch {
	for i := range p.batches {
		b := p.at(i)
		room := b.Room()
		if b.Closed && b.Ref == own {
			room = b.Available()
		}
		expired := b.UseBy != 0 && p.expired(b)
		switch {
		case room >= qty && !expired:
			return b
		case room > 0 && expired:
			why.passOver(b, Expired)
		case room > 0:
			why.passOver(b, TooLittle)
		}
	}
	return nil
}

func (p *Product) allocate(line Line, b Batch, why Why, movedFrom string) Placement {
	p.take(b, line.Open())
	return p.allocated(line, b, why, movedFrom)
}

// allocated records that a line was given stock of b.
func (p *Product) allocated(line Line, b Batch, why Why, movedFrom string) Placement {
	p.record(Allocated{
		OrderID: line.OrderID, SKU: p.sku, Qty: line.Open(), BatchRef: b.Ref, Promise: b.ETA, MovedFrom: movedFrom, HeldUntil: line.HeldUntil,
		Priority: line.Priority, RequiredBy: line.RequiredBy, Wished: line.Wishes.Told(), Seq: line.Seq, Why: why,
	})
	status := StatusAllocated
	if line.HeldUntil != 0 {
		status = StatusHeld
	}
	return Placement{Status: status, BatchRef: b.Ref, Promise: b.ETA, HeldUntil: line.HeldUntil, Shipped: line.Shipped, Why: why}
}

func (p *Product) take(b Batch, qty int) {
	b.Allocated += qty
	p.edit(b)
}

func (p *Product) backorder(line Line, why Why) Placement {
	p.backorders++
	p.record(Backordered{
		OrderID: line.OrderID, SKU: p.sku, Qty: line.Open(), Priority: line.Priority, RequiredBy: line.RequiredBy, Wished: line.Wishes.Told(), Seq: line.Seq, Why: why,
	})
	return Placement{Status: StatusBackordered, Shipped: line.Shipped, Why: why, LargestFit: p.LargestFit(line)}
}

func (p *Product) deallocated(line Line, reason Cause) {
	p.record(Deallocated{OrderID: line.OrderID, SKU: p.sku, Qty: line.Open(), BatchRef: line.BatchRef, Reason: reason})
}

// ranOut records OutOfStock, once until the supply changes. While the product is
// filling there is stock, and a line has to wait all the same.
func (p *Product) ranOut(line Line) {
	if !p.outOfStock && p.filling == (Filling{}) {
		p.outOfStock = true
		p.record(OutOfStock{SKU: p.sku, OrderID: line.OrderID, Qty: line.Qty, LargestFit: p.LargestFit(line)})
	}
}

// offer signals that there may be stock for lines that wait, if any do.
func (p *Product) offer(cause Cause, by string) {
	if p.backorders > 0 && p.largestRoom() > 0 {
		p.record(StockAvailable{SKU: p.sku, Cause: cause, By: by})
	}
}

// largestRoom is more than no line could take of one batch, whatever it asks for.
func (p *Product) largestRoom() (most int) {
	for i := range p.batches {
		most = max(most, p.at(i).Room())
	}
	return most
}

// PopEvents returns the events recorded since it was last called.
func (p *Product) PopEvents() []Event {
	events := p.events
	p.events = nil
	return events
}

func (p *Product) record(e Event) { p.events, p.touched = append(p.events, e), true }

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
