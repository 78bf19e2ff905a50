package cli

import (
	"errors"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/views"
)

func (r *run) order() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "order",
		Short: "Allocate, ship, change, cancel and look at orders",
		Long:  "An order is what customers call it: some lines, each of one SKU, which are\nallocated one by one.",
		Example: examples(
			"allot order show order-1", "where is it?",
			"allot order list --status backordered", "who waits?",
		),
	}, r.orderShow(), r.orderList(), r.orderHistory(), r.orderAllocate(), r.orderShip(), r.orderReturn(), r.orderAmend(), r.orderConfirm(), r.orderRelease(), r.orderCancel())
}

var lineColumns = []column[views.Line]{
	{name: "order_id", text: func(l views.Line) string { return l.OrderID }},
	{name: "sku", text: func(l views.Line) string { return l.SKU }},
	{name: "qty", text: func(l views.Line) string { return strconv.Itoa(l.Qty) }},
	{name: "status", text: func(l views.Line) string { return l.Status }},
	{name: "batch_ref", text: func(l views.Line) string { return l.BatchRef }, tell: func(l views.Line) string { return dash(l.BatchRef) }},
	{name: "promise", text: func(l views.Line) string { return l.Promise }, tell: promised},
}

// lifeColumns are what some lines have besides.
var lifeColumns = []column[views.Line]{
	{name: "shipped", text: func(l views.Line) string { return units(l.Shipped) }, tell: func(l views.Line) string { return dash(units(l.Shipped)) }},
	{name: "returned", text: func(l views.Line) string { return units(l.Returned) }, tell: func(l views.Line) string { return dash(units(l.Returned)) }},
	{name: "held_until", text: func(l views.Line) string { return l.HeldUntil }, tell: func(l views.Line) string { return dash(l.HeldUntil) }},
	{name: "required_by", text: func(l views.Line) string { return l.RequiredBy }, tell: func(l views.Line) string { return dash(l.RequiredBy) }},
}

// units is a number of them; empty if there are none.
func units(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
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
				return object(r, order, func() error {
					return list(r, besides(r, lineColumns, lifeColumns, order.Lines...), these(order.Lines...))
				})
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
	{name: "held", text: func(o views.OrderSummary) string { return strconv.Itoa(o.Held) }},
	{name: "shipped", text: func(o views.OrderSummary) string { return strconv.Itoa(o.Shipped) }},
	{name: "expired", text: func(o views.OrderSummary) string { return strconv.Itoa(o.Expired) }},
	{name: "promise", text: func(o views.OrderSummary) string { return o.Promise }, tell: complete},
}

// complete is when all that is allocated or held of an order is there, for people.
func complete(o views.OrderSummary) string {
	if o.Allocated == 0 && o.Held == 0 {
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
	cmd.Flags().StringVar(&status, "status", "", "only orders with a line of this `STATUS`: allocated, backordered, held, shipped, cancelled or expired")
	limited(cmd, &limit)
	return cmd
}
