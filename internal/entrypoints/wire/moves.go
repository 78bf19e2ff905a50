package wire

import (
	"allot/internal/domain"
	"allot/internal/service"
)

// Move is what becomes of a line because of a command about something else: it
// changes place, or the batch that it is in comes on another day.
type Move struct {
	OrderID string      `json:"order_id"`
	SKU     string      `json:"sku"`
	Qty     int         `json:"qty"`
	From    string      `json:"from,omitempty"` // batch; none: it was backordered
	FromETA domain.Date `json:"from_eta,omitzero"`
	To      string      `json:"to,omitempty"` // batch; none: it is backordered, or its hold ended
	ToETA   domain.Date `json:"to_eta,omitzero"`
}

// Consequences are what a command does beyond what it is about.
type Consequences struct {
	DryRun bool   `json:"dry_run,omitempty"` // nothing was done
	Plan   string `json:"plan,omitempty"`    // if so: of what it would do
	Moves  []Move `json:"moves,omitzero"`    // always there if nothing was done
}

// Now is how things are, if they are not as the sender of a command saw them.
type Now struct {
	Version int64  `json:"product_version,omitempty"`
	Plan    string `json:"plan,omitempty"`  // of what the command would do
	Moves   []Move `json:"moves,omitempty"` // and what that is
}

// consequencesOf are those of a command. cmd is nil if it is about no line.
func consequencesOf[R any](cmd domain.Message, effect service.Effect[R], dryRun bool) Consequences {
	c := Consequences{DryRun: dryRun, Moves: movesOf(cmd, effect.Result, effect.Events)}
	if dryRun {
		c.Plan = effect.Plan()
		if c.Moves == nil {
			c.Moves = []Move{}
		}
	}
	return c
}

// nowOf says how things are by a refusal, if it does.
func nowOf(stale *service.StaleError) *Now {
	now := &Now{Version: stale.Version}
	if stale.Result != nil {
		now.Plan = service.Effect[any]{Events: stale.Events}.Plan()
		now.Moves = movesOf(stale.Command, stale.Result, stale.Events)
	}
	return now
}

// movesOf finds the moves in what a command does. The lines that it is about
// have none: where those stand is the answer.
func movesOf(cmd domain.Message, result any, events []service.Envelope) []Move {
	if len(events) < 2 { // as almost always: it is about the command's own
		return nil
	}
	m := moves{own: ownLines(cmd), places: map[lineKey]int{}, was: previousETA(result, events)}
	for _, e := range events {
		m.follow(e.Event)
	}
	return m.all
}

// moves are collected.
type moves struct {
	all    []Move
	places map[lineKey]int // where in all
	own    func(lineKey) bool
	was    domain.Date // the ETA that a batch had that lines are taken out of
}

func (m *moves) follow(e domain.Event) {
	switch e := e.(type) {
	case domain.Deallocated:
		move := m.at(e.OrderID, e.SKU, e.Qty)
		move.From, move.FromETA = e.BatchRef, m.was
		if e.Reason == domain.Replan {
			move.FromETA = e.Moved.Previous
		}
	case domain.PromiseChanged:
		move := m.at(e.OrderID, e.SKU, e.Qty)
		move.From, move.FromETA, move.To, move.ToETA = e.BatchRef, e.Previous, e.BatchRef, e.Promise
	case domain.Allocated:
		move := m.at(e.OrderID, e.SKU, e.Qty)
		move.To, move.ToETA = e.BatchRef, e.Promise
	case domain.Backordered:
		move := m.at(e.OrderID, e.SKU, e.Qty)
		move.To, move.ToETA = "", 0
	}
}

// at is the move of a line, valid until it is called again.
func (m *moves) at(orderID, sku string, qty int) *Move {
	key := lineKey{orderID, sku}
	if m.own(key) {
		return new(Move)
	}
	i, known := m.places[key]
	if !known {
		i = len(m.all)
		m.places[key] = i
		m.all = append(m.all, Move{OrderID: orderID, SKU: sku, Qty: qty})
	}
	return &m.all[i]
}

// previousETA is when a batch was to come before a command changed that.
func previousETA(result any, events []service.Envelope) domain.Date {
	for _, e := range events {
		switch e := e.Event.(type) {
		case domain.BatchETAChanged:
			return e.Previous
		case domain.BatchReceived:
			return e.Previous
		}
	}
	b, _ := result.(domain.Batched)
	return b.Batch.ETA
}

// ownLines tells which lines a command is about.
func ownLines(cmd domain.Message) func(lineKey) bool {
	if order, ok := cmd.(domain.AllocateOrder); ok {
		return func(key lineKey) bool { return key.orderID == order.OrderID }
	}
	orderID, sku, ok := lineOf(cmd)
	return func(key lineKey) bool { return ok && key == lineKey{orderID, sku} }
}

// lineKey names a line: there is one for each order and SKU.
type lineKey struct{ orderID, sku string }
