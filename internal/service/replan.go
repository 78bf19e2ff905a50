package service

import (
	"context"
	"iter"

	"allot/internal/domain"
)

// ReplanProduct handles ReplanProduct.
func ReplanProduct(ctx context.Context, uow *UnitOfWork, cmd domain.ReplanProduct) (domain.Replanned, error) {
	product, err := uow.Products.GetStocked(ctx, cmd.SKU)
	if err != nil {
		return domain.Replanned{}, err
	}
	var lines []domain.Line
	for _, ref := range product.Stocked() {
		if lines, err = gather(lines, uow.Lines.Of(ctx, cmd.SKU, ref)); err != nil {
			return domain.Replanned{}, err
		}
	}
	if lines, err = gather(lines, uow.Lines.Backorders(ctx, cmd.SKU)); err != nil {
		return domain.Replanned{}, err
	}
	return product.Replan(lines)
}

func gather(lines []domain.Line, more iter.Seq2[domain.Line, error]) ([]domain.Line, error) {
	for line, err := range more {
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// GetStocked is Get for a product with all batches at hand that lines have
// stock of, also those that nothing is left of.
func (r *Products) GetStocked(ctx context.Context, sku string) (*domain.Product, error) {
	p, err := r.Get(ctx, sku)
	if err != nil {
		return nil, err
	}
	stored, err := r.s.tx.Stocked(ctx, sku)
	if err != nil {
		return nil, r.s.noteBroken(err)
	}
	for _, b := range stored {
		if r.s.batches[b.Ref].Ref == "" {
			r.s.batches[b.Ref] = b
		}
		p.Recall(r.s.batches[b.Ref])
	}
	return p, nil
}
