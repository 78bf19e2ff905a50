package service

import (
	"context"
	"fmt"
	"reflect"

	"allot/internal/views"
)

// ModelStanding is how a read model stands to the log.
type ModelStanding struct {
	ModelState
	Foreign bool  // what it reflects is not in the log
	Behind  int64 // events that it doesn't reflect yet
}

// Standing says how the model stands to the log. It changes nothing.
func (u *Upkeep) Standing(ctx context.Context) (ModelStanding, error) {
	at, err := u.model.State(ctx)
	if err != nil {
		return ModelStanding{}, err
	}
	ours, err := at.Mark.in(ctx, u.shop)
	if err != nil {
		return ModelStanding{}, err
	}
	end, err := u.end(ctx)
	return ModelStanding{ModelState: at, Foreign: !ours, Behind: max(end.Position-at.Position, 0)}, err
}

// ModelDifference is how the products of a read model differ from the shop's.
type ModelDifference struct {
	Products int // of the shop
	Missing  int // that the model doesn't have
	Behind   int // that it has as they were before, or on another day
	Wrong    int // that it has as they never were
	Extra    int // that only the model has
}

// Compare compares each product of the model with the shop's. It changes
// nothing. compared, if not nil, is told how many there were so far.
func (u *Upkeep) Compare(ctx context.Context, compared func(products int)) (d ModelDifference, err error) {
	at, err := u.model.State(ctx)
	if err != nil {
		return d, fmt.Errorf("compare the read model: %w", err)
	}
	if at.AsOf == "" {
		at.AsOf = u.today()
	}
	for page := (views.Page{Limit: views.MaxPage}); ; {
		list, err := u.shop.Products(ctx, page)
		if err == nil {
			err = u.compare(ctx, listed(list.Items), at, &d)
		}
		if err != nil {
			return d, fmt.Errorf("compare the read model: %w", err)
		}
		if compared != nil {
			compared(d.Products)
		}
		if page.After = list.Next; page.After == "" {
			break
		}
	}
	if err := u.countExtra(ctx, at, &d); err != nil {
		return d, fmt.Errorf("look for products that only the read model has: %w", err)
	}
	return d, nil
}

// listed are the SKUs of products.
func listed(products []views.Product) []string {
	skus := make([]string, len(products))
	for i, p := range products {
		skus[i] = p.SKU
	}
	return skus
}

// compare adds what differs of some products to d. The model is read first: it
// can't be newer then.
func (u *Upkeep) compare(ctx context.Context, skus []string, at ModelState, d *ModelDifference) error {
	found, err := u.model.Find(ctx, skus)
	if err != nil {
		return err
	}
	has := make(map[string]Modelled, len(found))
	for _, m := range found {
		has[m.SKU] = m
	}
	now, err := u.present(ctx, skus, at)
	if err != nil {
		return err
	}
	d.Products += len(skus)
	for _, want := range now {
		switch got, ok := has[want.SKU]; {
		case !ok:
			d.Missing++
		case got.Version < want.Version || got.AsOf != want.AsOf:
			d.Behind++
		case !got.same(want):
			d.Wrong++
		}
	}
	return nil
}

// same reports whether both say the same of a product.
func (m Modelled) same(other Modelled) bool {
	a, b := m.Availability, other.Availability
	a.Dated, b.Dated = false, false // which a model needn't know
	return reflect.DeepEqual(a, b)
}

// countExtra counts what the shop doesn't have.
func (u *Upkeep) countExtra(ctx context.Context, at ModelState, d *ModelDifference) error {
	var skus []string
	look := func() error {
		now, err := u.present(ctx, skus, at)
		for _, p := range now {
			if p.Unknown {
				d.Extra++
			}
		}
		skus = skus[:0]
		return err
	}
	for sku, err := range u.model.SKUs(ctx) {
		if err != nil {
			return err
		}
		if skus = append(skus, sku); len(skus) == views.MaxPage {
			if err := look(); err != nil {
				return err
			}
		}
	}
	return look()
}
