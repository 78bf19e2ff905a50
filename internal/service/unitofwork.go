package service

import (
	"context"
	"iter"
	"slices"

	"allot/internal/domain"
)

// UnitOfWork is one atomic operation in progress. A handler gets products from
// it and changes them; if the handler returns nil, all the changes and all the
// events the products recorded are committed together, and otherwise none are.
//
// Nothing is written while a handler runs, so dropping a unit of work undoes
// it. That is what lets many of them share a transaction, and what makes a
// preview a unit of work that is never written.
type UnitOfWork struct {
	Products Products
	Lines    Lines

	s      *session
	bus    *Bus // whose command it is
	origin domain.Origin
	name   string     // of the command
	events []Envelope // the facts collected so far
	counts []int      // room for number
}

// begin makes u a unit of work in which nothing has happened yet.
func (u *UnitOfWork) begin(cmd domain.Message) {
	u.serve(cmd)
	u.Products.forget()
	u.Lines.forget()
	u.events = u.events[:0]
}

// serve has what happens next come of a command.
func (u *UnitOfWork) serve(cmd domain.Message) { u.name, u.origin = cmd.CommandName(), cmd.CameFrom() }

// React has the events so far handled, and those that come of that, until there
// are no more. The bus does so when a handler returns; a handler whose answer
// depends on it does so itself.
func (u *UnitOfWork) React(ctx context.Context) error { return u.bus.react(ctx, u) }

// CollectNewEvents returns the events that products recorded since it was last
// called. The facts among them will be committed with the rest; signals are
// for handlers only.
func (u *UnitOfWork) CollectNewEvents() []domain.Event {
	var fresh []domain.Event
	for _, p := range u.Products.drafts {
		events := p.PopEvents()
		u.events = slices.Grow(u.events, len(events))
		for _, e := range events {
			u.enter(p.SKU(), e)
		}
		if fresh = append(fresh, events...); len(u.Products.drafts) == 1 {
			return events
		}
	}
	return fresh
}

func (u *UnitOfWork) enter(sku string, e domain.Event) {
	if _, signal := e.(domain.Signal); signal {
		return
	}
	u.events = append(u.events, Envelope{At: u.s.now, SKU: sku, Command: u.name, Origin: u.origin, Event: e})
	if order := domain.LineOf(e); order != "" {
		u.Lines.follow(lineKey{order, sku}, e, len(u.events)-1)
	}
}

// number gives each event the version of its product, and returns how many each
// product has.
func (u *UnitOfWork) number() []int {
	u.counts = append(u.counts[:0], make([]int, len(u.Products.drafts))...)
	counts := u.counts
	if len(counts) == 1 { // as almost always
		for i := range u.events {
			u.events[i].Version = u.Products.drafts[0].Version() + int64(i) + 1
		}
		counts[0] = len(u.events)
		return counts
	}
	at := make(map[string]int, len(counts))
	for i, p := range u.Products.drafts {
		at[p.SKU()] = i
	}
	for i := range u.events {
		of := at[u.events[i].SKU]
		counts[of]++
		u.events[i].Version = u.Products.drafts[of].Version() + int64(counts[of])
	}
	return counts
}

// Products is the repository of products as handlers see it. It hands out
// drafts and remembers them, so that the unit of work knows what to save and
// whose events to collect.
type Products struct {
	s      *session
	drafts []*domain.Product          // first seen first
	bySKU  map[string]*domain.Product // nil as long as there are few
}

func (r *Products) forget() { r.drafts, r.bySKU = r.drafts[:0], nil }

// Add puts a new product in the repository.
func (r *Products) Add(p *domain.Product) {
	p.AsOf(r.s.today)
	r.drafts = append(r.drafts, p)
	if r.bySKU != nil {
		r.bySKU[p.SKU()] = p
	} else if len(r.drafts) > few {
		r.bySKU = make(map[string]*domain.Product, 4*few)
		for _, p := range r.drafts {
			r.bySKU[p.SKU()] = p
		}
	}
}

// draft is the draft of a product that this unit of work has, or nil.
func (r *Products) draft(sku string) *domain.Product {
	if r.bySKU != nil {
		return r.bySKU[sku]
	}
	for _, p := range r.drafts {
		if p.SKU() == sku {
			return p
		}
	}
	return nil
}

// Get returns the product with the given SKU, or an unknown_sku error.
func (r *Products) Get(ctx context.Context, sku string) (*domain.Product, error) {
	if p := r.draft(sku); p != nil {
		return p, nil
	}
	p, err := r.s.product(ctx, sku)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, domain.UnknownSKU(sku)
	}
	draft := p.Draft()
	r.Add(draft)
	return draft, nil
}

// GetByBatchRef returns the product that has the batch, with the batch at
// hand even if nothing is left of it, or an unknown_batch error.
func (r *Products) GetByBatchRef(ctx context.Context, ref string) (*domain.Product, error) {
	for _, p := range r.drafts {
		if _, ok := p.Batch(ref); ok {
			return p, nil
		}
	}
	b, err := r.s.batch(ctx, ref)
	if err != nil {
		return nil, err
	}
	if b.Ref == "" {
		return nil, domain.UnknownBatch(ref)
	}
	p, err := r.Get(ctx, b.SKU)
	if err != nil {
		return nil, err
	}
	p.Recall(b)
	return p, nil
}

