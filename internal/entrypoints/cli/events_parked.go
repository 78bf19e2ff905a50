package cli

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/views"
)

func (r *run) eventsParked() *cobra.Command {
	var subscription string
	var inbound bool
	cmd := &cobra.Command{
		Use:   "parked",
		Short: "List events that could not be delivered, or messages that could not be done",
		Long: "Lists the events that were not delivered to a subscription: those that are tried\n" +
			"again by themselves, those that are parked after 25 attempts, and those without an\n" +
			"attempt, which are put off on purpose: a mail about a product that there was one about.\n\n" +
			"With --inbound it lists messages from outside that are parked: those that can never\n" +
			"be done, and those that failed five times. To try one again, send it again.",
		Example: examples(
			"allot events parked", "all of them",
			"allot events parked --subscription out-of-stock-notices", "of one subscription",
			"allot events parked --inbound", "messages from Redis that could not be done",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				if inbound {
					return list(r, parkedColumns, pages(0, func(p views.Page) (views.List[views.ParkedMessage], error) {
						return s.ParkedMessages(cmd.Context(), p)
					}))
				}
				return list(r, deliveryColumns, pages(0, func(p views.Page) (views.List[views.Failure], error) {
					return s.Failures(cmd.Context(), subscription, p)
				}))
			})
		},
	}
	cmd.Flags().StringVar(&subscription, "subscription", "", "only those to `NAME`")
	cmd.Flags().BoolVar(&inbound, "inbound", false, "list messages from outside that could not be done")
	cmd.MarkFlagsMutuallyExclusive("inbound", "subscription")
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

var parkedColumns = []column[views.ParkedMessage]{
	{name: "number", text: func(m views.ParkedMessage) string { return strconv.FormatInt(m.Number, 10) }},
	{name: "message", text: func(m views.ParkedMessage) string { return m.ID }},
	{name: "attempts", text: func(m views.ParkedMessage) string { return strconv.Itoa(m.Attempts) }},
	{name: "at", text: func(m views.ParkedMessage) string { return m.At.Format(time.RFC3339) }},
	{name: "error", text: func(m views.ParkedMessage) string { return m.Error }},
	{name: "body", text: func(m views.ParkedMessage) string { return m.Body }},
}

func nextAttempt(f views.Failure) string {
	if f.Parked {
		return "parked"
	}
	return f.Next.Format(time.RFC3339)
}
