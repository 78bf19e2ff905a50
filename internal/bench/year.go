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

// year imports a folder of batches and orders, twice, and verifies the result.
func year(ctx context.Context, o Options) ([]Figure, error) {
	if o.Folder == "" {
		return nil, errors.New("say with --folder where batches.csv.gz and orders.csv.gz are")
	}
	s, err := newShop(ctx, o.Dir, bootstrap.Options{})
	if err != nil {
		return nil, err
	}
	defer s.remove()
	var figures []Figure
	for _, run := range []string{"first", "second"} {
		for _, kind := range []importer.Kind{importer.Batches, importer.Orders} {
			measured, err := s.importFile(ctx, o, kind, run)
			if err != nil {
				return nil, err
			}
			figures = append(figures, measured...)
		}
	}
	figures = append(figures, one("peak memory of the imports", "MB", peakMemory()/1e6))
	began := time.Now()
	report, err := service.Verify(ctx, s.Store, nil)
	if err != nil {
		return nil, err
	}
	if len(report.Faults) > 0 {
		return nil, fmt.Errorf("verify found %d faults, the first: %s", len(report.Faults), report.Faults[0])
	}
	figures = append(figures, one("verify", "s", time.Since(began).Seconds()))
	if err := s.Close(); err != nil {
		return nil, err
	}
	size, err := s.size()
	return append(figures, one("bytes on disk per line", "B", size/float64(report.Lines))), err
}

func (s *shop) importFile(ctx context.Context, o Options, kind importer.Kind, run string) ([]Figure, error) {
	o.Progress(fmt.Sprintf("%s import of %s", run, kind))
	f, err := os.Open(filepath.Join(o.Folder, string(kind)+".csv.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sink := func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return service.SendEach(ctx, s.Bus, commands)
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
