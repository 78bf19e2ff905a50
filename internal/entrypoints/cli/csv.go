package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

func (r *run) csv() *cobra.Command {
	skip := false
	cmd := &cobra.Command{
		Use:   "csv FOLDER",
		Short: "Run a shop that has nothing but CSV files",
		Long: "Reads in FOLDER\n\n" +
			"  batches.csv      ref,sku,qty,eta              (eta empty: in the warehouse; also location, use_by)\n" +
			"  orders.csv       orderid,sku,qty              (also priority, required_by, location)\n" +
			"  allocations.csv  orderid,sku,qty,batchref     (if it is there)\n" +
			"  backorders.csv   orderid,sku,qty,priority,required_by,location  (if it is there)\n\n" +
			"gives the lines of backorders.csv and then those of orders.csv stock, and writes\n" +
			"allocations.csv, those that were there first and then the new ones, and backorders.csv,\n" +
			"the lines that wait. There is no database. Each file is replaced as a whole: it is the\n" +
			"old one or the new one, whatever happens. Run again, it changes nothing.\n\n" +
			"If any row can't be used, it is named and nothing is done; with --skip-bad-rows those of\n" +
			"batches.csv and orders.csv are left out, and the others are done (exit code 6).",
		Example: examples(
			"allot csv ./shop --dry-run", "see what would become of the orders",
			"allot csv ./shop", "allocate",
		),
		Args: needs("FOLDER"),
		RunE: func(cmd *cobra.Command, args []string) error { return r.csvShop(cmd.Context(), args[0], skip) },
	}
	cmd.Flags().BoolVar(&skip, "skip-bad-rows", false, "leave out rows of batches.csv and orders.csv that can't be used")
	cmd.Flags().BoolVarP(&r.dryRun, "dry-run", "n", false, "say what would happen, and write nothing")
	return cmd
}

// csvShop allocates the orders of a folder.
func (r *run) csvShop(ctx context.Context, folder string, skip bool) error {
	for _, name := range []string{"batches.csv", "orders.csv"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	shop, err := bootstrap.OpenCSV(ctx, folder, skip, r.options())
	if bad, ok := errors.AsType[*bootstrap.BadRows](err); ok {
		return r.nothingDone(bad.Rows)
	}
	if err != nil {
		return err
	}
	for _, column := range shop.Unknown {
		r.say("batches.csv: %s", column.Note())
	}
	return errors.Join(r.allocateCSV(ctx, shop, folder, skip), shop.Close())
}

// nothingDone is the error that rows can't be used, with each of them.
func (r *run) nothingDone(bad []bootstrap.BadRow) error {
	for _, b := range bad {
		r.say("%s", b)
	}
	return &failure{wire.ExitUsage, count(len(bad), "row", "rows") + " can't be used, and nothing was done",
		"put them right, or leave those of batches.csv and orders.csv out with --skip-bad-rows"}
}

// allocateCSV sees first what would become of the orders, and then does it.
func (r *run) allocateCSV(ctx context.Context, shop *bootstrap.CSVShop, folder string, skip bool) error {
	orders := filepath.Join(folder, "orders.csv")
	previewed := func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return service.PreviewEach(ctx, shop.Bus, commands)
	}
	var refused []bootstrap.BadRow
	summary, err := r.importCSV(ctx, shop, orders, previewed, &refused)
	switch {
	case err != nil:
		return err
	case len(refused) > 0 && !skip:
		return r.nothingDone(refused)
	case !r.dryRun:
		if summary, err = r.importCSV(ctx, shop, orders, sendTo(shop.Bus), nil); err == nil {
			err = shop.Complete()
		}
	}
	if err = errors.Join(err, r.summarize(summary)); err != nil {
		return err
	}
	if r.dryRun {
		r.say("dry run: nothing was written")
	}
	return r.someSkipped(slices.Concat(shop.Skipped, refused))
}

func (r *run) someSkipped(rows []bootstrap.BadRow) error {
	for _, b := range rows {
		r.say("%s", b)
	}
	if len(rows) == 0 {
		return nil
	}
	return &failure{wire.ExitPartly, count(len(rows), "row was left out", "rows were left out"), "put them right and run it again"}
}

// importCSV takes the orders of a file to a sink, after those who wait.
func (r *run) importCSV(ctx context.Context, shop *bootstrap.CSVShop, file string, to importer.Sink, refused *[]bootstrap.BadRow) (importer.Summary, error) {
	in, err := os.Open(file)
	if err != nil {
		return importer.Summary{}, err
	}
	defer in.Close()
	fills, err := shop.Fills(ctx, r.origin())
	if err != nil {
		return importer.Summary{}, err
	}
	o := importer.Options{Origin: r.origin()}
	o.Refused = func(one importer.Refusal) {
		if refused != nil {
			*refused = append(*refused, bootstrap.BadRow{File: filepath.Base(file), Line: one.Line, Column: one.Column, Value: one.Value, Problem: one.Problem})
		}
	}
	s, err := importer.Import(ctx, in, importer.Orders, after(fills, to), o)
	if err != nil {
		return s, fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	return s, nil
}

// after is a sink that has some commands of its own done first.
func after(first []domain.Message, to importer.Sink) importer.Sink {
	return func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return func(yield func(service.Outcome[any]) bool) {
			n := 0
			for o := range to(ctx, concat(slices.Values(first), commands)) {
				n++
				if n > len(first) || o.Err != nil {
					if !yield(o) {
						return
					}
				}
			}
		}
	}
}

func concat[T any](seqs ...iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, seq := range seqs {
			for item := range seq {
				if !yield(item) {
					return
				}
			}
		}
	}
}
