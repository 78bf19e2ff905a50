package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/views"
)

func (r *run) explain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain ORDER [SKU]",
		Short: "Say why the lines of an order stand where they do",
		Long: "Says for each line of an order, or for one, which rule it was placed by, which\n" +
			"batches had stock left but not for it, and why not, what caused it, when and by\nwhom. " +
			"That was kept when the line was placed: what was available then can't be found\nout later.",
		Example: examples(
			"allot explain order-1", "all of its lines",
			"allot explain order-1 SMALL-TABLE", "one of them",
		),
		Args: needs("ORDER", "[SKU]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				order, err := s.Order(cmd.Context(), args[0])
				if err != nil {
					return missing(err, "allot order list lists the orders")
				}
				lines, err := linesOf(order, args[1:])
				if err != nil {
					return err
				}
				return r.explainLines(lines)
			})
		},
	}
	return r.takes(cmd, "timezone")
}

// linesOf returns the line of a SKU, if one is named, or all of them.
func linesOf(order views.Order, sku []string) ([]views.Line, error) {
	if len(sku) == 0 {
		return order.Lines, nil
	}
	for _, line := range order.Lines {
		if line.SKU == sku[0] {
			return []views.Line{line}, nil
		}
	}
	return nil, domain.UnknownLine(order.OrderID, sku[0])
}

func (r *run) explainLines(lines []views.Line) error {
	if r.config.Output != config.OutputTable {
		return list(r, explainColumns, these(lines...))
	}
	for i, line := range lines {
		if i > 0 {
			fmt.Fprintln(r.Out)
		}
		if err := explainLine(r.Out, line, r.config.Timezone); err != nil {
			return err
		}
	}
	return nil
}

// explainColumns are what a table can say of a reason.
var explainColumns = append(lineColumns[:len(lineColumns):len(lineColumns)],
	column[views.Line]{name: "rule", text: func(l views.Line) string { return l.Why.Rule }},
	column[views.Line]{name: "cause", text: func(l views.Line) string { return l.Why.Cause }},
	column[views.Line]{name: "by", text: func(l views.Line) string { return l.Why.By }},
	column[views.Line]{name: "moved_from", text: func(l views.Line) string { return l.Why.MovedFrom }},
	column[views.Line]{name: "at", text: func(l views.Line) string { return l.Why.At.Format(time.RFC3339) }},
	column[views.Line]{name: "actor", text: func(l views.Line) string { return l.Why.Actor }},
)

// explainLine says why a line stands where it does.
func explainLine(out io.Writer, l views.Line, zone *time.Location) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s  %s  %s: %s\n", l.OrderID, l.SKU, count(l.Qty, "unit", "units"), standing(l))
	why := l.Why
	if policy, known := domain.PolicyNamed(why.Rule); known && why.Rule != "" {
		fmt.Fprintf(w, "  rule\t%s\n", policy.Explanation)
	}
	for i, b := range why.PassedOver {
		label := ""
		if i == 0 {
			label = "passed over"
		}
		fmt.Fprintf(w, "  %s\t%s (%s): %s\n", label, b.BatchRef, comes(b.ETA), whyNot(b, l.Qty))
	}
	if why.More > 0 {
		fmt.Fprintf(w, "  \tand %s\n", count(why.More, "further batch", "further batches"))
	}
	fmt.Fprintf(w, "  cause\t%s\n", causeOf(why))
	fmt.Fprintf(w, "  when\t%s, event %d\n", why.At.In(zone).Format("2006-01-02 15:04:05 MST"), why.Position)
	if l.Frozen {
		fmt.Fprintln(w, "  frozen\tre-planning leaves it where it is")
	}
	for _, fact := range []struct{ label, text string }{{"by", why.Actor}, {"reason", why.Reason}, {"note", why.Note}, {"part of", why.Correlation}} {
		if fact.text != "" {
			fmt.Fprintf(w, "  %s\t%s\n", fact.label, fact.text)
		}
	}
	return w.Flush()
}

// standing is where a line stands, in words.
func standing(l views.Line) string {
	text := l.Status + " from " + l.BatchRef
	switch domain.Status(l.Status) {
	case domain.StatusAllocated:
	case domain.StatusHeld:
		text = "held in " + l.BatchRef + " until " + l.HeldUntil
	case domain.StatusShipped:
		return text
	default:
		return l.Status
	}
	if l.Why.MovedFrom != "" {
		text += ", moved from " + l.Why.MovedFrom
	}
	if l.Promise == "" {
		text += ", in the warehouse"
	} else {
		text += ", promised for " + l.Promise
	}
	switch {
	case !l.PromiseChanged:
		return text
	case l.FirstPromise == "":
		return text + ", at first in the warehouse"
	}
	return text + ", at first for " + l.FirstPromise
}

// whyNot is why a batch was passed over by a line of qty, in words.
func whyNot(b views.PassedOver, qty int) string {
	switch domain.Reason(b.Reason) {
	case domain.TooLittle:
		return fmt.Sprintf("it had %d available, %d too few", b.Available, qty-b.Available)
	case domain.OtherLocation:
		return "it is not where the line takes its stock from"
	case domain.Expired:
		return "it has expired"
	case domain.ShortLife:
		return "it doesn't keep for as long as the line asks"
	case domain.TooLate:
		return "it comes too late"
	case domain.KeptForSafety:
		return fmt.Sprintf("it had %d available, but the safety stock is kept from new lines", b.Available)
	case domain.BeingFilled:
		return fmt.Sprintf("it had %d available, but those who waited before are served first", b.Available)
	}
	return strings.ReplaceAll(b.Reason, "_", " ")
}

// causeOf is what set off the placement, in words.
func causeOf(w *views.Why) string {
	switch domain.Cause(w.Cause) {
	case domain.Ordered:
		return "it was ordered"
	case domain.BatchArrived:
		return "batch " + w.By + " was added"
	case domain.BatchEnlarged:
		return "batch " + w.By + " was made larger"
	case domain.BatchShrunk:
		return "batch " + w.By + " was made smaller"
	case domain.Relabelled:
		return "batch " + w.By + " was given another location or use-by date"
	case domain.PolicyChanged:
		return "less stock was kept back"
	case domain.Reopened:
		return "batch " + w.By + " was opened again"
	case domain.Amended:
		return "a line" + of(w.By) + " was amended"
	case domain.Returned:
		return "goods" + of(w.By) + " came back"
	case domain.HoldReleased:
		return "a hold" + of(w.By) + " was given up"
	case domain.HoldExpired:
		return "a hold" + of(w.By) + " ended"
	case domain.Cancelled:
		if w.By == "" {
			return "it was cancelled"
		}
		return "order " + w.By + " was cancelled"
	}
	return w.Command
}

// of names an order, if it is another one.
func of(orderID string) string {
	if orderID == "" {
		return ""
	}
	return " of order " + orderID
}
