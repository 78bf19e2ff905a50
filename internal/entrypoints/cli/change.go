package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/service"
)

// hintArrived is what to do about a date that is none.
const hintArrived = "write the day on which it comes; that it has come, allot batch receive says"

func (r *run) batchChange() *cobra.Command {
	var reason domain.Origin
	var qty, given int
	var eta string
	var label label
	cmd := &cobra.Command{
		Use:   "change REF [--qty N] [--eta DATE] [--location NAME] [--use-by DATE]",
		Short: "Correct how much of a batch there is, when it comes, where it lies or how long it keeps",
		Long: "Sets how many units of a batch were bought, in all, or the day on which it comes,\n" +
			"or both. If there are fewer units than it has allocated, the lines of the lowest\n" +
			"priority that were accepted last lose their place: they move to other batches, or\n" +
			"wait. All others stay, and are promised for the new day. What changes is shown\nbefore anything does.\n\n" +
			"A batch that lies elsewhere, or keeps less long, keeps its lines. An empty --location\nor --use-by takes away what was said.\n\n" +
			"If more than 50 lines change, or one is left without stock, their number has to\nbe typed, or given with --confirm.",
		Example: examples(
			"allot batch change batch-1 --qty 10 --reason damaged", "see what moves, then decide",
			"allot batch change batch-2 --eta 2026-12-15", "it comes later",
			"allot batch change milk-1 --location south --use-by 2026-12-12", "it was moved, and doesn't keep as long",
			"allot batch change batch-1 --qty 10 --dry-run -o json", "the same for a program",
		),
		Args: needs("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := domain.ChangeBatch{Origin: r.because(reason), Ref: args[0]}
			if cmd.Flags().Changed("qty") {
				change.Qty = domain.To(qty)
			}
			if cmd.Flags().Changed("eta") {
				if eta == "" {
					return usage(hintArrived, "--eta is empty; it must be a date")
				}
				date, err := domain.ParseDate(eta)
				if err != nil {
					return usage(hintArrived, "--eta: %v", err)
				}
				change.ETA = domain.To(date)
			}
			var err error
			if change.Label, err = label.change(cmd); err != nil {
				return err
			}
			if !change.Qty.Given && !change.ETA.Given && !change.Label.Given() {
				return usage("write: "+r.command+" REF --qty N, or --eta DATE, or both", "--qty is missing, and so are --eta, --location and --use-by")
			}
			return r.change(cmd.Context(), change, confirmed(cmd, given))
		},
	}
	cmd.Flags().IntVar(&qty, "qty", 0, "`UNITS` bought, in all")
	cmd.Flags().StringVar(&eta, "eta", "", "`DATE` on which it comes, YYYY-MM-DD")
	label.flags(cmd)
	return r.changes(cmd, &given, &reason)
}

// changes makes cmd one that shows which lines change, and asks, before it
// writes.
func (r *run) changes(cmd *cobra.Command, given *int, reason *domain.Origin) *cobra.Command {
	cmd.Flags().IntVar(given, "confirm", 0, "`NUMBER` of lines that change, as --dry-run said")
	reasons(cmd, reason)
	return r.asks(r.writes(cmd))
}

// confirmed is the number that was given with --confirm; -1 if there is none.
func confirmed(cmd *cobra.Command, given int) int {
	if !cmd.Flags().Changed("confirm") {
		return -1
	}
	return given
}

// change shows what a change would do, asks, and does it.
func (r *run) change(ctx context.Context, cmd domain.Command[domain.Batched], given int) error {
	p, err := r.plan(ctx, cmd)
	if err != nil {
		return err
	}
	if r.dryRun {
		if err := r.show(p); err != nil {
			return err
		}
		r.say("dry run: nothing was written")
		return nil
	}
	if r.config.Output == config.OutputTable { // other forms have one document: what was done
		if err := r.show(p); err != nil {
			return err
		}
	}
	if p.replayed && given <= 0 {
		r.say("nothing changed: it was so already")
		return r.showAsDocument(p)
	}
	if err := r.agreeTo(ctx, p, given); err != nil {
		return err
	}
	if _, err := r.make(ctx, []domain.Message{cmd}, p.Digest); err != nil {
		return r.overtaken(ctx, cmd, err)
	}
	return r.showAsDocument(p)
}

// overtaken is err; if that is because somebody was faster, it shows what the
// change would do by now.
func (r *run) overtaken(ctx context.Context, cmd domain.Command[domain.Batched], err error) error {
	refused, ok := errors.AsType[*domain.Error](err)
	if !ok || refused.Code != service.CodePlanChanged || r.config.Output != config.OutputTable {
		return err
	}
	now, again := r.plan(ctx, cmd)
	if again != nil {
		return errors.Join(err, again)
	}
	r.say("by now it would do this:")
	return errors.Join(r.show(now), err)
}

// showAsDocument shows what was done, unless it was shown to people before.
func (r *run) showAsDocument(p *plan) error {
	if r.config.Output == config.OutputTable {
		return nil
	}
	return r.show(p)
}

// manyLines is how many lines may change without somebody saying how many.
const manyLines = 50

func (r *run) agreeTo(ctx context.Context, p *plan, given int) error {
	if given >= 0 || len(p.Moves) > manyLines || p.Lost > 0 {
		return r.confirmNumber(ctx, p.sum(), len(p.Moves), given)
	}
	return r.confirm(ctx, p.sum()+" Apply?", hintYes)
}
