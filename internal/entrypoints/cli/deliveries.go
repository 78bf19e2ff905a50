package cli

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/views"
)

func (r *run) deliveries() *cobra.Command {
	var subscription string
	cmd := &cobra.Command{
		Use:   "deliveries",
		Short: "List events that could not be delivered",
		Long: "Lists the events that could not be delivered to a subscription: those that are\n" +
			"tried again by themselves, and those that are parked after 25 attempts.",
		Example: examples(
			"allot deliveries", "all of them",
			"allot deliveries --subscription out-of-stock-notices", "of one subscription",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				return list(r, deliveryColumns, pages(0, func(p views.Page) (views.List[views.Failure], error) {
					return s.Failures(cmd.Context(), subscription, p)
				}))
			})
		},
	}
	cmd.Flags().StringVar(&subscription, "subscription", "", "only those to `NAME`")
	return cmd
}

var deliveryColumns = []column[views.Failure]{
	{name: "position", text: func(f views.Failure) string { return strconv.FormatInt(f.Position, 10) }},
	{name: "subscription", text: func(f views.Failure) string { return f.Subscription }},
	{name: "type", text: func(f views.Failure) string { return f.Type }},
	{name: "sku", text: func(f views.Failure) string { return f.SKU }},
	{name: "attempts", text: func(f views.Failure) string { return strconv.Itoa(f.Attempts) }},
	{name: "next", text: nextAttempt},
	{name: "error", text: func(f views.Failure) string { return f.Error }},
}

func nextAttempt(f views.Failure) string {
	if f.Parked {
		return "parked"
	}
	return f.Next.Format(time.RFC3339)
}
