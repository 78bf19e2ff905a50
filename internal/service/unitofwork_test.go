package service_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

// within runs fn in a unit of work, as the handler of a command.
func within(t *testing.T, bus *service.Bus, fn func(context.Context, *service.UnitOfWork) error) error {
	t.Helper()
	service.OnCommand(bus, func(ctx context.Context, uow *service.UnitOfWork, _ custom) (string, error) { return "", fn(ctx, uow) }, aboutNothing)
	_, err := service.Send(t.Context(), bus, custom{domain.DescribeProduct{SKU: "any"}})
	return err
}

func ids(t *testing.T, lines iter.Seq2[domain.Line, error]) (out []string) {
	t.Helper()
	for line, err := range lines {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, line.OrderID)
	}
	return out
}

func TestARepositoryHasOneCopyOfAProduct(t *testing.T) {
	bus := newBus(newStore(), 1)
	do(t, bus, batch("used up", 1), order("o-1", 1), batch("open", 1))
	err := within(t, bus, func(ctx context.Context, uow *service.UnitOfWork) error {
		product, err := uow.Products.Get(ctx, "CHAIR")
		if err != nil {
			return err
		}
		product.Describe("A chair")
		for _, ref := range []string{"open", "used up", "used up"} {
			again, err := uow.Products.GetByBatchRef(ctx, ref)
			if err != nil || again != product {
				t.Errorf("by batch %q it is another product, %v", ref, err)
			}
			if _, ok := again.Batch(ref); !ok {
				t.Errorf("batch %q is not at hand", ref)
			}
		}
		again, err := uow.Products.Get(ctx, "CHAIR")
		if err != nil || again != product {
			t.Errorf("by SKU it is another product, %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNotInARepositoryIsNotFound(t *testing.T) {
	bus := newBus(newStore(), 1)
	do(t, bus, batch("b1", 1))
	err := within(t, bus, func(ctx context.Context, uow *service.UnitOfWork) error {
		for range 2 { // asking again finds it no more than before
			_, bySKU := uow.Products.Get(ctx, "chair")
			_, byRef := uow.Products.GetByBatchRef(ctx, "b2")
			for code, err := range map[string]error{domain.CodeUnknownSKU: bySKU, domain.CodeUnknownBatch: byRef} {
				if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != code {
					t.Errorf("got error %v, want %s", err, code)
				}
			}
			line, err := uow.Lines.Get(ctx, "o-1", "CHAIR")
			if err != nil || line.Exists() {
				t.Errorf("a line was found that never was: %+v, %v", line, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAHandlerSeesWhatItHasDone(t *testing.T) {
	bus := newBus(newStore(), 1)
	do(t, bus, batch("b1", 4), order("stored", 1), order("gives way", 1), order("waits", 9))
	err := within(t, bus, func(ctx context.Context, uow *service.UnitOfWork) error {
		for _, cmd := range []domain.Allocate{
			{OrderID: "new", SKU: "CHAIR", Qty: 2}, {OrderID: "new and waits", SKU: "CHAIR", Qty: 9},
		} {
			if _, err := service.Allocate(ctx, uow, cmd); err != nil {
				return err
			}
		}
		if _, err := service.CancelLine(ctx, uow, domain.CancelLine{OrderID: "gives way", SKU: "CHAIR"}); err != nil {
			return err
		}
		uow.CollectNewEvents() // from when on it is known what lines there are
		equal(t, "the lines of the batch", ids(t, uow.Lines.Of(ctx, "CHAIR", "b1")), []string{"new", "stored"})
		equal(t, "the queue", ids(t, uow.Lines.Backorders(ctx, "CHAIR")), []string{"waits", "new and waits"})
		if _, err := service.CancelLine(ctx, uow, domain.CancelLine{OrderID: "new", SKU: "CHAIR"}); err != nil {
			return err
		}
		uow.CollectNewEvents()
		for _, id := range []string{"gives way", "new"} {
			if line, err := uow.Lines.Get(ctx, id, "CHAIR"); err != nil || line.Status != domain.StatusCancelled {
				t.Errorf("%s is %s, %v", id, line.Status, err)
			}
		}
		equal(t, "the lines of the batch in the end", ids(t, uow.Lines.Of(ctx, "CHAIR", "b1")), []string{"stored"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAUnitOfWorkOverManyProductsIsOneChange(t *testing.T) {
	s := newStore()
	bus := newBus(s, 1)
	do(t, bus, batch("b1", 4), rename("LAMP", "A lamp"), rename("TABLE", "A table"))
	both := func(end error) func(context.Context, *service.UnitOfWork) error {
		return func(ctx context.Context, uow *service.UnitOfWork) error {
			for _, sku := range []string{"TABLE", "CHAIR", "LAMP", "TABLE"} {
				p, err := uow.Products.Get(ctx, sku)
				if err != nil {
					return err
				}
				p.Describe("Sold with others")
			}
			p := domain.NewProduct("SET")
			p.Describe("Table, chair and lamp")
			uow.Products.Add(p)
			return end
		}
	}
	before := books(t, s)
	broken := errors.New("broken")
	if err := within(t, bus, both(broken)); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	equal(t, "the store after a failure", books(t, s), before)

	if err := within(t, newBus(s, 1), both(nil)); err != nil {
		t.Fatal(err)
	}
	equal(t, "the number of transactions", s.begun.Load(), 3+1+1)
	var versions []int64
	var skus []string
	for _, e := range log(t, s)[3:] {
		skus, versions = append(skus, e.SKU), append(versions, e.Version)
	}
	equal(t, "the products, as they were first used", skus, []string{"TABLE", "CHAIR", "LAMP", "SET"})
	equal(t, "their versions", versions, []int64{2, 2, 2, 1})
}

func TestLinesThatNobodyFoundAPlaceForAreNotLost(t *testing.T) {
	s := newStore()
	do(t, newBus(s, 1), batch("b1", 4), order("o-1", 4))
	before := books(t, s)
	bus := bareBus(s, 1) // without Reallocate
	err := within(t, bus, func(ctx context.Context, uow *service.UnitOfWork) error {
		_, err := service.ChangeBatchQuantity(ctx, uow, domain.ChangeBatchQuantity{Ref: "b1", Qty: 1})
		return err
	})
	if err == nil || err.Error() != "1 displaced lines of CHAIR have no place" {
		t.Errorf("got error %v", err)
	}
	equal(t, "the store", books(t, s), before)
}
