package service

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"allot/internal/domain"
	"allot/internal/views"
)

// Upkeep keeps a read model equal to what the shop has available. It puts what
// events changed, each product once however many there are, as it is by now.
//
// A model that was lost, or is of another day, is filled with all products
// again: in the place of what it has, a page at a time, while the log is followed.
// Any number of Upkeeps may work on one model at once.
type Upkeep struct {
	reach
	shop  views.Reader
	model ReadModel
	now   func() time.Time
}

// NewUpkeep returns what keeps a model equal to a shop. now is in the zone whose
// days count.
func NewUpkeep(shop views.Reader, model ReadModel, now func() time.Time) *Upkeep {
	return &Upkeep{shop: shop, model: model, now: now}
}

// KeepModel keeps a read model up to date with the log.
func (r *Relay) KeepModel(name string, u *Upkeep) {
	r.add(name, &u.reach, mostPauseInOrder, func(ctx context.Context) error {
		if err := u.CatchUp(ctx); err != nil {
			return fmt.Errorf("keep %s up to date: %w", name, err)
		}
		return nil
	})
	r.ways[len(r.ways)-1].breath = modelBreath
}

// modelBreath is the least time between two looks of who keeps a read model into
// the log. A product that many buy is put once in that time, not with each of
// them: with ten times as many looks a thousand such products took two fifths of
// all allocations.
const modelBreath = 500 * time.Millisecond

// CatchUp brings the model up to date with the log, and fills it if need be.
func (u *Upkeep) CatchUp(ctx context.Context) error { return u.work(ctx, nil) }

// Rebuild fills the model anew, also one of another log, which it makes one of
// this. Readers see what it had until it is replaced. If Rebuild ends early,
// whoever keeps the model up to date goes on. filled, if not nil, is told how
// many products were put.
func (u *Upkeep) Rebuild(ctx context.Context, filled func(products int)) error {
	err := u.restart(ctx)
	for errors.Is(err, ErrMoved) && ctx.Err() == nil {
		err = u.restart(ctx)
	}
	if err == nil {
		err = u.work(ctx, filled)
	}
	if err != nil {
		return fmt.Errorf("rebuild the read model: %w", err)
	}
	return nil
}

// work steps until there is nothing left to do, also if others work as well.
func (u *Upkeep) work(ctx context.Context, filled func(products int)) error {
	for {
		at, err := u.step(ctx)
		if errors.Is(err, ErrMoved) && ctx.Err() == nil {
			continue // see how far others have brought it
		}
		if err != nil {
			return err
		}
		if filled != nil {
			filled(at.Filled)
		}
		if !at.Filling {
			return nil
		}
	}
}

// restart begins a build in the place of what there is, whatever that is.
func (u *Upkeep) restart(ctx context.Context) error {
	at, err := u.model.State(ctx)
	if err != nil {
		return err
	}
	ours, err := at.Mark.in(ctx, u.shop)
	if err != nil {
		return err
	}
	insteadOf := at.Build
	if !ours {
		at = ModelState{}
	}
	return u.begin(ctx, insteadOf, &at)
}

// step brings the model up to the end of the log, and fills one page if it is
// being filled. It returns where that leaves the model.
func (u *Upkeep) step(ctx context.Context) (ModelState, error) {
	at, err := u.look(ctx)
	if err != nil {
		return at, err
	}
	for followed := false; err == nil && !followed; {
		followed, err = u.follow(ctx, &at)
	}
	if err == nil && at.Filling {
		return u.fill(ctx, at)
	}
	if err == nil {
		u.isThrough()
	}
	return at, err
}

// look sees what the model reflects. It begins a build if the model has none,
// or is of a day that is over.
func (u *Upkeep) look(ctx context.Context) (ModelState, error) {
	at, err := u.model.State(ctx)
	if err != nil {
		return at, cmp.Or(u.reach.look(ctx, u.shop), err)
	}
	ours, err := at.Mark.in(ctx, u.shop)
	if err == nil && !ours {
		err = fmt.Errorf("it reflects event %d of %s, which is not in the log: %w", at.Position, at.At.Format(time.RFC3339Nano), ErrForeignModel)
	}
	if err == nil && (at.Build == "" || at.AsOf < u.today()) {
		err = u.begin(ctx, at.Build, &at)
	}
	if err == nil {
		u.has(at.Position)
	}
	return at, err
}

