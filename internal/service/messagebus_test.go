package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"allot/internal/domain"
	"allot/internal/service"
)

// custom is a command whose handler is up to the test.
type custom struct {
	domain.DescribeProduct
}

func (custom) CommandName() string { return "custom" }
func (custom) Returns(string)      {}

// aboutNothing is what a command is about that says nothing ahead of time.
func aboutNothing(custom) service.About { return service.About{} }

func TestACommandHasOneHandler(t *testing.T) {
	bus := newBus(newStore(), 1)
	defer func() {
		if got := recover(); got != "two handlers for command allocate" {
			t.Errorf("a second handler gave %v", got)
		}
	}()
	service.OnCommand(bus, service.Allocate, func(domain.Allocate) service.About { return service.About{} })
}

func TestACommandWithoutHandlerIsRefused(t *testing.T) {
	bus := bareBus(newStore(), 1)
	cmd := domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 1}
	_, sent := service.Send(t.Context(), bus, cmd)
	_, previewed := service.Preview(t.Context(), bus, cmd)
	for _, err := range append(errorsOf(t, bus, cmd), sent, previewed) {
		if err == nil || err.Error() != "no handler for command create_batch" {
			t.Errorf("got error %v", err)
		}
	}
}

func TestACommandThatIsNotValidNeverWaitsInAQueue(t *testing.T) {
	s := newStore()
	bus := newBus(s, 1)
	cmd := domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 0}
	_, sent := service.Send(t.Context(), bus, cmd)
	_, previewed := service.Preview(t.Context(), bus, cmd)
	for _, err := range append(errorsOf(t, bus, cmd), sent, previewed) {
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != domain.CodeValidationFailed || e.Field != "qty" {
			t.Errorf("got error %v", err)
		}
	}
	equal(t, "the number of transactions", s.begun.Load(), 0)
}

func TestTheErrorOfAHandlerReachesTheSender(t *testing.T) {
	s := newStore()
	bus := newBus(s, 1)
	broken := errors.New("broken")
	service.OnCommand(bus, func(context.Context, *service.UnitOfWork, custom) (string, error) { return "unheard of", broken }, aboutNothing)
	answer, err := service.Send(t.Context(), bus, custom{domain.DescribeProduct{SKU: "CHAIR"}})
	if !errors.Is(err, broken) || answer != "" {
		t.Errorf("got %q, %v", answer, err)
	}
	_, err = service.Send(t.Context(), bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != domain.CodeUnknownSKU {
		t.Errorf("got %v", err)
	}
}

func TestThePanicOfAHandlerIsItsCommandsError(t *testing.T) {
	s := newStore()
	bus := newBus(s, 1)
	service.OnCommand(bus, func(context.Context, *service.UnitOfWork, custom) (string, error) { panic("out of luck") }, aboutNothing)
	_, err := service.Send(t.Context(), bus, custom{domain.DescribeProduct{SKU: "CHAIR"}})
	if err == nil || !strings.HasPrefix(err.Error(), "panic: out of luck\n") || !strings.Contains(err.Error(), "messagebus_test.go") || domain.KindOf(err) != domain.Internal {
		t.Errorf("got error %v; want the panic, and where it came from", err)
	}
	do(t, bus, batch("b1", 1))
}

func TestAnEventHasAnyNumberOfHandlersInTheUnitOfWorkOfItsCommand(t *testing.T) {
	s := newStore()
	bus := newBus(s, 1)
	var heard []string
	for _, who := range []string{"first", "second"} {
		service.OnEvent(bus, func(ctx context.Context, uow *service.UnitOfWork, e domain.Allocated) error {
			heard = append(heard, fmt.Sprint(who, " heard of ", e.OrderID))
			p, err := uow.Products.Get(ctx, e.SKU)
			if err == nil {
				p.Describe("sold by " + who)
			}
			return err
		})
	}
	do(t, bus, batch("b1", 5))
	effect, err := service.Perform(t.Context(), bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "what was heard", heard, []string{"first heard of o-1", "second heard of o-1"})
	equal(t, "the log", names(t, s), []string{"batch_created", "allocated", "product_described", "product_described"})
	equal(t, "the number of events of the command", len(effect.Events), 3)
	equal(t, "the number of transactions", s.begun.Load(), 2)
}

func TestAnEventsHandlerThatFailsTakesItsCommandAlong(t *testing.T) {
	s := newStore()
	bus := newBus(s, 1)
	broken := errors.New("broken")
	service.OnEvent(bus, func(_ context.Context, _ *service.UnitOfWork, e domain.Allocated) error {
		if e.OrderID == "o-2" {
			return broken
		}
		return nil
	})
	do(t, bus, batch("b1", 5), order("o-1", 1))
	before := books(t, s)
	_, err := service.Send(t.Context(), bus, domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 1})
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "on allocated: ") {
		t.Errorf("got error %v", err)
	}
	equal(t, "the store", books(t, s), before)
}

