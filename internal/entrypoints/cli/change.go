package cli

import (
	"context"

	"github.com/spf13/cobra"

	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/service"
)

func (r *run) batchChange() *cobra.Command {
	var reason domain.Origin
	var qty, given int
	cmd := &cobra.Command{
		Use:   "change REF --qty N",
		Short: "Correct how much of a batch there is",
		Long: "Sets how many units of a batch were bought, in all. If there are fewer than it\n" +
			"has allocated, the lines that were accepted last lose their place: they move to\n" +
			"other batches, or wait. What changes is shown before anything does.\n\n" +
			"If more than 50 lines change, or one is left without stock, their number has to\nbe typed, or given with --confirm.",
		Example: examples(
			"allot batch change batch-1 --qty 10 --reason damaged", "see what moves, then decide",
			"allot batch change batch-1 --qty 10 --dry-run -o json", "the same for a program",
		),
		Args: needs("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("qty") {
				return usage("write: "+r.command+" REF --qty N", "--qty is missing")
			}
			if !cmd.Flags().Changed("confirm") {
				given = -1
			}
			return r.change(cmd.Context(), domain.ChangeBatchQuantity{Origin: r.because(reason), Ref: args[0], Qty: qty}, given)
		},
	}
	cmd.Flags().IntVar(&qty, "qty", 0, "`UNITS` bought, in all")
	cmd.Flags().IntVar(&given, "confirm", 0, "`NUMBER` of lines that change, as --dry-run said")
	reasons(cmd, &reason)
	return r.asks(r.writes(cmd))
}

// change shows what a change would do, asks, and does it.
func (r *run) change(ctx context.Context, cmd domain.ChangeBatchQuantity, given int) error {
	if r.config.Server != "" {
		return r.changeUnseen(ctx, cmd, given)
	}
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
	return perform(ctx, r, cmd, func(done domain.Batched) error {
		p.Batch = service.ViewBatch(done.Batch)
		return r.showAsDocument(p)
	})
}

// showAsDocument shows what was done, unless it was shown to people before.
func (r *run) showAsDocument(p *plan) error {
	if r.config.Output == config.OutputTable {
		return nil
	}
	return r.show(p)
}

// changeUnseen changes a batch of a server that can't say what would move.
func (r *run) changeUnseen(ctx context.Context, cmd domain.ChangeBatchQuantity, given int) error {
	if given >= 0 {
		return usage("leave it out, or run it where the data directory is, without --server",
			"--confirm %d can't be checked: a server that was named can't be asked what would move", given)
	}
	if !r.yes && !r.dryRun {
		return usage("pass --yes to change it unseen, or run it where the data directory is, without --server",
			"what would move can't be shown: a server that was named can't be asked for it")
	}
	return r.changeBatch(ctx, cmd)
}

// manyLines is how many lines may change without somebody saying how many.
const manyLines = 50

func (r *run) agreeTo(ctx context.Context, p *plan, given int) error {
	if given >= 0 || len(p.Moves) > manyLines || p.Lost > 0 {
		return r.confirmNumber(ctx, p.sum(), len(p.Moves), given)
	}
	return r.confirm(ctx, p.sum()+" Apply?", hintYes)
}
