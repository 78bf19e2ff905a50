package cli

import (
	"cmp"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/views"
)

func (r *run) product() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "product",
		Short: "Look at the stock of products, and say how their lines are placed",
		Long:  "A product is all stock of one SKU. There is one as soon as a batch of it was added.",
		Example: examples(
			"allot product show SMALL-TABLE", "its stock, and the batches in the order of their use",
			"allot product list", "all of them, in figures",
		),
	}, r.productList(), r.productShow(), r.productPolicy())
}

var productColumns = []column[views.Product]{
	{name: "sku", text: func(p views.Product) string { return p.SKU }},
	{name: "on_hand", text: func(p views.Product) string { return strconv.Itoa(p.OnHand) }},
	{name: "inbound", text: func(p views.Product) string { return strconv.Itoa(p.Inbound) }},
	{name: "allocated", text: func(p views.Product) string { return strconv.Itoa(p.Allocated) }},
	{name: "available", text: func(p views.Product) string { return strconv.Itoa(p.Available) }},
	{name: "backordered", text: func(p views.Product) string { return strconv.Itoa(p.Backordered) }},
	{name: "description", text: func(p views.Product) string { return p.Description }},
}

func (r *run) productList() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List products by SKU, with their stock in units",
		Example: examples(
			"allot product list", "all of them",
			"allot product list --output csv > stock.csv", "for a spreadsheet",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				return list(r, productColumns, pages(limit, func(p views.Page) (views.List[views.Product], error) {
					return s.Products(cmd.Context(), p)
				}))
			})
		},
	}
	limited(cmd, &limit)
	return cmd
}

func (r *run) productShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show SKU",
		Short: "Show the stock of a product, and its batches in the order of their use",
		Example: examples(
			"allot product show SMALL-TABLE", "what is there, what comes, what is left",
			"allot product show SMALL-TABLE --output json", "the same for a program",
		),
		Args: needs("SKU"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				product, err := s.Product(cmd.Context(), args[0])
				if err != nil {
					return missing(err, "allot product list lists the products; SKUs are compared letter by letter, capitals too")
				}
				return r.showProduct(product)
			})
		},
	}
}

func (r *run) showProduct(p views.Product) error {
	return object(r, p, func() error {
		name := p.SKU
		if p.Description != "" {
			name += "  " + p.Description
		}
		r.tell("%s", name)
		r.tell("on hand %d + inbound %d - allocated %d = available %d", p.OnHand, p.Inbound, p.Allocated, p.Available)
		if n := unitsInClosed(p.Batches); n > 0 {
			r.tell("in closed batches: %s of what is available, which no line gets until they are reopened", count(n, "unit", "units"))
		}
		if p.BackorderedLines > 0 {
			r.tell("backordered: %s, %s", count(p.BackorderedLines, "line", "lines"), count(p.Backordered, "unit", "units"))
		}
		if p.Policy != "" || p.SafetyStock > 0 {
			r.tell("policy %s, safety stock %s", cmp.Or(p.Policy, domain.Earliest), count(p.SafetyStock, "unit", "units"))
		}
		for _, at := range p.Places {
			r.tell("%s: on hand %d + inbound %d - allocated %d = available %d", placeName(at), at.OnHand, at.Inbound, at.Allocated, at.Available)
		}
		return list(r, besides(r, batchColumns, labelColumns, p.Batches...), these(p.Batches...))
	})
}

func placeName(at views.Place) string {
	if at.Location == "" {
		return "at no particular location"
	}
	return "at " + at.Location
}

// unitsInClosed is how many units of batches are available that take no lines.
func unitsInClosed(batches []views.Batch) (n int) {
	for _, b := range batches {
		if b.Closed {
			n += b.Available
		}
	}
	return n
}
