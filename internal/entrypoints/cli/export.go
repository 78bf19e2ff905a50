package cli

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/entrypoints/importer"
	"allot/internal/views"
)

func (r *run) export() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "export",
		Short: "Write allocations, batches or events to standard output",
		Example: examples(
			"allot export allocations > allocations.csv", "who has what",
			"allot export events | tail -1", "what happened last",
		),
	}, r.exportAllocations(), r.exportBatches(), r.exportEvents())
}

func (r *run) exportAllocations() *cobra.Command {
	return &cobra.Command{
		Use:   "allocations",
		Short: "Write all allocated lines as CSV, in the order in which they were allocated",
		Long: "Writes orderid,sku,qty,batchref. A line that has moved is where it moved: the order\n" +
			"is that of the allocations as they are now. --output json and ndjson say more.",
		Example: examples(
			"allot export allocations > allocations.csv", "for a spreadsheet",
			"allot export allocations --output ndjson", "for a program",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				if r.wantsJSON() {
					return list(r, lineColumns, s.Allocations(cmd.Context()))
				}
				return importer.WriteAllocations(r.Out, s.Allocations(cmd.Context()))
			})
		},
	}
}

// wantsJSON reports whether JSON was asked for. Exports are CSV else.
func (r *run) wantsJSON() bool {
	return r.config.Output == config.OutputJSON || r.config.Output == config.OutputNDJSON
}

func (r *run) exportBatches() *cobra.Command {
	return &cobra.Command{
		Use:   "batches",
		Short: "Write all batches as CSV that can be imported",
		Long:  "Writes reference,sku,qty,eta,location,use_by, by reference; qty is what was bought, in all.\n--output json and ndjson say more.",
		Example: examples(
			"allot export batches > batches.csv", "for a spreadsheet",
			"allot export batches | allot import - --as batches --data ./copy", "into another shop",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				batches := pages(0, func(p views.Page) (views.List[views.Batch], error) {
					return s.Batches(cmd.Context(), views.BatchFilter{}, p)
				})
				if r.wantsJSON() {
					return list(r, batchColumns, batches)
				}
				return importer.WriteBatches(r.Out, batches)
			})
		},
	}
}

// exported is an event with what is in it.
type exported struct {
	views.Event
	Data json.RawMessage `json:"data"`
}

func (r *run) exportEvents() *cobra.Command {
	return &cobra.Command{
		Use:   "events",
		Short: "Write the event log, one JSON object per line",
		Long:  "Writes every event since the first one: what happened, to which product, when, by\nwhom, and what it came of.",
		Example: examples(
			"allot export events > events.ndjson", "all of them",
			"allot export events | grep out_of_stock", "what ran out",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if r.config.Output == config.OutputCSV || r.config.Output == config.OutputName {
				return usage("leave --output out, or write --output json", "events can't be written as %s: each kind has other members", r.config.Output)
			}
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				events := pages(0, func(p views.Page) (views.List[views.Event], error) { return s.Events(cmd.Context(), p) })
				full := as(func(e views.Event) exported { return exported{e, e.Data} }, events)
				return r.buffered(func(out io.Writer) error {
					if r.config.Output == config.OutputJSON {
						return listJSON(out, full)
					}
					return listNDJSON(out, full)
				})
			})
		},
	}
}
