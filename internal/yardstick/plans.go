package yardstick

import (
	"slices"

	"allot/internal/domain"
)

// Plan is what came of a way to place lines.
type Plan struct {
	Plan         string `json:"plan"`             // Now, Afresh or Replan
	Policy       string `json:"policy,omitempty"` // by name; empty: as lines stand, each product by its own
	OnTime       int    `json:"lines_on_time"`
	WithoutStock int    `json:"lines_without_stock"`
	Late         int64  `json:"unit_days_late"` // units times days
	Moves        int    `json:"moves"`          // lines that stand elsewhere than before
}

// The ways to place lines.
const (
	Now    = "now"     // as they stand
	Afresh = "afresh"  // as if all came anew, one after the other, by age
	Replan = "re-plan" // as re-planning does from where they stand; if they stand nowhere, from afresh
)

// plans are all there are, in the order in which they are reported.
func (c *Case) plans() (out []Plan, _ error) {
	if c.Placed {
		out = append(out, c.measure(Plan{Plan: Now}, c.stand()))
	}
	var replanned []Plan
	for _, policy := range domain.Policies() {
		p := c.product(policy.Name, c.freed())
		places := c.place(p)
		afresh := Plan{Plan: Afresh, Policy: policy.Name}
		before := places
		if c.Placed {
			afresh.Moves = c.differ(places)
			before, p = c.stand(), c.product(policy.Name, slices.Clone(c.Product.Batches))
		}
		out = append(out, c.measure(afresh, places))
		after, moved, err := c.replan(p, before)
		if err != nil {
			return nil, err
		}
		replanned = append(replanned, c.measure(Plan{Plan: Replan, Policy: policy.Name, Moves: moved}, after))
	}
	return append(out, replanned...), nil
}

// place is where a line stands; without a batch, it waits.
type place struct {
	batch   string
	promise domain.Date
}

func (c *Case) product(policy string, batches []domain.Batch) *domain.Product {
	at := c.Product
	at.Policy, at.Batches = policy, batches
	p := domain.Restore(at)
	p.AsOf(c.Today)
	return p
}

// stand is where lines stand now, in their order.
func (c *Case) stand() (places []place) {
	for _, l := range c.Lines {
		places = append(places, place{l.BatchRef, l.Promise})
	}
	return places
}

// place has lines come one after the other.
func (c *Case) place(p *domain.Product) (places []place) {
	for _, l := range c.Lines {
		anew := l.Line
		anew.BatchRef, anew.Promise = "", 0
		got, _ := p.Allocate(anew, domain.KeepBackorder, domain.Line{}) // fails for lines that were known only
		places = append(places, place{got.BatchRef, got.Promise})
		p.PopEvents()
	}
	return places
}

// differ is how many lines stand elsewhere than now.
func (c *Case) differ(places []place) (moves int) {
	for i, l := range c.Lines {
		if l.BatchRef != places[i].batch {
			moves++
		}
	}
	return moves
}

// replan has a product re-planned whose lines stand at some places.
func (c *Case) replan(p *domain.Product, before []place) (after []place, moved int, _ error) {
	lines, at := make([]domain.Line, len(c.Lines)), map[string]int{}
	for i, l := range c.Lines {
		lines[i], at[l.OrderID] = l.Line, i
		lines[i].BatchRef, lines[i].Promise = before[i].batch, before[i].promise
		lines[i].Status = domain.StatusAllocated
		if before[i].batch == "" {
			lines[i].Status = domain.StatusBackordered
		}
		lines[i].Promised = l.Promised || before[i].batch != ""
	}
	done, err := p.Replan(lines)
	if err != nil {
		return nil, 0, err
	}
	after = slices.Clone(before)
	for _, e := range p.PopEvents() {
		switch e := e.(type) {
		case domain.Allocated:
			after[at[e.OrderID]] = place{e.BatchRef, e.Promise}
		case domain.Backordered:
			after[at[e.OrderID]] = place{}
		}
	}
	return after, done.Moved, nil
}

// measure completes a plan by where its lines stand.
func (c *Case) measure(p Plan, places []place) Plan {
	never := c.never()
	for i, l := range c.Lines {
		comes := c.arrives(places[i].promise)
		if places[i].batch == "" {
			comes = never
			p.WithoutStock++
		}
		if needed := l.needed(); comes > needed {
			p.Late += int64(comes.Sub(needed)) * int64(l.Open())
		} else {
			p.OnTime++
		}
	}
	return p
}
