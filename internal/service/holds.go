package service

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"allot/internal/domain"
)

// HoldClock gives up holds when their time is up, also those whose time was up
// while nobody looked.
type HoldClock struct {
	bus *Bus
	log *slog.Logger
	now func() time.Time
}

const (
	holdTick     = 250 * time.Millisecond // how often it looks: a hold outlives its time by less than a second
	mostHoldsDue = 1024                   // that end at a time
)

// NewHoldClock returns a clock that has not started.
func NewHoldClock(bus *Bus, log *slog.Logger, now func() time.Time) *HoldClock {
	return &HoldClock{bus: bus, log: log, now: now}
}

// Run looks for holds that end until ctx does. Trouble is logged, and tried
// again.
func (c *HoldClock) Run(ctx context.Context) {
	tick := time.NewTicker(holdTick)
	defer tick.Stop()
	for {
		if _, err := c.Expire(ctx); err != nil && ctx.Err() == nil {
			c.log.Error("holds could not be ended", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Expire ends the holds whose time is up, and returns how many that were.
func (c *HoldClock) Expire(ctx context.Context) (ended int, _ error) {
	for {
		at := domain.InstantOf(c.now())
		due, err := c.bus.work.store.HoldsDue(ctx, at, mostHoldsDue)
		if err != nil {
			return ended, err
		}
		for o := range SendAll(ctx, c.bus, expiries(due, at)) {
			if o.Err != nil {
				return ended, o.Err
			}
			ended++
		}
		if len(due) < mostHoldsDue {
			return ended, ctx.Err()
		}
	}
}

func expiries(due []LineID, at domain.Instant) iter.Seq[domain.ExpireHold] {
	origin := domain.Origin{Actor: "clock"}
	return func(yield func(domain.ExpireHold) bool) {
		for _, id := range due {
			if !yield(domain.ExpireHold{Origin: origin, OrderID: id.OrderID, SKU: id.SKU, At: at}) {
				return
			}
		}
	}
}