// NextBatch returns the Seq of a new batch.
func (r *Products) NextBatch(ctx context.Context) (int64, error) { return r.s.number(ctx, BatchSeq) }

// Lines is the repository of lines as handlers see it: what orders have, and
// what they wait for. It follows the events; nobody puts lines into it.
type Lines struct {
	s       *session
	changed []changedLine   // by this unit of work, in order
	last    map[lineKey]int // where in changed, the last of each; nil as long as there are few
}

// changedLine is a line as an event left it.
type changedLine struct {
	domain.Line
	event  int  // in the unit of work
	places bool // the event is the reason for where the line stands
}

// few is how many things are faster to look through than to look up.
const few = 8

func (l *Lines) forget() { l.changed, l.last = l.changed[:0], nil }

// follow notes what an event has made of a line.
func (l *Lines) follow(key lineKey, e domain.Event, event int) {
	line, known := l.own(key)
	if !known {
		line = l.s.seen(key)
	}
	l.changed = append(l.changed, changedLine{line.After(e), event, domain.Places(e)})
	if l.last != nil {
		l.last[key] = len(l.changed) - 1
	} else if len(l.changed) > few {
		l.last = make(map[lineKey]int, 4*few)
		for i := range l.changed {
			l.last[keyOf(l.changed[i].Line)] = i
		}
	}
}

// own is a line as this unit of work has left it so far, if it has changed it.
func (l *Lines) own(key lineKey) (domain.Line, bool) {
	if i := l.at(key); i >= 0 {
		return l.changed[i].Line, true
	}
	return domain.Line{}, false
}

// at is where in changed the line was changed last, or -1.
func (l *Lines) at(key lineKey) int {
	if l.last != nil {
		if i, ok := l.last[key]; ok {
			return i
		}
		return -1
	}
	for i := len(l.changed) - 1; i >= 0; i-- {
		if line := &l.changed[i].Line; line.SKU == key.SKU && line.OrderID == key.OrderID {
			return i
		}
	}
	return -1
}

// Get returns the line of an order for a SKU, as of now; the zero Line if it
// was never accepted.
func (l *Lines) Get(ctx context.Context, orderID, sku string) (domain.Line, error) {
	if line, known := l.own(lineKey{orderID, sku}); known {
		return line, nil
	}
	return l.s.line(ctx, lineKey{orderID, sku})
}

// Of yields the lines that have stock of a batch of a SKU, as of now, in the
// order in which they lose it.
func (l *Lines) Of(ctx context.Context, sku, batchRef string) iter.Seq2[domain.Line, error] {
	return l.merge(l.s.tx.LinesOf(ctx, batchRef), sku, domain.FirstToLose, func(line domain.Line) bool {
		return line.BatchRef == batchRef && line.Status != domain.StatusShipped
	})
}

// Backorders yields the lines of a SKU that wait, as of now, in the order in
// which they are served.
func (l *Lines) Backorders(ctx context.Context, sku string) iter.Seq2[domain.Line, error] {
	return l.merge(l.s.tx.Backorders(ctx, sku), sku, domain.FirstServed, func(line domain.Line) bool {
		return line.Status == domain.StatusBackordered
	})
}

// NextSeq returns the place of acceptance for a new line.
func (l *Lines) NextSeq(ctx context.Context) (int64, error) { return l.s.number(ctx, LineSeq) }

// unwritten returns the lines of a SKU that this transaction has changed so
// far and that belong, as they are now, in an order.
func (l *Lines) unwritten(sku string, order func(a, b domain.Line) int, belongs func(domain.Line) bool) (lines []domain.Line) {
	for _, i := range l.s.changedOf(sku) {
		line := &l.s.states[i].Line
		if belongs(*line) && l.at(keyOf(*line)) < 0 {
			lines = append(lines, *line)
		}
	}
	for i := range l.changed {
		line := &l.changed[i].Line
		if line.SKU == sku && belongs(*line) && l.at(keyOf(*line)) == i {
			lines = append(lines, *line)
		}
	}
	slices.SortFunc(lines, order)
	return lines
}

// merge yields the lines of a SKU that are stored, but for those that this
// transaction has changed, and of these the ones that belong, in one order.
func (l *Lines) merge(stored iter.Seq2[domain.Line, error], sku string, order func(a, b domain.Line) int, belongs func(domain.Line) bool) iter.Seq2[domain.Line, error] {
	rest := l.unwritten(sku, order, belongs)
	return func(yield func(domain.Line, error) bool) {
		rest := rest
		for line, err := range stored {
			if err != nil {
				yield(line, l.s.noteBroken(err))
				return
			}
			if l.isChanged(keyOf(line)) {
				continue
			}
			l.s.note(line)
			for ; len(rest) > 0 && order(rest[0], line) < 0; rest = rest[1:] {
				if !yield(rest[0], nil) {
					return
				}
			}
			if !yield(line, nil) {
				return
			}
		}
		for _, line := range rest {
			if !yield(line, nil) {
				return
			}
		}
	}
}

func (l *Lines) isChanged(key lineKey) bool {
	_, own := l.own(key)
	return own || l.s.isChanged(key)
}
