package bench

import (
	"context"
	"fmt"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/service"
)

// availability compares questions about what is available, and when, with the
// echo of a server: in a shop that has allocated nothing and in one that has
// allocated a great deal, of a SKU with few batches and of one with many.
func availability(ctx context.Context, o Options) ([]Figure, error) {
	var figures []Figure
	for _, existing := range []int{0, o.Existing} {
		o.Progress(fmt.Sprintf("a shop after %d allocations", existing))
		m, err := availabilityAfter(ctx, o, existing)
		if err != nil {
			return nil, err
		}
		after := fmt.Sprintf(", after %d allocations", existing)
		figures = append(figures,
			figure("echoes"+after, "/s", m[0]),
			figure("availability of a SKU with 20 batches"+after, "/s", m[1]),
			figure("20 batches / echoes"+after, "", ratios(m[1], m[0])),
			figure("availability of a SKU with 1,000 batches on 60 days"+after, "/s", m[2]),
			figure("1,000 batches / echoes"+after, "", ratios(m[2], m[0])))
	}
	return figures, nil
}

func availabilityAfter(ctx context.Context, o Options, existing int) ([][]float64, error) {
	s, err := newShop(ctx, o.Dir, bootstrap.Options{})
	if err != nil {
		return nil, err
	}
	server, stop, err := s.serve(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := stock(ctx, s.Bus, []string{"SKU"}); err != nil {
		return nil, err
	}
	if _, err := allocate(ctx, s.Bus, 0, existing, func(i int) string { return fmt.Sprintf("order-%09d", i) }); err != nil {
		return nil, err
	}
	for sku, of := range map[string][2]int{"FEW": {20, 20}, "MANY": {1000, 60}} {
		if err := shipments(ctx, s.Bus, sku, of[0], of[1]); err != nil {
			return nil, err
		}
	}
	return inTurn(ctx, o, server, echoes,
		request{path: "/v1/products/FEW/availability?qty=5", want: found},
		request{path: "/v1/products/MANY/availability?qty=5", want: found})
}

// shipments gives a SKU so many batches, which arrive on so many days.
func shipments(ctx context.Context, bus *service.Bus, sku string, batches, days int) error {
	first := domain.NewDate(2027, 1, 1)
	return each(ctx, bus, batches, func(i int) domain.Message {
		return domain.CreateBatch{Ref: fmt.Sprintf("%s-%04d", sku, i), SKU: sku, Qty: 10, ETA: first.AddDays(i % days)}
	})
}
