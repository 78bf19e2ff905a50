package service_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

func wantedOf(skus ...string) (lines []domain.Wanted) {
	for _, sku := range skus {
		lines = append(lines, domain.Wanted{SKU: sku, Qty: 2})
	}
	return lines
}

func TestAnOrderIsAllocatedLineByLineOrNotAtAll(t *testing.T) {
	for _, c := range []struct {
		mode   domain.OrderMode
		skus   []string
		code   string // of the refusal
		became []string
	}{
		{domain.EachLine, []string{"CHAIR", "LAMP", "RUG"}, "", []string{"allocated", "backordered", domain.CodeUnknownSKU}},
		{"", []string{"CHAIR"}, "", []string{"allocated"}},
		{domain.AllLines, []string{"CHAIR", "TABLE"}, "", []string{"allocated", "allocated"}},
		{domain.AllLines, []string{"CHAIR", "LAMP"}, domain.CodeOrderIncomplete, nil},
		{domain.AllLines, []string{"CHAIR", "RUG"}, domain.CodeOrderIncomplete, nil},
	} {
		t.Run(fmt.Sprint(c.mode, c.skus), func(t *testing.T) {
			s := newStore()
			bus := newBus(s, 10)
			do(t, bus, batch("b1", 5), domain.CreateBatch{Ref: "b2", SKU: "TABLE", Qty: 5}, rename("LAMP", "A lamp"))
			before := books(t, s)
			answer, err := service.Send(t.Context(), bus, domain.AllocateOrder{OrderID: "o-1", Lines: wantedOf(c.skus...), Mode: c.mode})
			equal(t, "the refusal", code(err), c.code)
			var became []string
			for _, l := range answer.Lines {
				if l.Err != nil {
					became = append(became, code(l.Err))
				} else {
					became = append(became, string(l.Status))
				}
			}
			equal(t, "what became of the lines", became, c.became)
			if c.code != "" {
				equal(t, "the shop", books(t, s), before)
			}
		})
	}
}

func TestAHoldEndsByItselfWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		bus := service.NewBus(service.NewTransactor(s, 10, time.Now, nil))
		service.Register(bus)
		until := domain.InstantOf(time.Now().Add(time.Minute))
		hold := func(id string) domain.Message {
			return domain.Allocate{OrderID: id, SKU: "CHAIR", Qty: 1, HoldUntil: until}
		}
		do(t, bus, batch("b1", 3), hold("confirmed"), hold("left"), hold("released"), order("waits", 2))
		do(t, bus, domain.ConfirmHold{OrderID: "confirmed", SKU: "CHAIR"}, domain.ReleaseHold{OrderID: "released", SKU: "CHAIR"})
		equal(t, "who has something", standing(t, s), map[string]domain.Status{
			"confirmed": domain.StatusAllocated, "left": domain.StatusHeld, "released": domain.StatusExpired, "waits": domain.StatusBackordered,
		})

		clock := service.NewHoldClock(bus, slog.New(slog.DiscardHandler), time.Now)
		done := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		go func() { clock.Run(ctx); close(done) }()
		time.Sleep(time.Minute + time.Second) // of the test's own time
		stop()
		<-done
		equal(t, "who has something afterwards", standing(t, s), map[string]domain.Status{
			"confirmed": domain.StatusAllocated, "left": domain.StatusExpired, "released": domain.StatusExpired, "waits": domain.StatusAllocated,
		})
		last := log(t, s)[len(log(t, s))-2]
		ended, ok := last.Event.(domain.HoldEnded)
		if !ok || ended.Reason != domain.HoldExpired || ended.At < until || ended.At >= until+1e6 {
			t.Errorf("it ended with %+v", last.Event)
		}
	})
}

// code is the code of a domain error, or "" if err is none.
func code(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Code
	}
	return ""
}

// standing is the status of the line of each order.
func standing(t *testing.T, s *watched) map[string]domain.Status {
	t.Helper()
	at := map[string]domain.Status{}
	for _, b := range books(t, s) {
		for _, l := range b.Lines {
			at[l.OrderID] = l.Status
		}
	}
	return at
}

// Both changes of the batch offer stock to those who wait. Who gets it at the
// first offer doesn't wait at the second.
func TestWhoWaitsIsServedOnceHoweverManyChangesOfferStock(t *testing.T) {
	s := newStore()
	bus := newBus(s, 1)
	do(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR"}, domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 1}, domain.Allocate{OrderID: "o1", SKU: "CHAIR", Qty: 2},
		domain.ChangeBatch{Ref: "b1", Qty: domain.To(9), Label: domain.Label{UseBy: domain.To(domain.NewDate(2027, 1, 1))}})
	if b, err := s.Batch(t.Context(), "b1"); err != nil || b.Allocated != 2 {
		t.Errorf("the batch is %+v, %v", b, err)
	}
}
