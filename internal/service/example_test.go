package service_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/service"
)

// A bus takes a command to its handler and returns what that returns, once it
// is on disk. A line that finds no stock is an answer; an error is something
// that the sender has to change.
func Example() {
	ctx := context.Background()
	bus := openBus(memory.New())
	defer bus.Close()

	_, err := service.Send(ctx, bus, domain.CreateBatch{Ref: "batch-1", SKU: "SMALL-TABLE", Qty: 20})
	fmt.Println(err)
	for range 2 { // once is as good as twice
		placement, err := service.Send(ctx, bus, domain.Allocate{OrderID: "order-1", SKU: "SMALL-TABLE", Qty: 18})
		fmt.Println(placement.Status, placement.BatchRef, placement.Replayed, err)
	}
	placement, err := service.Send(ctx, bus, domain.Allocate{OrderID: "order-2", SKU: "SMALL-TABLE", Qty: 5})
	fmt.Println(placement.Status, "at most", placement.LargestFit, err)
	_, err = service.Send(ctx, bus, domain.Allocate{OrderID: "order-3", SKU: "NO-SUCH-TABLE", Qty: 5})
	fmt.Println(err)

	// Output:
	// <nil>
	// allocated batch-1 false <nil>
	// allocated batch-1 true <nil>
	// backordered at most 2 <nil>
	// no product has SKU "NO-SUCH-TABLE"
}

// openBus puts a bus together, with all handlers, as the composition root does.
func openBus(store service.Store) *service.Bus {
	const group = 100 // most commands in one transaction
	work := service.NewTransactor(store, group, time.Now, nil)
	bus := service.NewBus(work)
	service.Register(bus)
	return bus
}

// What must be true together happens in one unit of work: a batch that shrinks
// gives up its latest line, which finds another place, all in one commit.
func ExamplePerform() {
	ctx := context.Background()
	bus := openBus(memory.New())
	defer bus.Close()
	december := domain.NewDate(2026, time.December, 1)
	commands := []domain.Message{
		domain.CreateBatch{Ref: "batch-1", SKU: "SMALL-TABLE", Qty: 20},
		domain.CreateBatch{Ref: "batch-2", SKU: "SMALL-TABLE", Qty: 20, ETA: december},
		domain.Allocate{OrderID: "order-1", SKU: "SMALL-TABLE", Qty: 10},
		domain.Allocate{OrderID: "order-2", SKU: "SMALL-TABLE", Qty: 10},
	}
	for o := range service.SendEach(ctx, bus, slices.Values(commands)) {
		if o.Err != nil {
			fmt.Println(o.Err)
		}
	}

	effect, err := service.Perform(ctx, bus, domain.ChangeBatchQuantity{Ref: "batch-1", Qty: 15})
	if err != nil {
		fmt.Println(err)
	}
	for _, e := range effect.Events {
		switch event := e.Event.(type) {
		case domain.Allocated:
			fmt.Println(e.Version, event.EventName(), event.OrderID, "from", event.MovedFrom, "to", event.BatchRef)
		default:
			fmt.Println(e.Version, event.EventName())
		}
	}

	// Output:
	// 5 batch_quantity_changed
	// 6 deallocated
	// 7 allocated order-2 from batch-1 to batch-2
}

// A preview is the same run, never written.
func ExamplePreview() {
	ctx := context.Background()
	bus := openBus(memory.New())
	defer bus.Close()
	if _, err := service.Send(ctx, bus, domain.CreateBatch{Ref: "batch-1", SKU: "SMALL-TABLE", Qty: 20}); err != nil {
		fmt.Println(err)
	}

	order := domain.Allocate{OrderID: "order-1", SKU: "SMALL-TABLE", Qty: 5}
	for range 2 {
		preview, err := service.Preview(ctx, bus, order)
		fmt.Println(preview.Result.Status, preview.Result.BatchRef, preview.Result.Replayed, len(preview.Events), err)
	}
	placement, err := service.Send(ctx, bus, order)
	fmt.Println(placement.Status, placement.BatchRef, placement.Replayed, err)

	// Output:
	// allocated batch-1 false 1 <nil>
	// allocated batch-1 false 1 <nil>
	// allocated batch-1 false <nil>
}

