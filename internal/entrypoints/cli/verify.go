package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

func (r *run) verify() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Replay the event log and compare it with the tables",
		Long: "Replays every event from the first one, compares what comes of it with the tables,\n" +
			"and checks what must always hold: no batch is oversold, no line waits while there is\n" +
			"stock for it, nothing is missing or doubled. It only reads, so a server may run.\n\n" +
			"What differs is named, and the exit code is 1 if anything does.",
		Example: examples(
			"allot verify", "with a progress bar on a terminal",
			"allot verify --quiet && echo fine", "in a script",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error { return r.verifyStore(cmd.Context(), s) })
		},
	}
}

// verified is a report as it is printed.
type verified struct {
	Products int      `json:"products"`
	Batches  int      `json:"batches"`
	Lines    int      `json:"lines"`
	Events   int      `json:"events"`
	Faults   []string `json:"faults"`
}

func verifiedOf(r service.Report) verified {
	return verified{r.Products, r.Batches, r.Lines, r.Events, append([]string{}, r.Faults...)}
}

var verifiedColumns = []column[verified]{
	{name: "products", text: func(v verified) string { return strconv.Itoa(v.Products) }},
	{name: "batches", text: func(v verified) string { return strconv.Itoa(v.Batches) }},
	{name: "lines", text: func(v verified) string { return strconv.Itoa(v.Lines) }},
	{name: "events", text: func(v verified) string { return strconv.Itoa(v.Events) }},
	{name: "faults", text: func(v verified) string { return strconv.Itoa(len(v.Faults)) }},
}

func (r *run) verifyStore(ctx context.Context, s bootstrap.Store) error {
	stats, err := s.Stats(ctx)
	if err != nil {
		return err
	}
	bar := r.progress("verify", stats.Events, "events")
	report, err := service.Verify(ctx, s, func(events int) { bar.set(int64(events), events) })
	bar.end()
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	v := verifiedOf(report)
	if err := object(r, v, func() error { return list(r, verifiedColumns, these(v)) }); err != nil {
		return err
	}
	return faulty(v.Faults)
}

// faulty is the error that there are faults, with each of them.
func faulty(faults []string) error {
	if len(faults) == 0 {
		return nil
	}
	what := count(len(faults), "fault", "faults")
	for _, fault := range faults {
		what += "\n  " + fault
	}
	return &failure{wire.ExitFailed, what, "keep a copy of the data directory as it is, and restore a backup: allot db restore FILE"}
}
