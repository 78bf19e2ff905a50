package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/views"
)

var backorderColumns = []column[views.Line]{
	{name: "order_id", text: func(l views.Line) string { return l.OrderID }},
	{name: "sku", text: func(l views.Line) string { return l.SKU }},
	{name: "qty", text: func(l views.Line) string { return strconv.Itoa(l.Qty) }},
}

func (r *run) backorders() *cobra.Command {
	var sku string
	var limit int
	cmd := &cobra.Command{
		Use:   "backorders",
		Short: "List the lines that wait for stock",
		Long: "Lists the lines that found no stock, the oldest first. As soon as stock of their\n" +
			"SKU appears, they are served in this order; a line that doesn't fit is passed over.",
		Example: examples(
			"allot backorders", "all of them",
			"allot backorders --sku SMALL-TABLE", "who is next for a SKU?",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				return list(r, backorderColumns, pages(limit, func(p views.Page) (views.List[views.Line], error) {
					return s.Backorders(cmd.Context(), sku, p)
				}))
			})
		},
	}
	cmd.Flags().StringVar(&sku, "sku", "", "only lines of this `SKU`")
	limited(cmd, &limit)
	return cmd
}