func (u *Upkeep) today() string { return domain.NewDate(u.now().Date()).String() }

// buildName is how long the name of a build is. Each of its characters is one of 32.
const buildName = 10

// begin begins a build in the place of another. A model that was complete stays
// so, since each of its products reflects the log already. One that was not
// begins at the end of the log, since no product is in it before.
func (u *Upkeep) begin(ctx context.Context, insteadOf string, at *ModelState) error {
	next := ModelState{Build: rand.Text()[:buildName], AsOf: u.today(), Complete: at.Complete, Mark: at.Mark, Filling: true}
	if !next.Complete {
		var err error
		if next.Mark, err = u.end(ctx); err != nil {
			return err
		}
	}
	if err := u.model.Begin(ctx, insteadOf, next); err != nil {
		return err
	}
	*at = next
	return nil
}

// end is the last event of the log; zero if there is none.
func (u *Upkeep) end(ctx context.Context) (Mark, error) {
	last, err := u.shop.Recent(ctx, views.LogFilter{}, views.Page{Limit: 1})
	if err != nil || len(last.Items) == 0 {
		return Mark{}, err
	}
	return Mark{Position: last.Items[0].Position, At: last.Items[0].At}, nil
}

// follow puts what the next events of the log changed. It reports whether those
// were all.
func (u *Upkeep) follow(ctx context.Context, at *ModelState) (all bool, _ error) {
	events, err := eventsAfter(ctx, u.shop, at.Position)
	if err != nil || len(events) == 0 {
		return true, err
	}
	u.isAt(events[0].At)
	last := events[len(events)-1]
	to := *at
	to.Mark = Mark{Position: last.Position, At: last.At}
	products, err := u.present(ctx, productsOf(events), to)
	if err != nil {
		return false, err
	}
	if err := u.model.Put(ctx, *at, to, products); err != nil {
		return false, err
	}
	*at = to
	u.has(last.Position)
	return len(events) < mostMirrored, nil
}

// productsOf are the SKUs that events are about, each once.
func productsOf(events []views.Event) (skus []string) {
	seen := make(map[string]bool, len(events))
	for _, e := range events {
		if !seen[e.SKU] {
			seen[e.SKU] = true
			skus = append(skus, e.SKU)
		}
	}
	return skus
}

// fill puts the next page of all products, or finishes with the last.
func (u *Upkeep) fill(ctx context.Context, at ModelState) (ModelState, error) {
	if !at.Complete { // no event is in all of it
		u.isAt(at.At)
	}
	page, err := u.shop.Products(ctx, views.Page{After: at.Cursor, Limit: views.MaxPage})
	if err != nil {
		return at, err
	}
	products, err := u.present(ctx, listed(page.Items), at)
	if err != nil {
		return at, err
	}
	to := at
	if to.Filled += len(products); page.Next != "" {
		to.Cursor = page.Next
		return to, u.model.Put(ctx, at, to, products)
	}
	if err := u.model.Put(ctx, at, at, products); err != nil { // the cursor stays: whoever goes on puts the page again
		return at, err
	}
	err = u.model.Finish(ctx, to)
	to.Complete, to.Filling, to.Cursor = true, false, ""
	return to, err
}

// present is what is available of products by now, for a model that is at a
// position which was read before.
func (u *Upkeep) present(ctx context.Context, skus []string, at ModelState) ([]Modelled, error) {
	out := make([]Modelled, 0, len(skus))
	for len(skus) > 0 {
		n := min(len(skus), views.MaxPage)
		asks := make([]views.Ask, n)
		for i, sku := range skus[:n] {
			asks[i] = views.Ask{SKU: sku, AsOf: at.AsOf}
		}
		found, err := u.shop.Availability(ctx, asks)
		if err != nil {
			return nil, err
		}
		for _, a := range found {
			out = append(out, Modelled{Availability: a, AsOf: at.AsOf, Position: at.Position, Build: at.Build})
		}
		skus = skus[n:]
	}
	return out, nil
}