func TestEventsThatNeverEndAreAnError(t *testing.T) {
	s := newStore()
	bus := newBus(s, 1)
	service.OnEvent(bus, func(ctx context.Context, uow *service.UnitOfWork, e domain.ProductDescribed) error {
		p, err := uow.Products.Get(ctx, e.SKU)
		if err == nil {
			p.Describe(e.Description + "!")
		}
		return err
	})
	_, err := service.Send(t.Context(), bus, domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"})
	if err == nil || err.Error() != "events still coming after 8 rounds" {
		t.Errorf("got error %v", err)
	}
	equal(t, "the log", names(t, s), nil)
}

func TestAnEffectIsTheAnswerAndTheFacts(t *testing.T) {
	bus := newBus(newStore(), 1)
	from := domain.Origin{Actor: "ann", Reason: "damaged", Correlation: "c-1"}
	do(t, bus, batch("b1", 5), order("o-1", 3), order("o-2", 2))
	effect, err := service.Perform(t.Context(), bus, domain.ChangeBatchQuantity{Origin: from, Ref: "b1", Qty: 4})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the answer", effect.Result, domain.Batched{Batch: domain.Batch{Seq: 1, Ref: "b1", SKU: "CHAIR", Purchased: 4, Allocated: 3, FirstQty: 5}})
	fact := func(version int64, e domain.Event) service.Envelope {
		return service.Envelope{At: opened, SKU: "CHAIR", Version: version, Command: "change_batch_quantity", Origin: from, Event: e}
	}
	why := domain.Why{Rule: domain.Earliest, Cause: domain.BatchShrunk, By: "b1", PassedOver: []domain.PassedOver{{BatchRef: "b1", Available: 1}}}
	equal(t, "the facts", effect.Events, []service.Envelope{ // and no signals
		fact(4, domain.BatchQuantityChanged{Ref: "b1", SKU: "CHAIR", Qty: 4, Previous: 5}),
		fact(5, domain.Deallocated{OrderID: "o-2", SKU: "CHAIR", Qty: 2, BatchRef: "b1", Reason: domain.BatchShrunk, Moved: domain.Moved{Status: domain.StatusBackordered}}),
		fact(6, domain.OutOfStock{SKU: "CHAIR", OrderID: "o-2", Qty: 2, LargestFit: 1}),
		fact(7, domain.Backordered{OrderID: "o-2", SKU: "CHAIR", Qty: 2, Seq: 2, Why: why}),
	})
}

func TestEachIsToldItsOwnEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		bus := newBus(s, 100)
		do(t, bus, batch("b1", 100))
		g := shut(s)
		var senders sync.WaitGroup
		g.begin(t, &senders, bus, domain.DescribeProduct{SKU: "LAMP"})
		for i := range 20 {
			id := fmt.Sprint("o-", i)
			senders.Go(func() {
				effect, err := service.Perform(t.Context(), bus, domain.Allocate{OrderID: id, SKU: "CHAIR", Qty: 1})
				if err != nil || len(effect.Events) != 1 || effect.Events[0].Event.(domain.Allocated).OrderID != id {
					t.Errorf("%s was told %+v, %v", id, effect, err)
				}
			})
		}
		synctest.Wait() // until all are in the queue
		close(g.open)
		senders.Wait()
		equal(t, "the number of transactions", s.begun.Load(), 3)
	})
}
