package cli

import (
	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
)

func (r *run) batchHistory() *cobra.Command {
	return &cobra.Command{
		Use:   "history REF",
		Short: "Show all that ever happened to a batch",
		Long: "Shows when a batch was added, changed, closed, opened again and received, by whom\n" +
			"and why. What became of a line of it is in allot order history.",
		Example: examples(
			"allot batch history batch-1", "how often has it slipped?",
			"allot batch history batch-1 -o json", "with the batch as it is now",
		),
		Args: needs("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				history, err := s.BatchHistory(cmd.Context(), args[0])
				if err != nil {
					return missing(err, "allot batch list lists the batches")
				}
				if r.config.Output == config.OutputJSON {
					return object(r, history, nil)
				}
				return list(r, historyColumns, these(history.Events...))
			})
		},
	}
}
