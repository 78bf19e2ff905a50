package yardstick

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"allot/internal/domain"
	"allot/internal/service"
)

// FromStore is the case of a product as it stands in a store. Of its lines, it
// has those that re-planning may move, and whose batch is not closed: the
// others, of which it returns the number, keep what they have.
func FromStore(ctx context.Context, from service.Reader, sku string, today domain.Date) (c Case, others int, _ error) {
	found, err := from.Load(ctx, service.Want{Products: []service.Known{{SKU: sku}}})
	if err != nil || len(found.Products) == 0 {
		return c, 0, err
	}
	c = Case{Product: found.Products[0], Today: today, Placed: true}
	stocked, err := from.Stocked(ctx, sku)
	if err != nil {
		return c, 0, err
	}
	c.Product.Batches = slices.Clone(c.Product.Batches)
	for _, b := range stocked {
		if !slices.ContainsFunc(c.Product.Batches, func(known domain.Batch) bool { return known.Ref == b.Ref }) {
			c.Product.Batches = append(c.Product.Batches, b)
		}
		few, err := c.take(from.LinesOf(ctx, b.Ref), b.Closed)
		if err != nil {
			return c, 0, err
		}
		others += few
	}
	few, err := c.take(from.Backorders(ctx, sku), false)
	slices.SortFunc(c.Lines, func(a, b Line) int { return cmp.Compare(a.Seq, b.Seq) })
	return c, others + few, err
}

// take adds the lines that may move, unless none of them may.
func (c *Case) take(lines iter.Seq2[domain.Line, error], none bool) (others int, _ error) {
	for line, err := range lines {
		if err != nil {
			return others, err
		}
		if none || !line.Movable() {
			others++
			continue
		}
		c.Lines = append(c.Lines, Line{line, c.Today})
	}
	return others, nil
}
