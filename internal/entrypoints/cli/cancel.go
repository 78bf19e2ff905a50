package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/views"
)

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
	cmd.Flags().StringVar(&to.Reason, "reason", "", "why, in a `WORD`: damaged")
	cmd.Flags().StringVar(&to.Note, "note", "", "why, in a `SENTENCE`")
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
	return r.through(ctx, func(d *door) error { return r.cancelLines(ctx, d, origin, lines) })
}

// cancelLines cancels lines and prints those that are cancelled, also if there
// are others that are not.
func (r *run) cancelLines(ctx context.Context, d *door, origin domain.Origin, lines []views.Line) error {
	done, again, err := cancelEach(ctx, d, origin, lines)
	if err != nil && len(done) == 0 {
		return err
	}
	if again == len(done) {
		r.say("nothing changed: it was so already")
	}
	return errors.Join(list(r, lineColumns, these(done...)), err)
}

// cancelEach has lines cancelled and returns those that are, and how many of them
// were so already. A line that can't be cancelled keeps no other from it.
func cancelEach(ctx context.Context, d *door, origin domain.Origin, lines []views.Line) (done []views.Line, again int, failed error) {
	var commands []domain.Message
	for _, line := range lines {
		commands = append(commands, domain.CancelLine{Origin: origin, OrderID: line.OrderID, SKU: line.SKU})
	}
	answered := 0
	for o := range d.send(ctx, slices.Values(commands)) {
		if answered == len(lines) {
			break
		}
		line := lines[answered]
		answered++
		result, ok := o.Result.(domain.Placement)
		switch {
		case o.Err != nil:
			failed = errors.Join(failed, o.Err)
		case !ok:
			failed = errors.Join(failed, fmt.Errorf("cancel_line was answered with a %T", o.Result))
		default:
			line.Status, line.BatchRef, line.Promise = string(result.Status), "", ""
			done = append(done, line)
			if result.Replayed {
				again++
			}
		}
	}
	if failed == nil && answered < len(lines) {
		failed = fmt.Errorf("%d of %d lines got no answer", len(lines)-answered, len(lines))
	}
	return done, again, failed
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
	return r.confirm(ctx, fmt.Sprintf("Cancel %s of %s?", count(open, "line", "lines"), orderID), hintYes)
}
