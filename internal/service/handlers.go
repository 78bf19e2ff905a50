package service

import (
	"context"
	"fmt"

	"allot/internal/domain"
)

// Register tells the bus who handles what. This table is the program at a
// glance.
func Register(bus *Bus) {
	OnCommand(bus, DescribeProduct, func(c domain.DescribeProduct) About { return About{SKU: c.SKU} })
	OnCommand(bus, SetPolicy, func(c domain.SetPolicy) About { return About{SKU: c.SKU} })
	OnCommand(bus, AddBatch, func(c domain.CreateBatch) About { return About{SKU: c.SKU, BatchRef: c.Ref} })
	OnCommand(bus, Allocate, func(c domain.Allocate) About { return About{SKU: c.SKU, OrderID: c.OrderID} })
	OnCommand(bus, ChangeBatchQuantity, func(c domain.ChangeBatchQuantity) About { return About{BatchRef: c.Ref} })
	OnCommand(bus, CancelLine, func(c domain.CancelLine) About { return About{SKU: c.SKU, OrderID: c.OrderID} })

	OnCommand(bus, AllocateOrder, func(c domain.AllocateOrder) About { return About{OrderID: c.OrderID, SKUs: skusOf(c.Lines)} })
	OnCommand(bus, ChangeBatch, func(c domain.ChangeBatch) About { return About{BatchRef: c.Ref} })
	OnCommand(bus, ReceiveBatch, func(c domain.ReceiveBatch) About { return About{BatchRef: c.Ref} })
	OnCommand(bus, CloseBatch, func(c domain.CloseBatch) About { return About{BatchRef: c.Ref} })
	OnCommand(bus, ReopenBatch, func(c domain.ReopenBatch) About { return About{BatchRef: c.Ref} })
	OnCommand(bus, ShipLine, func(c domain.ShipLine) About { return About{SKU: c.SKU, OrderID: c.OrderID} })
	OnCommand(bus, ReturnLine, func(c domain.ReturnLine) About { return About{SKU: c.SKU, OrderID: c.OrderID, BatchRef: c.BatchRef} })
	OnCommand(bus, AmendLine, func(c domain.AmendLine) About { return About{SKU: c.SKU, OrderID: c.OrderID} })
	OnCommand(bus, ConfirmHold, func(c domain.ConfirmHold) About { return About{SKU: c.SKU, OrderID: c.OrderID} })
	OnCommand(bus, ReleaseHold, func(c domain.ReleaseHold) About { return About{SKU: c.SKU, OrderID: c.OrderID} })
	OnCommand(bus, ExpireHold, func(c domain.ExpireHold) About { return About{SKU: c.SKU, OrderID: c.OrderID} })

	OnCommand(bus, ReplanProduct, func(c domain.ReplanProduct) About { return About{SKU: c.SKU} })

	OnCommand(bus, GoOnFilling, func(c domain.GoOnFilling) About { return About{SKU: c.SKU} })

	OnEvent(bus, Reallocate)
	OnEvent(bus, FillBackorders)
}

func skusOf(lines []domain.Wanted) []string {
	skus := make([]string, len(lines))
	for i, w := range lines {
		skus[i] = w.SKU
	}
	return skus
}

// DescribeProduct handles DescribeProduct.
func DescribeProduct(ctx context.Context, uow *UnitOfWork, cmd domain.DescribeProduct) (domain.Described, error) {
	product, err := knownOrNew(ctx, uow, cmd.SKU)
	if err != nil {
		return domain.Described{}, err
	}
	return product.Describe(cmd.Description), nil
}

// SetPolicy handles SetPolicy.
func SetPolicy(ctx context.Context, uow *UnitOfWork, cmd domain.SetPolicy) (domain.PolicyAnswer, error) {
	product, err := uow.Products.Get(ctx, cmd.SKU)
	if err != nil {
		return domain.PolicyAnswer{}, err
	}
	return product.SetPolicy(cmd.Policy, cmd.SafetyStock), nil
}

func knownOrNew(ctx context.Context, uow *UnitOfWork, sku string) (*domain.Product, error) {
	product, err := uow.Products.Get(ctx, sku)
	if domain.KindOf(err) == domain.NotFound {
		product, err = domain.NewProduct(sku), nil
		uow.Products.Add(product)
	}
	return product, err
}

