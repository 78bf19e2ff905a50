package service_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

func TestAProductThatIsFillingIsGoneOnWithAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		bus := service.NewBus(service.NewTransactor(s, 10, time.Now, nil))
		service.Register(bus)
		bus.FillAtMost(3)
		do(t, bus, batch("none", 0))
		for i := range 8 {
			do(t, bus, order(fmt.Sprint("o-", i), 1))
		}
		clock := service.NewFillClock(bus, slog.New(slog.DiscardHandler))
		done := make(chan struct{})
		ctx, stop := context.WithCancel(t.Context())
		go func() { clock.Run(ctx); close(done) }()
		do(t, bus, batch("b1", 8))
		time.Sleep(time.Second) // of the test's own time
		stop()
		<-done
		for id, status := range standing(t, s) {
			equal(t, "where "+id+" is", status, domain.StatusAllocated)
		}
		events := log(t, s)
		last := events[len(events)-1]
		equal(t, "the last event", last.Event, domain.Event(domain.FillingEnded{SKU: "CHAIR"}))
		equal(t, "who it came of", last.Origin, domain.Origin{Actor: "clock"})
	})
}
