package yardstick

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/service"
)

// folder is what files of batches and orders tell.
type folder struct {
	products map[string]*Case
	known    map[service.LineID]bool
	refs     map[string]bool
	since    map[string]domain.Date // when orders were placed
	today    domain.Date
	leftOut  int
}

// FromFolder reads batches.csv and orders.csv, or the same compressed, with .gz,
// as an import does. No line stands anywhere yet. Lines are as old as their
// place in the file, and placed when placed_at says, or today. All batches are
// known from the start. It returns the cases by SKU, and how many lines can't
// be compared: because there is never any stock of them, or they are refused.
// progress is told of rows.
func FromFolder(ctx context.Context, dir string, today domain.Date, progress func(rows int)) (cases []Case, leftOut int, _ error) {
	f := folder{map[string]*Case{}, map[service.LineID]bool{}, map[string]bool{}, map[string]domain.Date{}, today, 0}
	before := 0
	for _, kind := range []importer.Kind{importer.Batches, importer.Orders} {
		summary, err := f.read(ctx, dir, kind, func(p importer.Progress) { progress(before + p.Rows) })
		if err != nil {
			return nil, 0, err
		}
		before += summary.Rows
		if kind == importer.Batches && summary.Rejected > 0 {
			return nil, 0, fmt.Errorf("%d rows of %s in %s are refused; allot import says why", summary.Rejected, kind, dir)
		}
		if kind == importer.Orders {
			f.leftOut += summary.Rejected
		}
	}
	for _, sku := range slices.Sorted(maps.Keys(f.products)) {
		cases = append(cases, *f.products[sku])
	}
	return cases, f.leftOut, nil
}

func (f *folder) read(ctx context.Context, dir string, kind importer.Kind, progress func(importer.Progress)) (importer.Summary, error) {
	name := filepath.Join(dir, string(kind)+".csv")
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = os.Open(name + ".gz")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return importer.Summary{}, fmt.Errorf("there is neither %s nor %s.gz: %w", name, filepath.Base(name), fs.ErrNotExist)
	}
	if err != nil {
		return importer.Summary{}, err
	}
	defer file.Close()
	summary, err := importer.Import(ctx, file, kind, f.sink, importer.Options{Progress: progress, Placed: f.placed})
	if err != nil {
		return summary, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	return summary, nil
}

func (f *folder) placed(orderID string, day domain.Date) {
	if f.since[orderID] == 0 {
		f.since[orderID] = day
	}
}

// sink is an importer.Sink that keeps what commands say.
func (f *folder) sink(_ context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
	return func(yield func(service.Outcome[any]) bool) {
		for cmd := range commands {
			out := service.Outcome[any]{Err: cmd.Validate()}
			if out.Err == nil {
				out.Result, out.Err = f.take(cmd)
			}
			if !yield(out) {
				return
			}
		}
	}
}

func (f *folder) take(cmd domain.Message) (any, error) {
	switch cmd := cmd.(type) {
	case domain.CreateBatch:
		return f.batch(cmd)
	case domain.Allocate:
		return f.line(cmd), nil
	}
	return nil, fmt.Errorf("%s is no command of these files", cmd.CommandName())
}

func (f *folder) batch(cmd domain.CreateBatch) (domain.Batched, error) {
	b := domain.Batch{Seq: int64(len(f.refs)) + 1, Ref: cmd.Ref, SKU: cmd.SKU, Purchased: cmd.Qty, ETA: cmd.ETA, Location: cmd.Location, UseBy: cmd.UseBy}
	if f.refs[b.Ref] {
		return domain.Batched{}, domain.BatchConflict(b)
	}
	f.refs[b.Ref] = true
	c := f.products[b.SKU]
	if c == nil {
		c = &Case{Product: domain.Snapshot{SKU: b.SKU}}
		f.products[b.SKU] = c
	}
	c.Product.Batches = append(c.Product.Batches, b)
	return domain.Batched{Batch: b}, nil
}

// line keeps a line. Where it will stand is not known: it is answered as if it
// waited.
func (f *folder) line(cmd domain.Allocate) domain.Placement {
	id := service.LineID{OrderID: cmd.OrderID, SKU: cmd.SKU}
	c := f.products[cmd.SKU]
	if c == nil || f.known[id] {
		f.leftOut++
		return domain.Placement{Status: domain.StatusBackordered}
	}
	f.known[id] = true
	line := domain.Line{
		OrderLine: domain.OrderLine{OrderID: cmd.OrderID, SKU: cmd.SKU, Qty: cmd.Qty}, Seq: int64(len(f.known)), FirstQty: cmd.Qty,
		Priority: cmd.Priority, RequiredBy: cmd.RequiredBy, Wishes: cmd.Wishes,
	}
	since := f.since[cmd.OrderID]
	if since == 0 {
		since = f.today
	}
	c.Lines = append(c.Lines, Line{line, since})
	return domain.Placement{Status: domain.StatusBackordered}
}
