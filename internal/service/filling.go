package service

import (
	"context"
	"log/slog"
	"time"

	"allot/internal/domain"
)

// GoOnFilling handles GoOnFilling.
func GoOnFilling(ctx context.Context, uow *UnitOfWork, cmd domain.GoOnFilling) (domain.Filled, error) {
	product, err := uow.Products.Get(ctx, cmd.SKU)
	if err != nil {
		return domain.Filled{}, err
	}
	return product.GoOnFilling(uow.Lines.Backorders(ctx, cmd.SKU), uow.bus.mostFilled)
}

// FillClock goes on with products that are filling, also those that were when
// the program stopped. More than one may do so at a time.
type FillClock struct {
	bus *Bus
	log *slog.Logger
}

const (
	fillTick    = 250 * time.Millisecond // how often it looks
	mostFilling = 64                     // products at a look
)

// NewFillClock returns a clock that has not started.
func NewFillClock(bus *Bus, log *slog.Logger) *FillClock { return &FillClock{bus: bus, log: log} }

// Run looks for products that are filling until ctx ends. Trouble is logged,
// and tried again.
func (c *FillClock) Run(ctx context.Context) {
	tick := time.NewTicker(fillTick)
	defer tick.Stop()
	for {
		if _, err := c.GoOn(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("lines that wait could not be given stock", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// GoOn goes on until no product is filling, and returns how many lines got
// stock. Each step is a commit of its own, and other commands come in between.
func (c *FillClock) GoOn(ctx context.Context) (lines int, _ error) {
	for {
		skus, err := c.bus.work.store.Filling(ctx, mostFilling)
		if err != nil || len(skus) == 0 {
			return lines, err
		}
		for _, sku := range skus {
			filled, err := Send(ctx, c.bus, domain.GoOnFilling{Origin: domain.Origin{Actor: "clock"}, SKU: sku})
			if err != nil {
				return lines, err
			}
			lines += filled.Lines
		}
	}
}
