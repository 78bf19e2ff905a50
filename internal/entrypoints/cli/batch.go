package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) batch() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "batch",
		Short: "Add, change and look at batches of stock",
		Long:  "A batch is a quantity of one SKU that was bought together: it lies in the\nwarehouse, or it is on its way and has a date on which it comes, its ETA.",
		Example: examples(
			"allot batch add batch-1 SMALL-TABLE 20", "in the warehouse",
			"allot batch list --sku SMALL-TABLE", "what there is of a SKU",
		),
	}, r.batchAdd(), r.batchChange(), r.batchReceive(), r.batchClose(), r.batchReopen(), r.batchList(), r.batchShow(), r.batchHistory())
}

func (r *run) batchAdd() *cobra.Command {
	var eta string
	var label label
	cmd := &cobra.Command{
		Use:   "add REF SKU QTY",
		Short: "Add stock that was bought",
		Long: "Adds a batch. Lines that wait for its SKU are served at once, the oldest first.\n" +
			"The same batch again changes nothing; its reference with another SKU, quantity,\nETA, location or use-by date is refused.",
		Example: examples(
			"allot batch add batch-1 SMALL-TABLE 20", "in the warehouse",
			"allot batch add batch-2 SMALL-TABLE 50 --eta 2026-12-01", "on its way",
			"allot batch add milk-1 MILK 90 --location north --use-by 2026-12-20", "good for a while",
		),
		Args: needs("REF", "SKU", "QTY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			qty, err := quantity(args[2], 0)
			if err != nil {
				return err
			}
			date, err := domain.ParseDate(eta)
			if err != nil {
				return usage("leave --eta out if the batch is in the warehouse", "--eta: %v", err)
			}
			useBy, err := label.date()
			if err != nil {
				return err
			}
			return r.changeBatch(cmd.Context(), domain.CreateBatch{
				Origin: r.origin(), Ref: args[0], SKU: args[1], Qty: qty, ETA: date, Location: label.location, UseBy: useBy,
			})
		},
	}
	cmd.Flags().StringVar(&eta, "eta", "", "`DATE` on which it comes, YYYY-MM-DD; without it, it is in the warehouse")
	label.flags(cmd)
	return r.writes(cmd)
}

// changeBatch has a command about a batch done and prints the batch.
func (r *run) changeBatch(ctx context.Context, cmd domain.Command[domain.Batched]) error {
	return perform(ctx, r, cmd, func(done domain.Batched) error {
		if done.Replayed {
			r.say("nothing changed: it was so already")
		}
		batch := service.ViewBatch(done.Batch)
		return object(r, batch, func() error { return list(r, besides(r, batchColumns, labelColumns, batch), these(batch)) })
	})
}

// quantity reads a number of units. What is too large, the command refuses.
func quantity(text string, least int) (int, error) {
	qty, err := strconv.Atoi(text)
	if err != nil || qty < least {
		return 0, usage("write it in digits", "QTY is %q; it must be a whole number between %d and %d", text, least, domain.MaxQty)
	}
	return qty, nil
}

var batchColumns = []column[views.Batch]{
	{name: "ref", text: func(b views.Batch) string { return b.Ref }},
	{name: "sku", text: func(b views.Batch) string { return b.SKU }},
	{name: "qty", text: func(b views.Batch) string { return strconv.Itoa(b.Qty) }},
	{name: "allocated", text: func(b views.Batch) string { return strconv.Itoa(b.Allocated) }},
	{name: "available", text: func(b views.Batch) string { return strconv.Itoa(b.Available) }},
	{name: "eta", text: func(b views.Batch) string { return b.ETA }, tell: func(b views.Batch) string { return comes(b.ETA) }},
	{name: "closed", text: func(b views.Batch) string { return strconv.FormatBool(b.Closed) }, tell: func(b views.Batch) string { return closed(b) }},
}

// labelColumns are what some batches have besides.
var labelColumns = []column[views.Batch]{
	{name: "location", text: func(b views.Batch) string { return b.Location }, tell: func(b views.Batch) string { return dash(b.Location) }},
	{name: "use_by", text: func(b views.Batch) string { return b.UseBy }, tell: func(b views.Batch) string { return dash(b.UseBy) }},
}

// closed is whether a batch takes no new lines, for people.
func closed(b views.Batch) string {
	if b.Closed {
		return "closed"
	}
	return "-"
}

// comes is when stock comes, for people.
func comes(eta string) string {
	if eta == "" {
		return "in the warehouse"
	}
	return eta
}

func (r *run) batchList() *cobra.Command {
	var of views.BatchFilter
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List batches by reference",
		Example: examples(
			"allot batch list", "all of them",
			"allot batch list --sku SMALL-TABLE --output json", "those of one SKU",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				return list(r, besides(r, batchColumns, labelColumns), pages(limit, func(p views.Page) (views.List[views.Batch], error) {
					return s.Batches(cmd.Context(), of, p)
				}))
			})
		},
	}
	cmd.Flags().StringVar(&of.SKU, "sku", "", "only batches of this `SKU`")
	cmd.Flags().StringVar(&of.Location, "location", "", "only batches at this location, by `NAME`")
	limited(cmd, &limit)
	return cmd
}

// limited gives a list the flag that shortens it.
func limited(cmd *cobra.Command, limit *int) {
	cmd.Flags().IntVar(limit, "limit", 0, "list at most `N`; 0: all")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if *limit < 0 {
			return usage("leave it out to list all", "--limit is %d; it must be at least 0", *limit)
		}
		return nil
	}
}

// batchShown is a batch and the lines allocated to it.
type batchShown struct {
	views.Batch
	Allocations []views.Line `json:"allocations"`
}

func (r *run) batchShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show REF",
		Short: "Show a batch and the lines that are allocated to it",
		Example: examples(
			"allot batch show batch-1", "whom would a delay hurt?",
			"allot batch show batch-1 --output csv", "its lines, for a spreadsheet",
		),
		Args: needs("REF"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error { return r.showBatch(cmd.Context(), s, args[0]) })
		},
	}
}

func (r *run) showBatch(ctx context.Context, s bootstrap.Store, ref string) error {
	batch, err := s.Batch(ctx, ref)
	if err != nil {
		return missing(err, "allot batch list lists the batches")
	}
	shown := batchShown{Batch: batch, Allocations: []views.Line{}}
	for line, err := range pages(0, func(p views.Page) (views.List[views.Line], error) { return s.BatchLines(ctx, ref, p) }) {
		if err != nil {
			return err
		}
		shown.Allocations = append(shown.Allocations, line)
	}
	return object(r, shown, func() error {
		left := "available"
		if batch.Closed {
			left = "left, but it is closed: it takes no new lines"
		}
		r.tell("%s  %s  %s, %s: %d allocated, %d %s%s", batch.Ref, batch.SKU, count(batch.Qty, "unit", "units"), comes(batch.ETA), batch.Allocated, batch.Available, left, labelled(batch))
		return list(r, lineColumns, these(shown.Allocations...))
	})
}

// labelled is where a batch lies and how long it keeps, for people.
func labelled(b views.Batch) (text string) {
	if b.Location != "" {
		text = "; at " + b.Location
	}
	if b.UseBy != "" {
		text += "; to be used by " + b.UseBy
	}
	return text
}
