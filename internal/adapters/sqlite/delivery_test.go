package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"allot/internal/adapters/sqlite"
	"allot/internal/service"
)

// Keeping each position would cost commands a commit each.
func TestASubscriptionThatMovesOnGoesOnWhereItWasAfterARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allot.db")
	sub := service.Subscription{Name: "busy"}
	for round := range 2 {
		s, err := sqlite.Open(t.Context(), file, "test")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			if err := addBatch(t.Context(), s, fmt.Sprint("b", round, i)); err != nil {
				t.Fatal(err)
			}
			got, err := s.Deliver(t.Context(), sub, 9, func(_ context.Context, events []service.Envelope) (int, error) { return len(events), nil })
			if err != nil || got != 1 {
				t.Errorf("%d events were delivered after one, %v", got, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What is committed before the next start has not been delivered either.
func TestASubscriptionThatBeganGoesOnWhereItWasAfterARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "allot.db")
	sub := service.Subscription{Name: "from now", FromNow: true}
	for round, want := range []int{0, 2} {
		s, err := sqlite.Open(t.Context(), file, "test")
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			if err := addBatch(t.Context(), s, "before"); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Deliver(t.Context(), sub, 9, func(_ context.Context, events []service.Envelope) (int, error) { return len(events), nil })
		if err != nil || got != want {
			t.Errorf("start %d: %d events were delivered, %v; want %d", round, got, err, want)
		}
		for _, ref := range []string{"b1", "b2"} {
			if err := addBatch(t.Context(), s, ref); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
