package service

import (
	"context"

	"allot/internal/domain"
)

// The handlers of what happens after a batch was bought and a line was accepted.

// ChangeBatch handles ChangeBatch.
func ChangeBatch(ctx context.Context, uow *UnitOfWork, cmd domain.ChangeBatch) (domain.Batched, error) {
	product, err := uow.Products.GetByBatchRef(ctx, cmd.Ref)
	if err != nil {
		return domain.Batched{}, err
	}
	labelled, err := product.RelabelBatch(cmd.Ref, cmd.Label)
	if err != nil {
		return domain.Batched{}, err
	}
	answer, err := product.ChangeBatch(cmd.Ref, cmd.Qty, cmd.ETA, uow.Lines.Of(ctx, product.SKU(), cmd.Ref))
	answer.Replayed = answer.Replayed && labelled.Replayed
	return settled(ctx, uow, product, answer, err)
}

// ReceiveBatch handles ReceiveBatch.
func ReceiveBatch(ctx context.Context, uow *UnitOfWork, cmd domain.ReceiveBatch) (domain.Batched, error) {
	product, err := uow.Products.GetByBatchRef(ctx, cmd.Ref)
	if err != nil {
		return domain.Batched{}, err
	}
	answer, err := product.ReceiveBatch(cmd.Ref, cmd.Qty, uow.Lines.Of(ctx, product.SKU(), cmd.Ref))
	return settled(ctx, uow, product, answer, err)
}

// CloseBatch handles CloseBatch.
func CloseBatch(ctx context.Context, uow *UnitOfWork, cmd domain.CloseBatch) (domain.Batched, error) {
	product, err := uow.Products.GetByBatchRef(ctx, cmd.Ref)
	if err != nil {
		return domain.Batched{}, err
	}
	return product.CloseBatch(cmd.Ref)
}

// ReopenBatch handles ReopenBatch.
func ReopenBatch(ctx context.Context, uow *UnitOfWork, cmd domain.ReopenBatch) (domain.Batched, error) {
	product, err := uow.Products.GetByBatchRef(ctx, cmd.Ref)
	if err != nil {
		return domain.Batched{}, err
	}
	answer, err := product.ReopenBatch(cmd.Ref)
	return settled(ctx, uow, product, answer, err)
}

// ShipLine handles ShipLine.
func ShipLine(ctx context.Context, uow *UnitOfWork, cmd domain.ShipLine) (domain.Placement, error) {
	product, line, err := accepted(ctx, uow, cmd.OrderID, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	return product.ShipLine(line, cmd.Shipped)
}

// ReturnLine handles ReturnLine.
func ReturnLine(ctx context.Context, uow *UnitOfWork, cmd domain.ReturnLine) (domain.Placement, error) {
	product, line, err := accepted(ctx, uow, cmd.OrderID, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	if cmd.BatchRef != "" { // the product refuses one that isn't its own
		if _, err := uow.Products.GetByBatchRef(ctx, cmd.BatchRef); err != nil {
			return domain.Placement{}, err
		}
	}
	return product.ReturnLine(line, cmd.Returned, cmd.BatchRef)
}

// AmendLine handles AmendLine.
func AmendLine(ctx context.Context, uow *UnitOfWork, cmd domain.AmendLine) (domain.Placement, error) {
	product, line, err := accepted(ctx, uow, cmd.OrderID, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	answer, err := product.AmendLine(line, cmd.Amendment)
	if err != nil || answer.Status != domain.StatusBackordered || answer.Replayed {
		return answer, err
	}
	return placed(ctx, uow, answer, cmd.OrderID, cmd.SKU)
}

// placed is the answer for a line that may have found stock when that which it
// had was offered to all who wait.
func placed(ctx context.Context, uow *UnitOfWork, answer domain.Placement, orderID, sku string) (domain.Placement, error) {
	if err := uow.React(ctx); err != nil {
		return answer, err
	}
	line, err := uow.Lines.Get(ctx, orderID, sku)
	answer.Status, answer.BatchRef, answer.Promise = line.Status, line.BatchRef, line.Promise
	return answer, err
}

// ConfirmHold handles ConfirmHold.
func ConfirmHold(ctx context.Context, uow *UnitOfWork, cmd domain.ConfirmHold) (domain.Placement, error) {
	product, line, err := accepted(ctx, uow, cmd.OrderID, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	return product.ConfirmHold(line)
}

// ReleaseHold handles ReleaseHold.
func ReleaseHold(ctx context.Context, uow *UnitOfWork, cmd domain.ReleaseHold) (domain.Placement, error) {
	product, line, err := accepted(ctx, uow, cmd.OrderID, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	return product.ReleaseHold(line)
}

// ExpireHold handles ExpireHold.
func ExpireHold(ctx context.Context, uow *UnitOfWork, cmd domain.ExpireHold) (domain.Placement, error) {
	product, line, err := accepted(ctx, uow, cmd.OrderID, cmd.SKU)
	if err != nil {
		return domain.Placement{}, err
	}
	return product.ExpireHold(line, cmd.At)
}

// AllocateOrder handles AllocateOrder.
func AllocateOrder(ctx context.Context, uow *UnitOfWork, cmd domain.AllocateOrder) (domain.Placements, error) {
	answer := domain.Placements{OrderID: cmd.OrderID, Lines: make([]domain.OrderedLine, len(cmd.Lines))}
	for i, w := range cmd.Lines {
		placement, err := Allocate(ctx, uow, domain.Allocate{
			OrderID: cmd.OrderID, SKU: w.SKU, Qty: w.Qty, OnShortage: cmd.OnShortage,
			Priority: w.Priority, RequiredBy: w.RequiredBy, HoldUntil: cmd.HoldUntil, Wishes: w.Wishes,
		})
		if err != nil && domain.KindOf(err) == domain.Internal {
			return domain.Placements{}, err
		}
		answer.Lines[i] = domain.OrderedLine{Wanted: w, Placement: placement, Err: err}
	}
	if cmd.Mode == domain.AllLines {
		if err := domain.OrderIncomplete(answer.Lines); err != nil {
			return domain.Placements{}, err
		}
	}
	return answer, nil
}
