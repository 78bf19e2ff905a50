package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

// gate keeps transactions waiting, from the first one on, until it is opened.
type gate struct{ first, open chan struct{} }

// shut has the transactions of s wait.
func shut(s *watched) gate {
	g := gate{make(chan struct{}, 1), make(chan struct{})}
	s.before = func(int64) error {
		select {
		case g.first <- struct{}{}:
		default:
		}
		<-g.open
		return nil
	}
	return g
}

// begin sends a command whose transaction is kept waiting, so that what is sent
// afterwards waits for the next one.
func (g gate) begin(t *testing.T, senders *sync.WaitGroup, bus *service.Bus, cmd domain.DescribeProduct) {
	t.Helper()
	senders.Go(func() {
		if _, err := service.Send(context.Background(), bus, cmd); err != nil {
			t.Error(err)
		}
	})
	<-g.first
}

func TestCommandsThatWaitShareATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, each = 64, 50
		s := newStore()
		s.before = func(int64) error {
			time.Sleep(time.Millisecond)
			return nil
		}
		bus := newBus(s, 4096)
		do(t, bus, batch("b1", clients*each))
		var all sync.WaitGroup
		for client := range clients {
			all.Go(func() {
				for i := range each {
					if _, err := service.Send(t.Context(), bus, domain.Allocate{OrderID: fmt.Sprintf("o-%d-%d", client, i), SKU: "CHAIR", Qty: 1}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := s.begun.Load(); n*28 > clients*each {
			t.Errorf("%d commands took %d transactions; want at most one for 28", clients*each, n)
		}
	})
}

func TestATransactionHasAtMostSoManyCommandsAndKeepsTheirOrder(t *testing.T) {
	s := newStore()
	commands := []domain.Message{batch("b1", 1000)}
	var want []string
	for i := range 94 {
		want = append(want, fmt.Sprint("o-", i))
		commands = append(commands, order(want[i], 1))
	}
	do(t, newBus(s, 10), commands...)
	equal(t, "the number of transactions for 95 commands, by 10", s.begun.Load(), 10)
	var got []string
	for _, line := range books(t, s)[0].Lines { // by age
		got = append(got, line.OrderID)
	}
	equal(t, "the order in which they were done", got, want)
}

func TestACallerWhoHasGoneIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		bus := newBus(s, 10)
		do(t, bus, batch("b1", 10))
		g := shut(s)
		var senders sync.WaitGroup
		g.begin(t, &senders, bus, domain.DescribeProduct{SKU: "LAMP"})

		gone := errors.New("hung up")
		ctx, hangUp := context.WithCancelCause(t.Context())
		senders.Go(func() {
			_, err := service.Send(ctx, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
			if !errors.Is(err, gone) || !strings.HasPrefix(err.Error(), "wait for the commit: ") {
				t.Errorf("who has gone got error %v", err)
			}
		})
		senders.Go(func() {
			if _, err := service.Send(t.Context(), bus, domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 1}); err != nil {
				t.Errorf("who has stayed got error %v", err)
			}
		})
		synctest.Wait()
		hangUp(gone)
		synctest.Wait()
		close(g.open)
		senders.Wait()
		equal(t, "the log", names(t, s), []string{"batch_created", "product_described", "allocated"})
	})
}

