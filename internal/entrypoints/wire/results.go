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
	Location  string      `json:"location,omitempty"`
	UseBy     domain.Date `json:"use_by,omitzero"`
	Allocated int         `json:"allocated"`
	Shipped   int         `json:"shipped,omitempty"`
	Available int         `json:"available"`
	Closed    bool        `json:"closed,omitempty"`
	Replayed  bool        `json:"replayed,omitempty"`
	Consequences
}

// Ordered is the answer to a command about a whole order.
type Ordered struct {
	OrderID string        `json:"order_id"`
	Lines   []OrderedLine `json:"lines"` // in the order of the command
	Consequences
}

// OrderedLine is what became of a line of an order. If it has a code, nothing
// was done about it.
type OrderedLine struct {
	SKU        string         `json:"sku"`
	Qty        int            `json:"qty"`
	Status     domain.Status  `json:"status,omitempty"`
	BatchRef   string         `json:"batch_ref,omitempty"`
	Promise    domain.Date    `json:"promise,omitzero"`
	HeldUntil  domain.Instant `json:"held_until,omitzero"`
	Shipped    int            `json:"shipped,omitempty"`
	Why        *domain.Why    `json:"why,omitempty"`
	LargestFit int            `json:"largest_fit,omitempty"`
	Replayed   bool           `json:"replayed,omitempty"`
	HTTPStatus int            `json:"http_status,omitempty"` // that it would have got by itself, if it has a code
	Code       string         `json:"code,omitempty"`
	Field      string         `json:"field,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	Hint       string         `json:"hint,omitempty"`
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
	p := LineResult(cmd, effect, dryRun)
	p.Qty = cmd.Qty
	return p, statusOf(!p.Replayed), nil
}

// LineResult is the answer to a command about a line.
func LineResult(cmd domain.Message, effect service.Effect[domain.Placement], dryRun bool) Placed {
	r := effect.Result
	orderID, sku, _ := lineOf(cmd)
	p := Placed{
		OrderID: orderID, SKU: sku, Status: r.Status, BatchRef: r.BatchRef, Promise: r.Promise, HeldUntil: r.HeldUntil, Shipped: r.Shipped, LargestFit: r.LargestFit, Replayed: r.Replayed,
		Consequences: consequencesOf(cmd, effect, dryRun),
	}
	if r.Why.Rule != "" {
		p.Why = &r.Why
	}
	return p
}

// OrderResult is the answer to AllocateOrder and its HTTP status.
func OrderResult(cmd domain.AllocateOrder, effect service.Effect[domain.Placements], dryRun bool) (Ordered, int) {
	out := Ordered{OrderID: cmd.OrderID, Lines: make([]OrderedLine, len(effect.Result.Lines)), Consequences: consequencesOf(cmd, effect, dryRun)}
	for i, l := range effect.Result.Lines {
		out.Lines[i] = orderedLine(l)
	}
	return out, statusOf(anyNew(effect.Result))
}

func orderedLine(l domain.OrderedLine) OrderedLine {
	if l.Err != nil {
		p := ProblemOf(l.Err)
		return OrderedLine{SKU: l.SKU, Qty: l.Wanted.Qty, HTTPStatus: p.Status, Code: p.Code, Field: p.Field, Detail: p.Detail, Hint: p.Hint}
	}
	out := OrderedLine{
		SKU: l.SKU, Qty: l.Wanted.Qty, Status: l.Status, BatchRef: l.BatchRef, Promise: l.Promise, HeldUntil: l.HeldUntil,
		Shipped: l.Shipped, LargestFit: l.LargestFit, Replayed: l.Replayed,
	}
	if l.Why.Rule != "" {
		out.Why = &l.Why
	}
	return out
}

// BatchResult is the answer to a command about a batch, and its HTTP status if
// the command was to create it.
func BatchResult(effect service.Effect[domain.Batched], dryRun bool) (Stocked, int) {
	b := effect.Result.Batch
	return Stocked{
		Ref: b.Ref, SKU: b.SKU, Qty: b.Purchased, ETA: b.ETA, Location: b.Location, UseBy: b.UseBy, Allocated: b.Allocated, Shipped: b.Shipped, Available: b.Available(),
		Closed: b.Closed, Replayed: effect.Result.Replayed,
		Consequences: consequencesOf(nil, effect, dryRun),
	}, statusOf(!effect.Result.Replayed)
}

// DescribeResult is the answer to DescribeProduct.
func DescribeResult(effect service.Effect[domain.Described], dryRun bool) Described {
	r := effect.Result
	return Described{
		SKU: r.SKU, Description: r.Description, Replayed: r.Replayed,
		Consequences: consequencesOf(nil, effect, dryRun),
	}
}

// PolicyResult is the answer to SetPolicy.
func PolicyResult(effect service.Effect[domain.PolicyAnswer], dryRun bool) Ruled {
	r := effect.Result
	return Ruled{
		SKU: r.SKU, Policy: r.Policy, SafetyStock: r.SafetyStock, Replayed: r.Replayed,
		Consequences: consequencesOf(nil, effect, dryRun),
	}
}

func statusOf(created bool) int {
	if created {
		return 201
	}
	return 200
}
