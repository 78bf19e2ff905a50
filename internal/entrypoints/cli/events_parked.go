package cli

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) eventsParked() *cobra.Command {
	var subscription string
	var inbound bool
	cmd := &cobra.Command{
		Use:   "parked",
		Short: "List events that could not be delivered, or messages that could not be done",
		Long: "Lists the events that were not delivered to a subscription, by their status: those that\n" +
			"are failing are tried again by themselves, those that failed 25 times are parked, and\n" +
			"those without an attempt are put_off on purpose: a mail about a product that there was\n" +
			"one about just now.\n\n" +
			"With --inbound it lists messages from outside that are parked: those that can never\n" +
			"be done, and those that failed five times. To try one again, discard it and send it\n" +
			"again. Of a long one a table has the beginning.",
		Example: examples(
			"allot events parked", "all of them",
			"allot events parked --subscription out-of-stock-notices", "of one subscription",
			"allot events parked --inbound", "messages from Redis that could not be done",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if inbound && subscription != "" {
				return usage("leave one of them out", "--inbound and --subscription are about different things: messages that come in, and events that go out")
			}
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				if inbound {
					return list(r, parkedColumns, pages(0, func(p views.Page) (views.List[views.ParkedMessage], error) {
						return s.ParkedMessages(cmd.Context(), p)
					}))
				}
				if subscription != "" {
					if _, err := service.NewRedelivery(s, r.Now).Find(cmd.Context(), subscription); err != nil {
						return err
					}
				}
				return list(r, deliveryColumns, pages(0, func(p views.Page) (views.List[views.Failure], error) {
					return s.Failures(cmd.Context(), subscription, p)
				}))
			})
		},
	}
	cmd.Flags().StringVar(&subscription, "subscription", "", "only those to `NAME`")
	cmd.Flags().BoolVar(&inbound, "inbound", false, "list messages from outside that could not be done")
	return cmd
}

var deliveryColumns = []column[views.Failure]{
	{name: "position", text: func(f views.Failure) string { return strconv.FormatInt(f.Position, 10) }},
	{name: "subscription", text: func(f views.Failure) string { return f.Subscription }},
	{name: "type", text: func(f views.Failure) string { return f.Type }},
	{name: "sku", text: func(f views.Failure) string { return f.SKU }},
	{name: "status", text: statusOfDelivery},
	{name: "attempts", text: func(f views.Failure) string { return strconv.Itoa(f.Attempts) }},
	{name: "next", text: nextAttempt, tell: func(f views.Failure) string { return dash(nextAttempt(f)) }},
	{name: "error", text: func(f views.Failure) string { return f.Error }},
}

var parkedColumns = []column[views.ParkedMessage]{
	{name: "number", text: func(m views.ParkedMessage) string { return strconv.FormatInt(m.Number, 10) }},
	{name: "message", text: func(m views.ParkedMessage) string { return m.ID }},
	{name: "attempts", text: func(m views.ParkedMessage) string { return strconv.Itoa(m.Attempts) }},
	{name: "at", text: func(m views.ParkedMessage) string { return m.At.Format(time.RFC3339) }},
	{name: "error", text: func(m views.ParkedMessage) string { return m.Error }},
	{name: "body", text: func(m views.ParkedMessage) string { return m.Body }, tell: func(m views.ParkedMessage) string { return beginning(m.Body) }},
}

// beginning is as much of a text as people want to see in a table.
func beginning(text string) string {
	const most = 500
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

// statusOfDelivery is what becomes of an event that was not delivered.
func statusOfDelivery(f views.Failure) string {
	switch {
	case f.Parked:
		return "parked"
	case f.Attempts == 0:
		return "put_off"
	}
	return "failing"
}

// nextAttempt is when it is tried again; empty if it isn't.
func nextAttempt(f views.Failure) string {
	if f.Parked {
		return ""
	}
	return f.Next.Format(time.RFC3339)
}
