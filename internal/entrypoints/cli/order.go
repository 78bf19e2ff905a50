package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/views"
)

func (r *run) order() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "order",
		Short: "Look at orders, and cancel their lines",
		Long:  "An order is what customers call it: some lines, each of one SKU, which are\nallocated one by one.",
		Example: examples(
			"allot order show order-1", "where is it?",
			"allot order list --status backordered", "who waits?",
		),
	}, r.orderShow(), r.orderList(), r.orderCancel())
}

var lineColumns = []column[views.Line]{
	{name: "order_id", text: func(l views.Line) string { return l.OrderID }},
	{name: "sku", text: func(l views.Line) string { return l.SKU }},
	{name: "qty", text: func(l views.Line) string { return strconv.Itoa(l.Qty) }},
	{name: "status", text: func(l views.Line) string { return l.Status }},
	{name: "batch_ref", text: func(l views.Line) string { return l.BatchRef }, tell: func(l views.Line) string { return dash(l.BatchRef) }},
	{name: "promise", text: func(l views.Line) string { return l.Promise }, tell: promised},
}

// promised is when a line gets its stock, for people.
func promised(l views.Line) string {
	if l.BatchRef == "" {
		return "-"
	}
	return comes(l.Promise)
}

// dash is what people see where there is nothing.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (r *run) orderShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show ORDER",
		Short: "Show the lines of an order and where they stand",
		Example: examples(
			"allot order show order-1", "status, batch and promise of each line",
			"allot order show order-1 --output json", "the same, with the reason of each",
		),
		Args: needs("ORDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				order, err := s.Order(cmd.Context(), args[0])
				if err != nil {
					return missing(err, "allot order list lists the orders")
				}
				return object(r, order, func() error { return list(r, lineColumns, these(order.Lines...)) })
			})
		},
	}
}

// missing gives an error about something that doesn't exist a next step.
func missing(err error, hint string) error {
	if errors.Is(err, views.ErrNotFound) {
		return notFound(hint, "%v", err)
	}
	return err
}

var orderColumns = []column[views.OrderSummary]{
	{name: "order_id", text: func(o views.OrderSummary) string { return o.OrderID }},
	{name: "lines", text: func(o views.OrderSummary) string { return strconv.Itoa(o.Lines) }},
	{name: "allocated", text: func(o views.OrderSummary) string { return strconv.Itoa(o.Allocated) }},
	{name: "backordered", text: func(o views.OrderSummary) string { return strconv.Itoa(o.Backordered) }},
	{name: "cancelled", text: func(o views.OrderSummary) string { return strconv.Itoa(o.Cancelled) }},
	{name: "promise", text: func(o views.OrderSummary) string { return o.Promise }, tell: complete},
}

// complete is when all that is allocated of an order is there, for people.
func complete(o views.OrderSummary) string {
	if o.Allocated == 0 {
		return "-"
	}
	return comes(o.Promise)
}

func (r *run) orderList() *cobra.Command {
	var status string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List orders by id, with how many lines stand where",
		Example: examples(
			"allot order list --status backordered", "those that wait for something",
			"allot order list --output name | head -3", "ids, for a script",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				return list(r, orderColumns, pages(limit, func(p views.Page) (views.List[views.OrderSummary], error) {
					return s.Orders(cmd.Context(), status, p)
				}))
			})
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only orders with a line that is allocated, backordered or cancelled")
	limited(cmd, &limit)
	return cmd
}

func (r *run) orderCancel() *cobra.Command {
	var reason domain.Origin
	cmd := &cobra.Command{
		Use:   "cancel ORDER [SKU]",
		Short: "Cancel an order, or one line of it, for good",
		Long: "Cancels the lines of an order, or its line of one SKU. What they had goes to the\n" +
			"lines that wait, the oldest first. A cancelled line stays cancelled: to order it\nagain, use another order id.",
		Example: examples(
			"allot order cancel order-1 --dry-run", "see what would be cancelled",
			"allot order cancel order-1 SMALL-TABLE --yes", "one line, without being asked",
		),
		Args: needs("ORDER", "[SKU]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.cancel(cmd.Context(), r.because(reason), args[0], args[1:])
		},
	}
	reasons(cmd, &reason)
	return r.asks(r.writes(cmd))
}

// reasons gives a command the flags that say what for.
func reasons(cmd *cobra.Command, to *domain.Origin) {
	cmd.Flags().StringVar(&to.Reason, "reason", "", "why, in a word: damaged")
	cmd.Flags().StringVar(&to.Note, "note", "", "why, in a sentence")
}

// because is the origin of what is done for a reason.
func (r *run) because(reason domain.Origin) domain.Origin {
	origin := r.origin()
	origin.Reason, origin.Note = reason.Reason, reason.Note
	return origin
}

// cancel cancels the line of an order for a SKU, or all of its lines.
func (r *run) cancel(ctx context.Context, origin domain.Origin, orderID string, sku []string) error {
	lines, err := r.linesToCancel(ctx, orderID, sku)
	if err != nil {
		return err
	}
	if err := r.agree(ctx, orderID, lines); err != nil {
		return err
	}
	return r.through(ctx, func(d *door) error {
		for i := range lines {
			done, err := do(ctx, d, domain.CancelLine{Origin: origin, OrderID: orderID, SKU: lines[i].SKU})
			if err != nil {
				return err
			}
			lines[i].Status, lines[i].BatchRef, lines[i].Promise = string(done.Status), "", ""
		}
		return list(r, lineColumns, these(lines...))
	})
}

// linesToCancel returns the lines that are meant.
func (r *run) linesToCancel(ctx context.Context, orderID string, sku []string) (lines []views.Line, _ error) {
	if r.config.Server != "" && len(sku) == 0 {
		return nil, usage("write: "+r.command+" ORDER SKU", "SKU is missing: a server that was named can't be asked for the lines of an order")
	}
	if r.config.Server != "" {
		return []views.Line{{OrderID: orderID, SKU: sku[0]}}, nil
	}
	err := r.look(ctx, func(s bootstrap.Store) error {
		order, err := s.Order(ctx, orderID)
		if err != nil {
			return missing(err, "allot order list lists the orders")
		}
		for _, line := range order.Lines {
			if len(sku) == 0 || line.SKU == sku[0] {
				line.Why = nil
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 {
			return domain.UnknownLine(orderID, sku[0])
		}
		return nil
	})
	return lines, err
}

// agree asks whether lines are to be cancelled, if any of them isn't yet.
func (r *run) agree(ctx context.Context, orderID string, lines []views.Line) error {
	open := 0
	for _, line := range lines {
		if line.Status != string(domain.StatusCancelled) {
			open++
		}
	}
	if open == 0 || r.dryRun {
		return nil
	}
	return r.confirm(ctx, fmt.Sprintf("Cancel %s of %s?", count(open, "line", "lines"), orderID))
}