// AddBatch handles CreateBatch.
func AddBatch(ctx context.Context, uow *UnitOfWork, cmd domain.CreateBatch) (domain.Batched, error) {
	batch := domain.Batch{Ref: cmd.Ref, SKU: cmd.SKU, Purchased: cmd.Qty, ETA: cmd.ETA, Location: cmd.Location, UseBy: cmd.UseBy}
	product, err := uow.Products.GetByBatchRef(ctx, cmd.Ref)
	if err == nil { // there is one: the product says whether it is the same
		return product.AddBatch(batch)
	}
	if domain.KindOf(err) != domain.NotFound {
		return domain.Batched{}, err
	}
	product, err = knownOrNew(ctx, uow, cmd.SKU)
	if err != nil {
		return domain.Batched{}, err
	}
	if batch.Seq, err = uow.Products.NextBatch(ctx); err != nil {
		return domain.Batched{}, err
	}
	answer, err := product.AddBatch(batch)
	return settled(ctx, uow, product, answer, err)
}

// settled is an answer with the batch as it is when lines have come and gone.
func settled(ctx context.Context, uow *UnitOfWork, p *domain.Product, answer domain.Batched, err error) (domain.Batched, error) {
	if err != nil || answer.Replayed {
		return answer, err
	}
	if err := uow.React(ctx); err != nil {
		return domain.Batched{}, err
	}
	answer.Batch, _ = p.Batch(answer.Batch.Ref)
	return answer, nil
}

// Allocate handles Allocate. It is the heart of it all.
func Allocate(ctx context.Context, uow *UnitOfWork, cmd domain.Allocate) (domain.Placement, error) {
	product, err := uow.Products.Get(ctx, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	known, err := uow.Lines.Get(ctx, cmd.OrderID, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	if err := checkHold(cmd.HoldUntil, domain.InstantOf(uow.s.now), known); err != nil {
		return domain.Placement{}, err
	}
	line := domain.Line{
		OrderLine: domain.OrderLine{OrderID: cmd.OrderID, SKU: cmd.SKU, Qty: cmd.Qty}, Seq: known.Seq,
		Priority: cmd.Priority, RequiredBy: cmd.RequiredBy, HeldUntil: cmd.HoldUntil, Wishes: cmd.Wishes,
	}
	if !known.Exists() {
		if line.Seq, err = uow.Lines.NextSeq(ctx); err != nil {
			return domain.Placement{}, err
		}
	}
	return product.Allocate(line, cmd.OnShortage, known)
}

// checkHold refuses a hold that would have ended by now. The same hold again
// may come as late as it likes.
func checkHold(until, now domain.Instant, known domain.Line) error {
	ends := !known.Exists() || known.Status == domain.StatusExpired || known.Status == domain.StatusHeld && until != known.HeldUntil
	if until == 0 || until > now || !ends {
		return nil
	}
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "hold_until",
		Message: fmt.Sprintf("hold_until is %s; it must be later than now, %s", until, now),
		Hint:    "send a later time, or leave it out to order for good"}
}

// ChangeBatchQuantity handles ChangeBatchQuantity.
func ChangeBatchQuantity(ctx context.Context, uow *UnitOfWork, cmd domain.ChangeBatchQuantity) (domain.Batched, error) {
	product, err := uow.Products.GetByBatchRef(ctx, cmd.Ref)
	if err != nil {
		return domain.Batched{}, err
	}
	answer, err := product.ChangeBatchQuantity(cmd.Ref, cmd.Qty, uow.Lines.Of(ctx, product.SKU(), cmd.Ref))
	return settled(ctx, uow, product, answer, err)
}

// CancelLine handles CancelLine.
func CancelLine(ctx context.Context, uow *UnitOfWork, cmd domain.CancelLine) (domain.Placement, error) {
	product, line, err := accepted(ctx, uow, cmd.OrderID, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	return product.CancelLine(line)
}

// accepted returns a line that an order has, and its product, with the batch of
// the line at hand.
func accepted(ctx context.Context, uow *UnitOfWork, orderID, sku string) (product *domain.Product, line domain.Line, err error) {
	if line, err = uow.Lines.Get(ctx, orderID, sku); err != nil {
		return nil, line, err
	}
	switch {
	case !line.Exists():
		err = domain.UnknownLine(orderID, sku)
	case line.BatchRef != "":
		product, err = uow.Products.GetByBatchRef(ctx, line.BatchRef)
	default:
		product, err = uow.Products.Get(ctx, sku)
	}
	return product, line, err
}

// Reallocate handles LinesDisplaced: it finds the lines another place.
func Reallocate(ctx context.Context, uow *UnitOfWork, e domain.LinesDisplaced) error {
	product, err := uow.Products.Get(ctx, e.SKU)
	if err != nil {
		return err
	}
	product.Reallocate(e)
	return nil
}

// FillBackorders handles StockAvailable: it serves those who wait.
func FillBackorders(ctx context.Context, uow *UnitOfWork, e domain.StockAvailable) error {
	product, err := uow.Products.Get(ctx, e.SKU)
	if err != nil {
		return err
	}
	return product.FillBackorders(e, uow.Lines.Backorders(ctx, e.SKU), uow.bus.mostFilled)
}
