package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/service"
)

// The senders are about products of their own, so that nothing but the key
// keeps them apart.
func TestReplicasAnswerARequestOnce(t *testing.T) {
	_, a, b := pair(t)
	var done [10]atomic.Int32
	var all sync.WaitGroup
	for i, s := range []*postgres.Store{a, b, a, b} {
		bus := newBus(s, 4)
		all.Go(func() {
			defer bus.Close()
			for n := range done {
				once := &service.Once{
					AnswerID: service.AnswerID{Scope: "ann POST /v1/batches", Key: fmt.Sprint("k-", n)}, Request: "r",
					Answer: func(any, []service.Envelope, error) []byte { return []byte("done") },
				}
				cmd := domain.CreateBatch{Ref: fmt.Sprintf("b-%d-%d", i, n), SKU: fmt.Sprint("SKU-", i), Qty: 1}
				effect, err := service.PerformOn(context.Background(), bus, cmd, service.Terms{Once: once})
				switch {
				case err != nil:
					t.Errorf("request %d: %v", n, err)
				case effect.Kept == nil:
					done[n].Add(1)
				case string(effect.Kept) != "done":
					t.Errorf("request %d was answered again with %q", n, effect.Kept)
				}
			}
		})
	}
	all.Wait()
	for n := range done {
		if times := done[n].Load(); times != 1 {
			t.Errorf("request %d was done %d times", n, times)
		}
	}
	if report := verified(t, a); report.Batches != len(done) {
		t.Errorf("there are %d batches of %d requests", report.Batches, len(done))
	}
}

func TestAnswersAreForgottenWhenTheyAreOld(t *testing.T) {
	url := database(t)
	s := opened(t, url)
	defer s.Close()
	write := func(n int, at time.Time) {
		t.Helper()
		err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
			answer := service.KeptAnswer{AnswerID: service.AnswerID{Scope: "ann", Key: fmt.Sprint("k-", n)}, At: at}
			return tx.Write(ctx, service.Changes{Answers: []service.KeptAnswer{answer}, Forget: at.Add(-service.KeepAnswers)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range 10 {
		write(n, opening)
	}
	for n := range 5 {
		write(100+n, opening.Add(service.KeepAnswers+time.Second))
	}
	var left int
	ask(t, url, `SELECT count(*) FROM answers`, &left)
	if left != 5 {
		t.Errorf("%d answers are kept; want the last 5", left)
	}
}
