package cli

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/views"
)

var availableColumns = []column[views.Availability]{
	{name: "sku", text: func(a views.Availability) string { return a.SKU }},
	{name: "on_hand", text: func(a views.Availability) string { return strconv.Itoa(a.OnHand) }},
	{name: "inbound", text: func(a views.Availability) string { return strconv.Itoa(a.Inbound) }},
	{name: "allocated", text: func(a views.Availability) string { return strconv.Itoa(a.Allocated) }},
	{name: "withheld", text: func(a views.Availability) string { return strconv.Itoa(a.Withheld) }},
	{name: "available", text: func(a views.Availability) string { return strconv.Itoa(a.Available) }},
	{name: "largest_fit", text: func(a views.Availability) string { return strconv.Itoa(a.LargestFit) }},
	{name: "batch_ref", text: func(a views.Availability) string { return promiseOf(a).BatchRef }, tell: func(a views.Availability) string { return dash(promiseOf(a).BatchRef) }},
	{name: "promise", text: func(a views.Availability) string { return promiseOf(a).Date }, tell: tellPromise},
}

// availableFor are the columns for people who asked for a quantity.
func availableFor(qty int) []column[views.Availability] {
	columns := slices.Clone(availableColumns)
	columns[len(columns)-1].tell = func(a views.Availability) string {
		if a.Promise == nil && qty > 0 {
			return fmt.Sprintf("none can take %d", qty)
		}
		return tellPromise(a)
	}
	return columns
}

func promiseOf(a views.Availability) views.Promise {
	if a.Promise == nil {
		return views.Promise{}
	}
	return *a.Promise
}

func tellPromise(a views.Availability) string {
	switch p := promiseOf(a); {
	case p.BatchRef == "":
		return "-"
	case p.Late:
		return comes(p.Date) + ", too late"
	default:
		return comes(p.Date)
	}
}

func (r *run) available() *cobra.Command {
	var ask views.Ask
	cmd := &cobra.Command{
		Use:   "available SKU...",
		Short: "Say what is available of products, and when",
		Long: "Says what is on hand, what comes, and what of it may still be promised: all but what\n" +
			"is allocated, or withheld from new lines because its batch is closed, has expired,\nor is safety stock. With --qty, the batch that a line of so many units would get, and when that comes. JSON has\nwhat is available on each date.",
		Example: examples(
			"allot available SMALL-TABLE --qty 50 --by 2026-12-15", "can I promise 50 in two weeks?",
			"allot available SMALL-TABLE RED-CHAIR -o json", "of several, by date",
		),
		Args: needs("SKU..."),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := domain.ParseDate(ask.By); err != nil {
				return usage("leave it out if there is no hurry", "--by: %v", err)
			}
			if ask.Qty < 0 || ask.Qty > domain.MaxQty {
				return usage("leave it out to see what there is", "--qty is %d; it must lie between 1 and %d", ask.Qty, domain.MaxQty)
			}
			ask.AsOf = domain.NewDate(r.Now().In(r.config.Timezone).Date()).String()
			asks := make([]views.Ask, len(args))
			for i, sku := range args {
				asks[i] = ask
				asks[i].SKU = sku
			}
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				answers, err := s.Availability(cmd.Context(), asks)
				if err != nil {
					return err
				}
				for _, a := range answers {
					if a.Unknown {
						return domain.UnknownSKU(a.SKU)
					}
				}
				return list(r, availableFor(ask.Qty), these(answers...))
			})
		},
	}
	cmd.Flags().IntVar(&ask.Qty, "qty", 0, "`UNITS` that somebody wants in one line")
	cmd.Flags().StringVar(&ask.By, "by", "", "`DATE` when they are needed, YYYY-MM-DD")
	cmd.Flags().StringVar(&ask.Location, "location", "", "count only what is at this location, by `NAME`")
	return r.takes(cmd, "timezone")
}

var lateColumns = []column[views.LateLine]{
	{name: "order_id", text: func(l views.LateLine) string { return l.OrderID }},
	{name: "sku", text: func(l views.LateLine) string { return l.SKU }},
	{name: "qty", text: func(l views.LateLine) string { return strconv.Itoa(l.Qty) }},
	{name: "status", text: func(l views.LateLine) string { return l.Status }},
	{name: "required_by", text: func(l views.LateLine) string { return l.RequiredBy }, tell: func(l views.LateLine) string { return dash(l.RequiredBy) }},
	{name: "batch_ref", text: func(l views.LateLine) string { return l.BatchRef }, tell: func(l views.LateLine) string { return dash(l.BatchRef) }},
	{name: "promise", text: func(l views.LateLine) string { return l.Promise }, tell: func(l views.LateLine) string { return promised(l.Line) }},
	{name: "days", text: func(l views.LateLine) string { return strconv.Itoa(l.Days) }},
}

func (r *run) late() *cobra.Command {
	var asOf string
	var atRisk bool
	var limit int
	cmd := &cobra.Command{
		Use:   "late",
		Short: "List the lines that come too late, or may not come",
		Long: "Lists the lines that are promised for a day after the one on which they are needed,\n" +
			"and those that still wait after it; with --at-risk, those whose batch should have\ncome by now. Stock in the warehouse is never late: it can leave today.",
		Example: examples(
			"allot late", "whose promise is broken?",
			"allot late --at-risk --as-of 2026-12-05", "what if nothing comes until then?",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asOf == "" {
				asOf = domain.NewDate(r.Now().In(r.config.Timezone).Date()).String()
			}
			if _, err := domain.ParseDate(asOf); err != nil {
				return usage("leave it out to have it today", "--as-of: %v", err)
			}
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				find := s.Late
				if atRisk {
					find = s.AtRisk
				}
				return list(r, lateColumns, pages(limit, func(p views.Page) (views.List[views.LateLine], error) { return find(cmd.Context(), asOf, p) }))
			})
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "the `DATE` that is today, YYYY-MM-DD; without it, today")
	cmd.Flags().BoolVar(&atRisk, "at-risk", false, "those whose batch is overdue")
	limited(cmd, &limit)
	return r.takes(cmd, "timezone")
}
