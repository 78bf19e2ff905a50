package cli

import (
	"github.com/spf13/cobra"

	"allot/internal/domain"
)

func (r *run) batchReceive() *cobra.Command {
	var reason domain.Origin
	var qty, given int
	cmd := &cobra.Command{
		Use:   "receive REF [--qty N]",
		Short: "Say that a batch has arrived",
		Long: "Says that a batch is in the warehouse, with the units that really came. If there\n" +
			"are fewer than it has allocated, lines lose their place as with change. What\nchanges is shown before anything does.",
		Example: examples(
			"allot batch receive batch-2", "as expected",
			"allot batch receive batch-2 --qty 47", "three are missing",
		),
		Args: needs("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			receive := domain.ReceiveBatch{Origin: r.because(reason), Ref: args[0]}
			if cmd.Flags().Changed("qty") {
				receive.Qty = domain.To(qty)
			}
			return r.change(cmd.Context(), receive, confirmed(cmd, given))
		},
	}
	cmd.Flags().IntVar(&qty, "qty", 0, "`UNITS` that came; without it, as many as expected")
	return r.changes(cmd, &given, &reason)
}

func (r *run) batchClose() *cobra.Command {
	var reason domain.Origin
	cmd := &cobra.Command{
		Use:   "close REF",
		Short: "Keep a batch from taking new lines",
		Long:  "A closed batch keeps the lines that it has, and takes no new ones until it is\nopened again. Closing it again changes nothing.",
		Example: examples(
			"allot batch close batch-1 --reason quarantine", "until it was looked at",
			"allot batch close batch-1 --dry-run", "is there such a batch?",
		),
		Args: needs("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.changeBatch(cmd.Context(), domain.CloseBatch{Origin: r.because(reason), Ref: args[0]})
		},
	}
	reasons(cmd, &reason)
	return r.writes(cmd)
}

func (r *run) batchReopen() *cobra.Command {
	var reason domain.Origin
	cmd := &cobra.Command{
		Use:   "reopen REF",
		Short: "Have a closed batch take lines again",
		Long:  "Undoes allot batch close. What is available goes to the lines that wait.",
		Example: examples(
			"allot batch reopen batch-1", "all is well with it",
			"allot batch reopen batch-1 -o json", "the same for a program",
		),
		Args: needs("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.changeBatch(cmd.Context(), domain.ReopenBatch{Origin: r.because(reason), Ref: args[0]})
		},
	}
	reasons(cmd, &reason)
	return r.writes(cmd)
}
