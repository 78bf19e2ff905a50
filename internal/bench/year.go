package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/service"
)

var errNoFolder = errors.New("say with --folder where batches.csv.gz and orders.csv.gz are")

// year imports a folder of batches and orders, twice, and verifies the result.
// If the folder says when things happened, they happen again, in that order.
func year(ctx context.Context, o Options) ([]Figure, error) {
	if o.Folder == "" {
		return nil, errNoFolder
	}
	s, err := newShop(ctx, o.Dir, bootstrap.Options{})
	if err != nil {
		return nil, err
	}
	defer s.remove()
	var figures []Figure
	for _, run := range []string{"first", "second"} {
		for _, kind := range []importer.Kind{importer.Batches, importer.Orders} {
			measured, err := importFile(ctx, s.Bus, o, kind, run)
			if err != nil {
				return nil, err
			}
			figures = append(figures, measured...)
		}
	}
	figures = append(figures, one("peak memory of the imports", "MB", peakMemory()/1e6))
	lines, verified, err := verify(ctx, s.App)
	if err != nil {
		return nil, err
	}
	figures = append(figures, verified)
	if err := s.Close(); err != nil {
		return nil, err
	}
	size, err := s.size()
	figures = append(figures, one("bytes on disk per line", "B", size/float64(lines)))
	if err != nil || !hasHistory(o.Folder) {
		return figures, err
	}
	replayed, err := replay(ctx, o)
	return append(figures, replayed...), err
}

func importFile(ctx context.Context, bus *service.Bus, o Options, kind importer.Kind, run string) ([]Figure, error) {
	o.Progress(fmt.Sprintf("%s import of %s", run, kind))
	f, err := os.Open(filepath.Join(o.Folder, string(kind)+".csv.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sink := func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return service.SendEach(ctx, bus, commands)
	}
	began, cpu := time.Now(), cpuTime()
	summary, err := importer.Import(ctx, f, kind, sink, importer.Options{Origin: domain.Origin{Correlation: "bench-" + run}})
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s import of %s: ", run, kind)
	figures := []Figure{
		one(name+"wall time", "s", time.Since(began).Seconds()),
		one(name+"CPU", "s", (cpuTime() - cpu).Seconds()),
		one(name+"lines", "", float64(summary.Lines)),
	}
	if kind == importer.Orders {
		figures = append(figures,
			one(name+"allocated", "", float64(summary.Allocated)), one(name+"backordered", "", float64(summary.Backordered)),
			one(name+"replayed", "", float64(summary.Replayed)), one(name+"rejected", "", float64(summary.Rejected)))
	}
	return figures, nil
}

func one(name, unit string, value float64) Figure { return figure(name, unit, []float64{value}) }

// verify is how many lines a shop has, and how long it takes to find no faults
// in it.
func verify(ctx context.Context, app *bootstrap.App) (lines int, took Figure, _ error) {
	began := time.Now()
	report, err := service.Verify(ctx, app.Store, nil)
	if err == nil && len(report.Faults) > 0 {
		err = fmt.Errorf("verify found %d faults, the first: %s", len(report.Faults), report.Faults[0])
	}
	return report.Lines, one("verify", "s", time.Since(began).Seconds()), err
}