// Commands that are handed over together share transactions. Each succeeds or
// fails by itself, and the outcomes come in the order of the commands.
func ExampleSendAll() {
	ctx := context.Background()
	bus := openBus(memory.New())
	defer bus.Close()
	if _, err := service.Send(ctx, bus, domain.CreateBatch{Ref: "batch-1", SKU: "SMALL-TABLE", Qty: 20}); err != nil {
		fmt.Println(err)
	}

	orders := []domain.Allocate{
		{OrderID: "order-1", SKU: "SMALL-TABLE", Qty: 12},
		{OrderID: "order-2", SKU: "SMALL-TABLE", Qty: 0},
		{OrderID: "order-3", SKU: "SMALL-TABLE", Qty: 8},
	}
	for o := range service.SendAll(ctx, bus, slices.Values(orders)) {
		fmt.Println(o.Result.BatchRef, o.Err)
	}

	// Output:
	// batch-1 <nil>
	//  qty is 0; it must lie between 1 and 2147483647
	// batch-1 <nil>
}

// swap is a command of our own: it takes a line of an order back and asks for
// another product in its place.
type swap struct {
	domain.Origin
	OrderID, From, To string
	Qty               int
}

func (swap) CommandName() string        { return "swap" }
func (swap) Returns(_ domain.Placement) {}
func (swap) Validate() error            { return nil }

// handleSwap works in one unit of work: if there is no stock of the other
// product, the order keeps what it had.
func handleSwap(ctx context.Context, uow *service.UnitOfWork, cmd swap) (domain.Placement, error) {
	if _, err := service.CancelLine(ctx, uow, domain.CancelLine{OrderID: cmd.OrderID, SKU: cmd.From}); err != nil {
		return domain.Placement{}, err
	}
	placement, err := service.Allocate(ctx, uow, domain.Allocate{OrderID: cmd.OrderID, SKU: cmd.To, Qty: cmd.Qty})
	if err == nil && placement.Status != domain.StatusAllocated {
		err = fmt.Errorf("no stock of %s: order %s keeps its %s", cmd.To, cmd.OrderID, cmd.From)
	}
	return placement, err
}

// A handler gets products from a unit of work and changes them. If it returns
// an error, nothing of that has happened, and nothing was ever written.
func ExampleUnitOfWork() {
	ctx := context.Background()
	store := memory.New()
	bus := openBus(store)
	defer bus.Close()
	service.OnCommand(bus, handleSwap, func(c swap) service.About { return service.About{SKU: c.To, OrderID: c.OrderID} })
	for _, cmd := range []domain.CreateBatch{{Ref: "tables", SKU: "TABLE", Qty: 1}, {Ref: "lamps", SKU: "LAMP", Qty: 1}, {Ref: "rugs", SKU: "RUG", Qty: 0}} {
		if _, err := service.Send(ctx, bus, cmd); err != nil {
			fmt.Println(err)
		}
	}
	if _, err := service.Send(ctx, bus, domain.Allocate{OrderID: "order-1", SKU: "TABLE", Qty: 1}); err != nil {
		fmt.Println(err)
	}

	for _, to := range []string{"RUG", "LAMP"} {
		_, err := service.Send(ctx, bus, swap{OrderID: "order-1", From: "TABLE", To: to, Qty: 1})
		fmt.Println(err)
		order, _ := store.Order(ctx, "order-1")
		for _, line := range order.Lines {
			fmt.Println("-", line.SKU, line.Status)
		}
	}

	// Output:
	// no stock of RUG: order order-1 keeps its TABLE
	// - TABLE allocated
	// <nil>
	// - LAMP allocated
	// - TABLE cancelled
}
