package cli

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/wire"
	"allot/internal/sample"
	"allot/internal/views"
)

// demoData is the data directory of the demo.
const demoData = "./allot-demo"

func (r *run) demo() *cobra.Command {
	noServe := false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Load a sample shop and serve it",
		Long: "Imports one day of real orders, and stock for most of them, into a data directory\n" +
			"of its own (" + demoData + " unless --data or --db says otherwise; no variable or file\n" +
			"does), says what became of them, and serves the shop until Ctrl-C. What was done\n" +
			"stays: start it again and go on. A database of another shop is refused.",
		Example: examples(
			"allot demo", "then try the curl lines that it prints",
			"allot demo --no-serve", "and look around: allot product list --data "+demoData,
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r.useDemoDefaults()
			s := server{}
			if !noServe {
				var err error
				if s.exposure, err = r.takeAddress(cmd.Context()); err != nil {
					return err
				}
				defer s.exposure.Close() // whoever has served has closed it already
			}
			watch, err := r.startWatch(cmd.Context())
			if err != nil {
				return err
			}
			defer watch.stop()
			app, err := r.openToServe(cmd.Context(), watch)
			if err != nil {
				return err
			}
			s.App, s.watch = app, watch
			return errors.Join(r.demonstrate(cmd.Context(), s, noServe), app.Close())
		},
	}
	cmd.Flags().BoolVar(&noServe, "no-serve", false, "stop after the import")
	return r.takes(cmd, serverSettings...)
}

// useDemoDefaults gives settings the values that suit a demo: a directory of its
// own, unless a flag names one (variables and files name a real shop), and no
// notice of each SKU that ran out.
func (r *run) useDemoDefaults() {
	if r.sourceOf("data") != "--data" {
		r.config.Data = demoData
	}
	if r.sourceOf("db") != "--db" {
		r.config.DB = ""
	}
	if r.sourceOf("log-level") == "default" {
		r.config.LogLevel = slog.LevelWarn
	}
}

// shown is what a demo has to show.
type shown struct {
	FirstDay domain.Date      `json:"first_day"`
	Batches  importer.Summary `json:"batches"`
	Orders   importer.Summary `json:"orders"`
}

func (r *run) demonstrate(ctx context.Context, app server, noServe bool) error {
	if err := r.checkIsSample(ctx, app.Store); err != nil {
		return err
	}
	today := domain.NewDate(r.Now().In(r.config.Timezone).Date())
	day, err := firstDay(ctx, app.Store, today)
	if err != nil {
		return err
	}
	s := shown{FirstDay: day}
	if s.Batches, err = r.importSample(ctx, app.App, sample.Batches(day), importer.Batches); err != nil {
		return err
	}
	if s.Orders, err = r.importSample(ctx, app.App, sample.Orders(day), importer.Orders); err != nil {
		return err
	}
	if err := object(r, s, func() error { return r.tellSample(s) }); err != nil || noServe {
		return err
	}
	app.try = func(url string) string { return thingsToTry(url, day) }
	return r.serveUntilStopped(ctx, app)
}

func (r *run) importSample(ctx context.Context, app *bootstrap.App, in io.Reader, as importer.Kind) (importer.Summary, error) {
	summary, err := r.importFrom(ctx, &source{ReadCloser: io.NopCloser(in)}, as, sendTo(app.Bus))
	if err != nil {
		return summary, stopped(ctx, err, summary.Rows)
	}
	return summary, nil
}