// The transaction belongs to all who share it.
func TestACallerWhoGoesDuringTheCommitTakesNobodyAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		bus := newBus(s, 10)
		do(t, bus, batch("b1", 10))
		g := shut(s)
		var senders sync.WaitGroup
		g.begin(t, &senders, bus, domain.DescribeProduct{SKU: "LAMP"})

		type key struct{}
		ctx, hangUp := context.WithCancel(context.WithValue(t.Context(), key{}, "trace"))
		s.atCommit = func(tx context.Context, nth int64) error {
			if nth != 3 {
				return nil
			}
			hangUp()
			if deadline, ok := tx.Deadline(); tx.Err() != nil || tx.Value(key{}) != "trace" || !ok || time.Until(deadline) > 30*time.Second {
				t.Errorf("the transaction's context has error %v, value %v, deadline %v", tx.Err(), tx.Value(key{}), deadline)
			}
			return nil
		}
		senders.Go(func() {
			if _, err := service.Send(ctx, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1}); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("who has gone got error %v", err)
			}
		})
		synctest.Wait()
		senders.Go(func() {
			if _, err := service.Send(t.Context(), bus, domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 1}); err != nil {
				t.Errorf("who has stayed got error %v", err)
			}
		})
		synctest.Wait()
		close(g.open)
		senders.Wait()
		equal(t, "the number of transactions", s.begun.Load(), 3)
		equal(t, "the log", names(t, s), []string{"batch_created", "product_described", "allocated", "allocated"})
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 4096
		s := newStore()
		bus := newBus(s, places)
		do(t, bus, batch("b1", 1))
		g := shut(s)
		var senders sync.WaitGroup
		for i := range places {
			senders.Go(func() {
				if _, err := service.Send(t.Context(), bus, domain.Allocate{OrderID: fmt.Sprint("o-", i), SKU: "CHAIR", Qty: 1}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		_, err := service.Send(t.Context(), bus, domain.Allocate{OrderID: "one more", SKU: "CHAIR", Qty: 1})
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Unavailable || e.Code != service.CodeOverloaded || e.Hint == "" {
			t.Errorf("got error %+v", err)
		}
		imported := make(chan error, 1)
		go func() { // many commands at once wait rather than be refused
			imported <- errors.Join(errorsOf(t, bus, order("imported", 1))...)
		}()
		synctest.Wait()
		close(g.open)
		senders.Wait()
		if err := <-imported; err != nil {
			t.Errorf("the import got error %v", err)
		}
		equal(t, "the number of lines", len(books(t, s)[0].Lines), places+1)
		do(t, bus, order("later", 1)) // there is room again
	})
}

// The deadline says for certain that nothing was done, if it passes in time.
func TestACommandWhoseTurnDoesNotComeBeforeItsDeadlineIsNotDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		bus := newBus(s, 10)
		do(t, bus, batch("b1", 10))
		g := shut(s)
		var senders sync.WaitGroup
		g.begin(t, &senders, bus, domain.DescribeProduct{SKU: "LAMP"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := service.Send(ctx, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Unavailable || e.Code != service.CodeTimedOut || e.Hint == "" {
			t.Errorf("got error %+v", err)
		}
		equal(t, "how many are in the queue", bus.Queued(), 1)
		close(g.open)
		senders.Wait()
		bus.Close()
		equal(t, "the log", names(t, s), []string{"batch_created", "product_described"})
	})
}

// Once it was begun, nobody can say before the commit.
func TestACommandThatIsUnderWayAtItsDeadlineMayBeDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.atCommit = func(context.Context, int64) error {
			time.Sleep(2 * time.Second)
			return nil
		}
		bus := newBus(s, 10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := service.Send(ctx, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 1})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "wait for the commit: ") {
			t.Errorf("got error %v", err)
		}
		bus.Close()
		equal(t, "the log", names(t, s), []string{"batch_created"})
	})
}

func TestAStaleTransactionIsTriedAgain(t *testing.T) {
	for _, c := range []struct {
		what     string
		stale    int64 // so many times in a row
		commands int
		begun    int64
		kind     domain.Kind // of the error; "" for none
	}{
		{"at once", 0, 3, 1, ""},
		{"once", 1, 3, 2, ""},
		{"as often as is borne", 10, 3, 11, ""},
		{"once more, so that each is tried alone", 11, 3, 14, ""},
		{"for ever", 1 << 40, 3, 11 + 3*11, domain.Unavailable},
		{"for ever, one alone", 1 << 40, 1, 11, domain.Unavailable},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				s.atCommit = func(_ context.Context, nth int64) error {
					if nth <= c.stale {
						return service.ErrStale
					}
					return nil
				}
				commands := []domain.Message{rename("CHAIR", "A chair"), rename("LAMP", "A lamp"), rename("TABLE", "A table")}[:c.commands]
				for i, err := range errorsOf(t, newBus(s, 10), commands...) {
					if (err == nil) != (c.kind == "") || err != nil && domain.KindOf(err) != c.kind {
						t.Errorf("command %d: %v", i, err)
					}
				}
				equal(t, "the number of transactions", s.begun.Load(), c.begun)
				if written := len(names(t, s)); (written == c.commands) != (c.kind == "") {
					t.Errorf("%d events were written", written)
				}
			})
		})
	}
}

