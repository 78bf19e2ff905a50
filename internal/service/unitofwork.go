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
}

// begin makes u a unit of work in which nothing has happened yet.
func (u *UnitOfWork) begin(name string, origin domain.Origin) {
	u.name, u.origin = name, origin
	u.Products.drafts = u.Products.drafts[:0]
	u.Lines.changed = u.Lines.changed[:0]
	u.events = u.events[:0]
}

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
	if line, ok := domain.LineAfter(e); ok {
		u.Lines.changed = append(u.Lines.changed, line)
	}
}

// Products is the repository of products as handlers see it. It hands out
// drafts and remembers them, so that the unit of work knows what to save and
// whose events to collect.
type Products struct {
	s      *session
	drafts []*domain.Product // first seen first
}

// Add puts a new product in the repository.
func (r *Products) Add(p *domain.Product) { r.drafts = append(r.drafts, p) }

// Get returns the product with the given SKU, or an unknown_sku error.
func (r *Products) Get(ctx context.Context, sku string) (*domain.Product, error) {
	for _, p := range r.drafts {
		if p.SKU() == sku {
			return p, nil
		}
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
	changed []domain.Line // by this unit of work, in order
}

// Get returns the line of an order for a SKU, as of now; the zero Line if it
// was never accepted.
func (l *Lines) Get(ctx context.Context, orderID, sku string) (domain.Line, error) {
	for _, line := range slices.Backward(l.changed) {
		if line.OrderID == orderID && line.SKU == sku {
			return line, nil
		}
	}
	return l.s.line(ctx, lineKey{orderID, sku})
}

// Of yields the lines allocated to a batch of a SKU, as of now, latest first.
func (l *Lines) Of(ctx context.Context, sku, batchRef string) iter.Seq2[domain.Line, error] {
	return merge(l.s.tx.LinesOf(ctx, batchRef), l.unwritten(sku), latestFirst,
		func(line domain.Line) bool { return line.BatchRef == batchRef }, l.s.noteBroken)
}

// Backorders yields the lines of a SKU that wait, as of now, in the order in
// which they are served.
func (l *Lines) Backorders(ctx context.Context, sku string) iter.Seq2[domain.Line, error] {
	return merge(l.s.tx.Backorders(ctx, sku), l.unwritten(sku), oldestFirst,
		func(line domain.Line) bool { return line.Status == domain.StatusBackordered }, l.s.noteBroken)
}

// NextSeq returns the place of acceptance for a new line.
func (l *Lines) NextSeq(ctx context.Context) (int64, error) { return l.s.number(ctx, LineSeq) }

// unwritten returns the lines of a SKU that this transaction has changed so
// far, as they are now.
func (l *Lines) unwritten(sku string) map[lineKey]domain.Line {
	lines := l.s.unwritten(sku)
	for _, line := range l.changed {
		if line.SKU == sku {
			lines[keyOf(line)] = line
		}
	}
	return lines
}

// merge yields what is stored, but where own knows better, and of own what
// belongs, in one order.
func merge(stored iter.Seq2[domain.Line, error], own map[lineKey]domain.Line, order func(a, b domain.Line) int,
	belongs func(domain.Line) bool, broken func(error) error,
) iter.Seq2[domain.Line, error] {
	var mine []domain.Line
	for _, line := range own {
		if belongs(line) {
			mine = append(mine, line)
		}
	}
	slices.SortFunc(mine, order)
	return func(yield func(domain.Line, error) bool) {
		rest := mine
		for line, err := range stored {
			if err != nil {
				yield(line, broken(err))
				return
			}
			if _, known := own[keyOf(line)]; known {
				continue
			}
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
