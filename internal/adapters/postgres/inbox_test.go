package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Each would do something else, so that nothing but the message keeps them
// apart.
func TestAMessageThatSeveralReplicasGetHasItsEffectOnce(t *testing.T) {
	_, a, b := pair(t)
	var done [10]atomic.Int32
	var all sync.WaitGroup
	for i, s := range []*postgres.Store{a, b, a, b} {
		bus := newBus(s, 4)
		all.Go(func() {
			defer bus.Close()
			for n := range done {
				cmd := service.Incoming{
					Message: domain.CreateBatch{Ref: fmt.Sprintf("b-%d-%d", i, n), SKU: fmt.Sprint("SKU-", i), Qty: 1},
					Receipt: service.Receipt{ID: fmt.Sprint("m-", n)},
				}
				for o := range service.SendEach(context.Background(), bus, func(yield func(domain.Message) bool) { yield(cmd) }) {
					if o.Err == nil {
						done[n].Add(1)
					} else if !errors.Is(o.Err, service.ErrReceived) {
						t.Errorf("message %d: %v", n, o.Err)
					}
				}
			}
		})
	}
	all.Wait()
	for n := range done {
		if times := done[n].Load(); times != 1 {
			t.Errorf("message %d had its effect %d times", n, times)
		}
	}
	verified(t, a)
}

// A message comes again only within days, and the table must not grow for ever.
func TestMessagesAreForgottenWhenTheyAreOld(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	defer s.Close()
	write := func(n int, at time.Time) {
		t.Helper()
		err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
			return tx.Write(ctx, service.Changes{Receipts: []service.Receipt{{ID: fmt.Sprint("m-", n), At: at}}})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range 10 {
		write(n, opening)
	}
	for n := range 5 {
		write(100+n, opening.Add(service.KeepReceipts+time.Second))
	}
	var left int
	ask(t, url, `SELECT count(*) FROM inbox`, &left)
	if left != 5 {
		t.Errorf("%d messages are known; want the last 5", left)
	}
}

// Others write what they like, also what PostgreSQL keeps in no text.
func TestAMessageThatIsNoTextIsParkedAllTheSame(t *testing.T) {
	s := opened(t, database(t))
	defer s.Close()
	if err := s.Park(t.Context(), views.ParkedMessage{ID: "m-1", Body: "{\x00\xff", Attempts: 1, Error: "\x00", At: opening}); err != nil {
		t.Fatal(err)
	}
	list, err := s.ParkedMessages(t.Context(), views.Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Body != "{\uFFFD\uFFFD" {
		t.Errorf("what is parked is %+v, %v", list, err)
	}
}
