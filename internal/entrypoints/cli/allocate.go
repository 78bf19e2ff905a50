package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

func (r *run) allocate() *cobra.Command {
	var orReject bool
	var terms terms
	var wishes wishes
	cmd := &cobra.Command{
		Use:   "allocate ORDER SKU QTY",
		Short: "Ask for stock for an order line",
		Long: "Gives an order line stock from one batch: from the warehouse if it can, else from\n" +
			"the shipment that arrives earliest, or as the policy of the product has it. If no\n" +
			"batch can take the whole line, it is kept and waits for stock, or refused with\n" +
			"--or-reject (exit code 4).\n\n" +
			"There is one line per order and SKU. The same line again changes nothing.",
		Example: examples(
			"allot allocate order-1 SMALL-TABLE 3", "keep it as a backorder if there is no stock",
			"allot allocate order-2 SMALL-TABLE 500 --or-reject", "now or never",
			"allot allocate order-3 MILK 12 --location north --location south --min-life 14", "from the north if it can be, and fresh",
		),
		Args: needs("ORDER", "SKU", "QTY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			qty, err := quantity(args[2], 1)
			if err != nil {
				return err
			}
			line := domain.Allocate{Origin: r.origin(), OrderID: args[0], SKU: args[1], Qty: qty}
			if orReject {
				line.OnShortage = domain.Refuse
			}
			if line.Priority, line.RequiredBy, line.HoldUntil, err = terms.parse(); err != nil {
				return err
			}
			line.Wishes = wishes.parse()
			return r.place(cmd.Context(), line)
		},
	}
	cmd.Flags().BoolVar(&orReject, "or-reject", false, "forget the line if there is no stock for it now")
	terms.flags(cmd)
	wishes.flags(cmd)
	return r.writes(cmd)
}

// placed is what became of an order line.
type placed struct {
	OrderID    string         `json:"order_id"`
	SKU        string         `json:"sku"`
	Qty        int            `json:"qty"`
	Status     domain.Status  `json:"status"`
	BatchRef   string         `json:"batch_ref,omitempty"`
	Promise    domain.Date    `json:"promise,omitzero"`
	HeldUntil  domain.Instant `json:"held_until,omitzero"`
	LargestFit int            `json:"largest_fit,omitempty"`
	Replayed   bool           `json:"replayed,omitempty"`
	DryRun     bool           `json:"dry_run,omitempty"`
}

var placedColumns = []column[placed]{
	{name: "order_id", text: func(p placed) string { return p.OrderID }},
	{name: "sku", text: func(p placed) string { return p.SKU }},
	{name: "qty", text: func(p placed) string { return strconv.Itoa(p.Qty) }},
	{name: "status", text: func(p placed) string { return string(p.Status) }},
	{name: "batch_ref", text: func(p placed) string { return p.BatchRef }, tell: func(p placed) string { return dash(p.BatchRef) }},
	{name: "promise", text: func(p placed) string { return p.Promise.String() }, tell: func(p placed) string { return when(p.BatchRef, p.Promise) }},
}

func (r *run) place(ctx context.Context, line domain.Allocate) error {
	return perform(ctx, r, line, func(p domain.Placement) error {
		if p.Status == domain.StatusRefused {
			e := wire.OutOfStock(line, p)
			return &failure{wire.ExitCode(e), e.Error(), "leave out " + whyRefused(line) + " to have the line wait"}
		}
		shown := placed{
			OrderID: line.OrderID, SKU: line.SKU, Qty: line.Qty, Status: p.Status, BatchRef: p.BatchRef, Promise: p.Promise, HeldUntil: p.HeldUntil,
			LargestFit: p.LargestFit, Replayed: p.Replayed, DryRun: r.dryRun,
		}
		if err := object(r, shown, func() error { return list(r, placedColumns, these(shown)) }); err != nil {
			return err
		}
		r.remark(shown)
		return nil
	})
}

// whyRefused are the flags that keep a line from waiting.
func whyRefused(line domain.Allocate) string {
	switch {
	case line.HoldUntil == 0:
		return "--or-reject"
	case line.OnShortage == domain.Refuse:
		return "--or-reject and --hold-until"
	}
	return "--hold-until"
}

// remark says what somebody should know who asked for stock.
func (r *run) remark(p placed) {
	switch {
	case p.Replayed:
		r.say("nothing changed: it was so already")
	case p.Status == domain.StatusBackordered:
		r.say("hint: the line waits for stock: no batch can take %s now%s", count(p.Qty, "unit", "units"), couldTake(p.LargestFit))
	}
}

func couldTake(largest int) string {
	if largest == 0 {
		return ""
	}
	return fmt.Sprintf("; one could take %d", largest)
}
