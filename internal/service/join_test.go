package service_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"allot/internal/domain"
	"allot/internal/service"
)

// slow is a store in which loading takes until it is told to go on, as it does
// where others have locked what is wanted.
type slow struct {
	*watched
	loads chan struct{} // each takes one
}

func newSlow(loads int) *slow {
	s := &slow{newStore(), make(chan struct{}, 1000)}
	s.allow(loads)
	return s
}

// allow lets so many loads go on, and no more.
func (s *slow) allow(loads int) {
	for len(s.loads) > 0 {
		<-s.loads
	}
	for range loads {
		s.loads <- struct{}{}
	}
}

func (s *slow) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	return s.watched.InTx(ctx, func(ctx context.Context, tx service.Tx) error { return fn(ctx, slowTx{tx, s.loads}) })
}

type slowTx struct {
	service.Tx
	loads chan struct{}
}

func (t slowTx) Load(ctx context.Context, want service.Want) (service.Found, error) {
	<-t.loads
	return t.Tx.Load(ctx, want)
}

func TestCommandsThatComeWhileTheirProductIsLoadedShareTheTransaction(t *testing.T) {
	for name, c := range map[string]struct {
		group        int
		late         []domain.Message
		transactions int64
	}{
		"all are about the product":              {10, []domain.Message{order("o-2", 1), order("o-3", 1)}, 1},
		"there is no room for the last":          {2, []domain.Message{order("o-2", 1), order("o-3", 1)}, 2},
		"one is about another":                   {10, []domain.Message{order("o-2", 1), domain.Allocate{OrderID: "o-3", SKU: "LAMP", Qty: 1}}, 2},
		"one has to wait for one before it":      {10, []domain.Message{domain.Allocate{OrderID: "o-2", SKU: "LAMP", Qty: 1}, order("o-3", 1)}, 2},
		"one is done already":                    {10, []domain.Message{order("o-1", 1)}, 1},
		"one needs a batch that is not at hand":  {10, []domain.Message{domain.ChangeBatchQuantity{Ref: "b1", Qty: 20}}, 2},
		"one is about a product there isn't yet": {10, []domain.Message{domain.CreateBatch{Ref: "b3", SKU: "TABLE", Qty: 1}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSlow(10)
				bus := newBus(s, c.group)
				do(t, bus, batch("b1", 10), domain.CreateBatch{Ref: "b2", SKU: "LAMP", Qty: 10})
				s.allow(0)
				before := s.begun.Load()
				var senders sync.WaitGroup
				for _, cmd := range append([]domain.Message{order("o-1", 1)}, c.late...) {
					senders.Go(func() { do(t, bus, cmd) })
					synctest.Wait() // it is being loaded for, or waits
				}
				s.allow(100)
				senders.Wait()
				equal(t, "the number of transactions", s.begun.Load()-before, c.transactions)
			})
		})
	}
}

// Requests that are to be done once are looked up together.
func TestAnswersThatWereKeptAreLoadedWithEverythingElse(t *testing.T) {
	s := newSlow(10)
	bus := newBus(s, 10)
	do(t, bus, batch("b1", 10))
	once := &service.Once{AnswerID: service.AnswerID{Scope: "shop", Key: "k1"}, Request: "r", Answer: func(result any, _ []service.Envelope, _ error) []byte {
		return fmt.Append(nil, result.(domain.Placement).BatchRef)
	}}
	for _, want := range []string{"", "b1"} {
		s.allow(1)
		effect, err := service.PerformOn(t.Context(), bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1}, service.Terms{Once: once})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "what was kept", string(effect.Kept), want)
	}
}
