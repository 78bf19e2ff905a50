package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/inbox"
	"allot/internal/entrypoints/wire"
)

func (r *run) inbox() *cobra.Command {
	once, every := false, time.Duration(0)
	cmd := &cobra.Command{
		Use:   "inbox FOLDER",
		Short: "Import the CSV files that are dropped into a folder",
		Long: "Takes files called batches*.csv and orders*.csv (or .csv.gz) that appear in FOLDER,\n" +
			"batches first, imports them as allot import does, and moves them to done/ with a report\n" +
			"beside them. A file that can't be used goes to failed/, and so do rows that were refused:\n" +
			"put them right and drop them again. A content that was imported before is not imported\n" +
			"again, whatever it is called.\n\n" +
			"A file is taken when it has not changed between two looks. The server of the data\n" +
			"directory may run or not. Kill it whenever you like: each row is done once.",
		Example: examples(
			"allot inbox ./drop", "until Ctrl-C",
			"allot inbox ./drop --once", "what is there now, for cron",
		),
		Args: needs("FOLDER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkEvery(every); err != nil {
				return err
			}
			b, err := inbox.Open(args[0], inbox.Options{Import: r.openForInbox, Origin: r.origin(), Now: r.Now})
			if err != nil {
				return err
			}
			if once {
				err = r.takeOnce(cmd.Context(), b)
			} else {
				r.takeUntilStopped(cmd.Context(), b, every)
			}
			return errors.Join(err, b.Close())
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "take what is there, complete or not, and end")
	cmd.Flags().DurationVar(&every, "every", 2*time.Second, "how long to wait `BETWEEN` two looks")
	return r.takes(cmd, "server", "token-file", "group")
}

// checkEvery refuses to look again without a pause.
func checkEvery(every time.Duration) error {
	if every <= 0 {
		return usage("leave it out to wait 2s", "--every is %s; it must be more than 0s", every)
	}
	return nil
}

func (r *run) openForInbox(ctx context.Context) (importer.Sink, func() error, error) {
	d, err := r.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	return d.send, d.close, nil
}

// takeOnce takes what is there. It is an error if anything was refused.
func (r *run) takeOnce(ctx context.Context, b *inbox.Inbox) error {
	refused := 0
	err := b.Take(ctx, true, func(t inbox.Taken) {
		r.tellTaken(t)
		if t.Outcome == inbox.Failed || t.Summary.RejectedRows > 0 {
			refused++
		}
	})
	if err == nil && refused > 0 {
		err = &failure{wire.ExitPartly, count(refused, "file", "files") + " had something that was refused", "see the reports in done and failed"}
	}
	return err
}

// takeUntilStopped takes what comes until ctx ends. What can't be done at
// present is said, once as long as it is the same, and tried again.
func (r *run) takeUntilStopped(ctx context.Context, b *inbox.Inbox, every time.Duration) {
	said := ""
	for ctx.Err() == nil {
		err := b.Take(ctx, false, r.tellTaken)
		if err != nil && ctx.Err() == nil && err.Error() != said {
			fmt.Fprintf(r.Err, "%v; trying again\n", err)
		}
		if said = ""; err != nil {
			said = err.Error()
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

func (r *run) tellTaken(t inbox.Taken) {
	switch t.Outcome {
	case inbox.Done:
		r.say("%s: %s, %d refused; now %s", t.File, count(t.Summary.Rows, "row", "rows"), t.Summary.RejectedRows, t.Where)
	default:
		r.say("%s: %s; now %s", t.File, t.Problem, t.Where)
	}
}
