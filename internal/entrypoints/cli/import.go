package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/config"
	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/wire"
)

func (r *run) imports() *cobra.Command {
	var as, rejected string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Import batches, orders or products from CSV",
		Long: "Imports a CSV file of any size, compressed with gzip or not; - is standard input.\n" +
			"Its first line names the columns:\n\n" +
			"  batches   reference, sku, qty, eta (empty: in the warehouse)\n" +
			"  orders    orderid, sku, qty\n" +
			"  products  sku, description\n\n" +
			"Rows are done in the order of the file; those of one order for the same SKU are added\n" +
			"up. Rows that can't be used are refused by themselves and written, with the reason, to\n" +
			"FILE.rejected.csv, which can be put right and imported (exit code 6); if there is such a\n" +
			"file, to FILE.rejected-2.csv, and so on. An import that was stopped, or is run again,\n" +
			"doubles nothing. The rows of one order must stand together.",
		Example: examples(
			"allot import batches.csv --as batches", "a file",
			"zcat orders.csv.gz | allot import - --as orders", "standard input",
			"allot import orders.csv.gz --as orders --dry-run", "see what would become of it",
		),
		Args: needs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains([]importer.Kind{importer.Batches, importer.Orders, importer.Products}, importer.Kind(as)) {
				return usage("write: "+r.command+" FILE --as batches|orders|products", "--as is %q; it says what the rows of the file are", as)
			}
			return r.importFile(cmd.Context(), args[0], importer.Kind(as), rejected)
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "`WHAT` the rows are: batches, orders or products")
	cmd.Flags().StringVar(&rejected, "rejected", "", "`FILE` for refused rows; by default FILE.rejected.csv, for standard input rejected.csv")
	return r.takes(r.writes(cmd), "group")
}

// source is what is imported.
type source struct {
	io.ReadCloser
	size     int64  // bytes; 0 if that is not known
	rejected string // what the file for refused rows is to be called
	kept     string // what it is called, once it is there
}

func (r *run) openSource(ctx context.Context, file string) (*source, error) {
	if file == "-" {
		if r.Terminal(r.In) {
			return nil, usage("write for example: zcat orders.csv.gz | "+r.command+" - --as orders", "- is standard input, and that is a terminal")
		}
		return &source{ReadCloser: until(ctx, r.In), rejected: "rejected.csv"}, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	s := &source{ReadCloser: f, rejected: file + ".rejected.csv"}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		s.size = info.Size()
	}
	return s, nil
}

// until is what a stream has until ctx ends. The goroutine that waits for the
// stream ends with it: reading a pipe can't be interrupted.
func until(ctx context.Context, stream io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, stream)
		in.CloseWithError(err) // nil is the end
	}()
	context.AfterFunc(ctx, func() { out.CloseWithError(context.Cause(ctx)); in.CloseWithError(context.Cause(ctx)) })
	return out
}

// importFile imports a file and says what became of it.
func (r *run) importFile(ctx context.Context, file string, as importer.Kind, rejected string) error {
	in, err := r.openSource(ctx, file)
	if err != nil {
		return err
	}
	defer in.Close()
	if rejected != "" {
		in.rejected = rejected
	}
	if err := in.checkRejected(r.In); err != nil {
		return err
	}
	var summary importer.Summary
	err = r.through(ctx, func(d *door) (err error) {
		summary, err = r.importFrom(ctx, in, as, d.send)
		return err
	})
	if summary.Rows > 0 || err == nil {
		err = errors.Join(err, r.summarize(summary))
	}
	if err != nil {
		if in.kept != "" {
			r.say("rows that were refused until then are in %s", in.kept)
		}
		return stopped(ctx, err, summary.Rows)
	}
	return r.partly(summary, in.kept)
}

// importFrom takes the rows of a source to a sink.
func (r *run) importFrom(ctx context.Context, in *source, as importer.Kind, to importer.Sink) (importer.Summary, error) {
	o := importer.Options{Origin: r.origin()}
	o.Origin.Correlation = "import-" + r.Now().UTC().Format("20060102T150405.000Z")
	if !r.dryRun && in.rejected != "" {
		o.Rejected = in.openRejected
	}
	bar := r.progress("import "+string(as), in.size, "rows")
	defer bar.end()
	o.Progress = func(p importer.Progress) { bar.set(p.Bytes, p.Rows) }
	return importer.Import(ctx, in, as, to, o)
}

// stopped is the error of an import that stopped on its way.
func stopped(ctx context.Context, err error, rows int) error {
	if ctx.Err() != nil { // which closes what is read, so that err may be about that
		err = context.Cause(ctx)
	}
	f := failureOf(ctx, err)
	if f.exit == wire.ExitInterrupted {
		f.what = fmt.Sprintf("stopped at row %d", rows)
		f.hint = "run it again: rows already applied are recognised"
	}
	return &f
}

// partly is the error that some rows were refused.
func (r *run) partly(s importer.Summary, rejected string) error {
	if s.RejectedRows == 0 {
		return nil
	}
	for _, refusal := range s.Refusals {
		r.say("line %d: %s", refusal.Line, refusal.Problem)
	}
	if more := s.RejectedRows - len(s.Refusals); more > 0 {
		r.say("... and %d more", more)
	}
	hint := "put them right in " + rejected + " and import that"
	if r.dryRun {
		hint = ""
	}
	return &failure{wire.ExitPartly, count(s.RejectedRows, "row was refused", "rows were refused"), hint}
}

var summaryColumns = []column[importer.Summary]{
	{name: "as", text: func(s importer.Summary) string { return string(s.As) }},
	{name: "rows", text: func(s importer.Summary) string { return strconv.Itoa(s.Rows) }},
	{name: "lines", text: func(s importer.Summary) string { return strconv.Itoa(s.Lines) }},
	{name: "merged", text: func(s importer.Summary) string { return strconv.Itoa(s.Merged) }},
	{name: "allocated", text: func(s importer.Summary) string { return strconv.Itoa(s.Allocated) }},
	{name: "backordered", text: func(s importer.Summary) string { return strconv.Itoa(s.Backordered) }},
	{name: "created", text: func(s importer.Summary) string { return strconv.Itoa(s.Created) }},
	{name: "described", text: func(s importer.Summary) string { return strconv.Itoa(s.Described) }},
	{name: "replayed", text: func(s importer.Summary) string { return strconv.Itoa(s.Replayed) }},
	{name: "rejected", text: func(s importer.Summary) string { return strconv.Itoa(s.Rejected) }},
	{name: "seconds", text: func(s importer.Summary) string { return strconv.FormatFloat(s.Seconds, 'f', 1, 64) }},
}

func (r *run) summarize(s importer.Summary) error {
	return object(r, s, func() error {
		if r.config.Output != config.OutputTable {
			return list(r, summaryColumns, these(s))
		}
		if r.quiet {
			return nil
		}
		_, err := fmt.Fprint(r.Out, s)
		return err
	})
}