func TestWhoIsRefusedForTroubleIsToldWhatToDo(t *testing.T) {
	for code, cause := range map[string]error{
		service.CodeUnavailable: service.ErrStorage,
		service.CodeStorageFull: service.ErrStorageFull,
		service.CodeReadOnly:    service.ErrStorageReadOnly,
	} {
		s := newStore()
		s.before = func(int64) error { return fmt.Errorf("commit: %w", cause) }
		_, err := service.Send(t.Context(), newBus(s, 1), domain.DescribeProduct{SKU: "CHAIR"})
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != domain.Unavailable || e.Code != code || e.Message != "nothing was written: commit: "+cause.Error() || e.Hint == "" {
			t.Errorf("%v: got %+v", cause, err)
		}
		s.before = nil
		do(t, newBus(s, 1), rename("CHAIR", "A chair")) // it needs no help to come back
	}
}

func TestCommitsAreAnnouncedIfThereAreEvents(t *testing.T) {
	s := newStore()
	announced := 0
	bus := service.NewBus(service.NewTransactor(s, 10, time.Now, func() { announced++ }))
	service.Register(bus)
	for _, c := range []struct {
		what     string
		commands []domain.Message
		want     int
	}{
		{"a command", []domain.Message{batch("b1", 5)}, 1},
		{"a group", []domain.Message{order("o-1", 1), order("o-2", 1), order("o-3", 1)}, 1},
		{"a repeat", []domain.Message{order("o-1", 1)}, 0},
		{"a refusal", []domain.Message{order("o-1", 2)}, 0},
		{"a refusal and a command", []domain.Message{order("o-1", 2), order("o-4", 1)}, 1},
	} {
		before := announced
		errorsOf(t, bus, c.commands...)
		bus.Close()
		equal(t, "how often "+c.what+" was announced", announced-before, c.want)
	}
	s.before = func(int64) error { return service.ErrStorage }
	errorsOf(t, bus, order("o-5", 1))
	equal(t, "how often commits were announced in all", announced, 3)
}

func TestCloseWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		bus := newBus(s, 1)
		bus.Close() // there is nothing to wait for
		g := shut(s)
		var senders sync.WaitGroup
		g.begin(t, &senders, bus, domain.DescribeProduct{SKU: "CHAIR"})
		closed := false
		senders.Go(func() {
			bus.Close()
			closed = true
		})
		synctest.Wait()
		if closed {
			t.Error("it did not wait")
		}
		close(g.open)
		senders.Wait()
		equal(t, "the log", names(t, s), []string{"product_described"})
	})
}

func TestLanesDoNotWaitForEachOther(t *testing.T) {
	s := newStore()
	s.lane = func(sku string) string { return sku }
	release := make(chan struct{})
	begun := make(chan struct{})
	s.before = func(nth int64) error {
		if nth == 1 {
			close(begun)
			<-release
		}
		return nil
	}
	bus := newBus(s, 10)
	var slow sync.WaitGroup
	slow.Go(func() {
		if _, err := service.Send(context.Background(), bus, domain.DescribeProduct{SKU: "SLOW"}); err != nil {
			t.Error(err)
		}
	})
	<-begun
	do(t, bus, rename("FAST", "A fast one"))
	equal(t, "what was done meanwhile", log(t, s)[0].SKU, "FAST")
	close(release)
	slow.Wait()
	equal(t, "the number of transactions", s.begun.Load(), 2)
}

// spying is a store that keeps what was written last.
type spying struct {
	*watched
	last service.Changes
}

func (s *spying) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	return s.watched.InTx(ctx, func(ctx context.Context, tx service.Tx) error { return fn(ctx, spyingTx{tx, s}) })
}

type spyingTx struct {
	service.Tx
	s *spying
}

func (t spyingTx) Write(ctx context.Context, changes service.Changes) error {
	t.s.last = changes
	return t.Tx.Write(ctx, changes)
}

// What a product costs must not grow with what it has sold.
func TestBatchesThatAreUsedUpAreForgotten(t *testing.T) {
	s := &spying{watched: newStore()}
	bus := newBus(s, 10)
	for i := range 20 {
		do(t, bus, batch(fmt.Sprint("b-", i), 1), order(fmt.Sprint("o-", i), 1))
	}
	do(t, bus, batch("open", 9), order("one more", 1))
	equal(t, "the batches at hand", len(s.last.Products[0].To.Batches), 1)
	equal(t, "the batches written", len(s.last.Added)+len(s.last.Changed), 1)
}
