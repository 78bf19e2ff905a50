package wire

import (
	"allot/internal/domain"
	"allot/internal/service"
)

// Move is what becomes of a line because of a command about something else.
type Move struct {
	OrderID string      `json:"order_id"`
	SKU     string      `json:"sku"`
	Qty     int         `json:"qty"`
	From    string      `json:"from,omitempty"` // batch; none: it was backordered
	FromETA domain.Date `json:"from_eta,omitzero"`
	To      string      `json:"to,omitempty"` // batch; none: it is backordered
	ToETA   domain.Date `json:"to_eta,omitzero"`
}

// Consequences are what a command does beyond what it is about.
type Consequences struct {
	DryRun bool   `json:"dry_run,omitempty"` // nothing was done
	Moves  []Move `json:"moves,omitzero"`    // always there if nothing was done
}

// consequencesOf finds the moves in what a command does. The line that it is
// about has none: where that stands is the answer. left is the batch that lines
// can have been taken out of.
func consequencesOf(events []service.Envelope, dryRun bool, about lineKey, left domain.Batch) Consequences {
	c := Consequences{DryRun: dryRun}
	if dryRun {
		c.Moves = []Move{}
	}
	places := map[lineKey]int{} // where in Moves
	at := func(orderID, sku string, qty int) *Move {
		key := lineKey{orderID, sku}
		if key == about {
			return new(Move)
		}
		i, known := places[key]
		if !known {
			i = len(c.Moves)
			places[key] = i
			c.Moves = append(c.Moves, Move{OrderID: orderID, SKU: sku, Qty: qty})
		}
		return &c.Moves[i]
	}
	for _, e := range events {
		switch e := e.Event.(type) {
		case domain.Deallocated:
			m := at(e.OrderID, e.SKU, e.Qty)
			m.From, m.FromETA = e.BatchRef, left.ETA
		case domain.Allocated:
			m := at(e.OrderID, e.SKU, e.Qty)
			m.To, m.ToETA = e.BatchRef, e.Promise
		case domain.Backordered:
			m := at(e.OrderID, e.SKU, e.Qty)
			m.To, m.ToETA = "", 0
		}
	}
	return c
}

// lineKey names a line: there is one for each order and SKU.
type lineKey struct{ orderID, sku string }
