package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/service"
)

func TestTheLogGoesOnWhereItEndedAfterARestart(t *testing.T) {
	file := temporary(t)
	everything := service.Subscription{Name: "everything"}
	var delivered, batches []int64
	for i := range 3 {
		s := opened(t, file)
		bus := newBus(s, 10)
		mustSend(t, bus,
			domain.CreateBatch{Ref: fmt.Sprint("b", i), SKU: "CHAIR", Qty: 2},
			domain.Allocate{OrderID: fmt.Sprint("order-", i), SKU: "CHAIR", Qty: 1},
		)
		for n := 1; n > 0 && len(delivered) < 10; { // one at a time, and all but the last are done with
			var err error
			n, err = s.Deliver(t.Context(), everything, 1, func(_ context.Context, events []service.Envelope) (int, error) {
				if events[0].Position == int64(2*i)+2 {
					return 0, nil
				}
				delivered = append(delivered, events[0].Position)
				if e, ok := events[0].Event.(domain.BatchCreated); ok {
					batches = append(batches, e.Seq)
				}
				return 1, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		verified(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 5}, delivered); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{1, 2, 3}, batches); diff != "" {
		t.Errorf("numbers of batches (-want +got):\n%s", diff)
	}
}

func TestAPositionThatWasNotCommittedIsGivenAgain(t *testing.T) {
	s := opened(t, temporary(t))
	undo := errors.New("undo")
	for _, end := range []error{undo, nil} {
		err := s.InTx(t.Context(), func(ctx context.Context, tx service.Tx) error {
			return errors.Join(tx.Write(ctx, founding("CHAIR", 1)), end)
		})
		if !errors.Is(err, end) {
			t.Fatal(err)
		}
	}
	if s.end() != 2 {
		t.Errorf("the log ends at %d, want 2", s.end())
	}
	verified(t, s)
}

func TestEventsOfOneOriginShareARow(t *testing.T) {
	s := opened(t, temporary(t))
	bus := newBus(s, 10)
	mustSend(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 100})
	rows := rowsOf(t, s)["origins"]
	for _, c := range []struct {
		from domain.Origin
		more int // rows
	}{
		{domain.Origin{Actor: "ann"}, 1},
		{domain.Origin{Actor: "ann"}, 0},
		{domain.Origin{Actor: "ben"}, 1},
		{domain.Origin{Actor: "ben", Reason: "import"}, 1},
		{domain.Origin{Actor: "ben", Reason: "import", Note: "n", Correlation: "c", Cause: "m"}, 1},
		{domain.Origin{Actor: "ben", Reason: "import", Note: "n", Correlation: "c", Cause: "m"}, 0},
	} {
		var commands []domain.Message
		for range 10 {
			id := fmt.Sprint("order-", rowsOf(t, s)["lines"]+len(commands))
			commands = append(commands, domain.Allocate{Origin: c.from, OrderID: id, SKU: "CHAIR", Qty: 1})
		}
		mustSend(t, bus, commands...)
		rows += c.more
		if got := rowsOf(t, s)["origins"]; got != rows {
			t.Errorf("after %+v there are %d rows, want %d", c.from, got, rows)
		}
	}
}