// checkIsSample refuses a database that didn't begin with the sample.
func (r *run) checkIsSample(ctx context.Context, s bootstrap.Store) error {
	events, err := s.Events(ctx, views.Page{Limit: 1})
	if err != nil || len(events.Items) == 0 {
		return err
	}
	rows := csv.NewReader(sample.Batches(sample.FirstDay))
	_, _ = rows.Read() // the header
	row, err := rows.Read()
	if err != nil {
		return fmt.Errorf("read the sample: %w", err)
	}
	var began struct {
		Ref string `json:"ref"`
		SKU string `json:"sku"`
		Qty int    `json:"qty"`
	}
	if err := json.Unmarshal(events.Items[0].Data, &began); err == nil && slices.Equal(row[:3], []string{began.Ref, began.SKU, strconv.Itoa(began.Qty)}) {
		return nil
	}
	return &failure{wire.ExitConflict, r.config.DatabaseName() + " has another shop than the sample, and nothing was added to it", "name an empty directory with --data"}
}

// firstDay is the day that the sample begins on: today, or if it was imported
// before, the day that it began on then, so that nothing of it has changed.
func firstDay(ctx context.Context, s bootstrap.Store, today domain.Date) (domain.Date, error) {
	ref, eta, err := firstShipment()
	if err != nil {
		return 0, err
	}
	batch, err := s.Batch(ctx, ref)
	if errors.Is(err, views.ErrNotFound) {
		return today, nil
	}
	if err != nil {
		return 0, err
	}
	known, err := domain.ParseDate(batch.ETA)
	return sample.FirstDay.AddDays(known.Sub(eta)), err
}

// firstShipment is the first batch of the sample that has an ETA, as its source
// has it.
func firstShipment() (ref string, eta domain.Date, _ error) {
	rows := csv.NewReader(sample.Batches(sample.FirstDay))
	for {
		row, err := rows.Read()
		if err != nil {
			return "", 0, fmt.Errorf("read the sample: %w", err)
		}
		if eta, err := domain.ParseDate(row[3]); err == nil && eta != 0 {
			return row[0], eta, nil
		}
	}
}

func (r *run) tellSample(s shown) error {
	if r.config.Output != config.OutputTable {
		return list(r, summaryColumns, these(s.Batches, s.Orders))
	}
	fmt.Fprintf(r.Out, "The sample shop, in %s: orders of one day, which was shifted to %s, and stock for most of them.\n\n", r.config.DatabaseName(), s.FirstDay)
	b, o := s.Batches, s.Orders
	for _, row := range []struct {
		n          int
		what, note string
	}{
		{b.Created, "batches", "added"},
		{b.Replayed, "batches", "known before"},
		{o.Rows, "order rows", fmt.Sprintf("%d lines: %d rows repeat a SKU of their order and were added up", o.Lines, o.Merged)},
		{o.Allocated, "allocated", "lines that have stock, in the warehouse or on its way"},
		{o.Backordered, "backordered", "lines that wait for stock"},
		{o.Replayed, "known before", "lines that stand as they did"},
		{o.Rejected, "refused", "lines of SKUs that nothing is known of: " + refusedSKUs(o)},
	} {
		if row.n > 0 {
			fmt.Fprintf(r.Out, "  %-12s %5d  %s\n", row.what, row.n, row.note)
		}
	}
	_, err := fmt.Fprintf(r.Out, "\n%s\n", sample.Attribution())
	return err
}

// refusedSKUs names what was refused, as far as the summary has it.
func refusedSKUs(s importer.Summary) string {
	var skus []string
	for _, refusal := range s.Refusals {
		if !slices.Contains(skus, refusal.Value) {
			skus = append(skus, refusal.Value)
		}
	}
	return strings.Join(skus, ", ")
}

// thingsToTry are three requests that work on the sample.
func thingsToTry(url string, day domain.Date) string {
	const post = "  curl -H 'Content-Type: application/json' -d '%s' %s\n"
	return "  Try, in another terminal:\n" +
		fmt.Sprintf(post, `{"orderid":"order-1","sku":"85123A","qty":3}`, url+"/allocate") +
		fmt.Sprintf("  curl %s\n", url+"/allocations/order-1") +
		fmt.Sprintf(post, fmt.Sprintf(`{"ref":"batch-1","sku":"85123A","qty":50,"eta":"%s"}`, day.AddDays(30)), url+"/add_batch")
}
