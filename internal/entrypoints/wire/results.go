package wire

import (
	"allot/internal/domain"
	"allot/internal/service"
)

// The answers to commands that are sent one by one. Their members are those of
// AppendAnswer, and what the command did to other lines.

// Placed is the answer to a command about a line.
type Placed struct {
	OrderID    string         `json:"order_id"`
	SKU        string         `json:"sku"`
	Qty        int            `json:"qty,omitempty"`
	Status     domain.Status  `json:"status"`
	BatchRef   string         `json:"batch_ref,omitempty"`
	Promise    domain.Date    `json:"promise,omitzero"`
	HeldUntil  domain.Instant `json:"held_until,omitzero"`
	Shipped    int            `json:"shipped,omitempty"`
	Why        *domain.Why    `json:"why,omitempty"`
	LargestFit int            `json:"largest_fit,omitempty"`
	Replayed   bool           `json:"replayed,omitempty"`
	Consequences
}

// Stocked is the answer to a command about a batch.
type Stocked struct {
	Ref       string      `json:"ref"`
	SKU       string      `json:"sku"`
	Qty       int         `json:"qty"`
	ETA       domain.Date `json:"eta,omitzero"`
	Allocated int         `json:"allocated"`
	Shipped   int         `json:"shipped,omitempty"`
	Available int         `json:"available"`
	Closed    bool        `json:"closed,omitempty"`
	Replayed  bool        `json:"replayed,omitempty"`
	Consequences
}

// Described is the answer to a command about a product.
type Described struct {
	SKU         string `json:"sku"`
	Description string `json:"description"`
	Replayed    bool   `json:"replayed,omitempty"`
	Consequences
}

// AllocateResult is the answer to Allocate and its HTTP status. A line that was
// refused is an error: OutOfStock.
func AllocateResult(cmd domain.Allocate, effect service.Effect[domain.Placement], dryRun bool) (Placed, int, error) {
	if effect.Result.Status == domain.StatusRefused {
		return Placed{}, 0, OutOfStock(cmd, effect.Result)
	}
	p := placed(cmd.OrderID, cmd.SKU, effect, dryRun)
	p.Qty = cmd.Qty
	return p, statusOf(!p.Replayed), nil
}

// CancelResult is the answer to CancelLine.
func CancelResult(cmd domain.CancelLine, effect service.Effect[domain.Placement], dryRun bool) Placed {
	return placed(cmd.OrderID, cmd.SKU, effect, dryRun)
}

func placed(orderID, sku string, effect service.Effect[domain.Placement], dryRun bool) Placed {
	r := effect.Result
	p := Placed{
		OrderID: orderID, SKU: sku, Status: r.Status, BatchRef: r.BatchRef, Promise: r.Promise, HeldUntil: r.HeldUntil, Shipped: r.Shipped, LargestFit: r.LargestFit, Replayed: r.Replayed,
		Consequences: consequencesOf(effect.Events, dryRun, lineKey{orderID, sku}, domain.Batch{}),
	}
	if r.Why.Rule != "" {
		p.Why = &r.Why
	}
	return p
}

// BatchResult is the answer to a command about a batch, and its HTTP status if
// the command was to create it.
func BatchResult(effect service.Effect[domain.Batched], dryRun bool) (Stocked, int) {
	b := effect.Result.Batch
	return Stocked{
		Ref: b.Ref, SKU: b.SKU, Qty: b.Purchased, ETA: b.ETA, Allocated: b.Allocated, Shipped: b.Shipped, Available: b.Available(),
		Closed: b.Closed, Replayed: effect.Result.Replayed,
		Consequences: consequencesOf(effect.Events, dryRun, lineKey{}, b),
	}, statusOf(!effect.Result.Replayed)
}

// DescribeResult is the answer to DescribeProduct.
func DescribeResult(effect service.Effect[domain.Described], dryRun bool) Described {
	r := effect.Result
	return Described{
		SKU: r.SKU, Description: r.Description, Replayed: r.Replayed,
		Consequences: consequencesOf(effect.Events, dryRun, lineKey{}, domain.Batch{}),
	}
}

func statusOf(created bool) int {
	if created {
		return 201
	}
	return 200
}
