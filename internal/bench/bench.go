// Package bench measures the program: how many allocations a second, what each
// costs, and whether that stays so as a shop grows. Its figures are ratios
// wherever they can be, taken side by side in one run: a machine is never as
// quiet as it was when somebody else measured.
//
// It knows the program as a whole, and nothing of how its figures are shown.
package bench

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"allot/internal/bootstrap"
)

// Options are what can be chosen about a run. The zero Options are valid.
type Options struct {
	Dir      string        // for databases, removed afterwards; "": the system's temporary directory
	Clients  int           // at once; 0: 64
	Round    time.Duration // of each measurement over HTTP or on PostgreSQL; 0: 2 s
	Rounds   int           // of everything that is compared, in turn; 0: 5
	Existing int           // allocations, in the scenarios growth and pg-growth; 0: 1,000,000
	Lines    int           // allocated in each round of growth, pg-growth and batches; 0: 50,000
	Folder   string        // of batches.csv.gz and orders.csv.gz, for the scenarios year and pg-year
	Overload time.Duration // how long each overload lasts, in the scenario overload; 0: 60 s
	URL      string        // of a server started with --bench; "": one in this process
	Progress func(string)  // told what is being done; nil: nobody wants to know

	queue int // most commands that wait, in a server of ours; 0: as many as may
}

func (o Options) withDefaults() Options {
	o.Dir = cmp.Or(o.Dir, os.TempDir())
	o.Clients = cmp.Or(o.Clients, 64)
	o.Round = cmp.Or(o.Round, 2*time.Second)
	o.Rounds = cmp.Or(o.Rounds, 5)
	o.Existing = cmp.Or(o.Existing, 1_000_000)
	o.Lines = cmp.Or(o.Lines, 50_000)
	o.Overload = cmp.Or(o.Overload, time.Minute)
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// Figure is something that was measured: the median of some rounds, the lowest
// and the highest.
type Figure struct {
	Name   string  `json:"name"`
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Unit   string  `json:"unit"`
}

// Report is what a scenario found.
type Report struct {
	Scenario string   `json:"scenario"`
	CPUs     int      `json:"cpus"`
	Go       string   `json:"go"`
	Figures  []Figure `json:"figures"`
}

// scenarios are what can be measured, in the order in which it is.
var scenarios = []struct {
	name, about string
	run         func(context.Context, Options) ([]Figure, error)
}{
	{"echo", "allocations over HTTP beside the same server's echo, on 1,000 SKUs", echo},
	{"many", "allocations over HTTP on 1,000 SKUs", many},
	{"hot", "allocations over HTTP on one SKU, beside 1,000 SKUs", hot},
	{"bulk", "lines in bulk requests of 1,000, beside requests of their own", bulk},
	{"overload", "three times the clients that saturate a server, and what it is like afterwards", overload},
	{"sinks", "allocations over HTTP with Redis, mail and a webhook attached, and with all of them down, beside nobody told", sinks},
	{"commits", "allocations in this process: how many share a commit, how large they are on disk", commits},
	{"growth", "CPU per allocation after many others, beside none", growth},
	{"availability", "questions about what is available over HTTP, beside the same server's echo", availability},
	{"batches", "CPU per allocation with 10,000 batches on the SKU, 9,999 exhausted, beside one", batches},
	{"postgres", "allocations on a PostgreSQL of its own, by one replica and three, beside SELECT ... FOR UPDATE", postgres},
	{"pg-growth", "CPU per allocation after many others, beside none, ours and PostgreSQL's; how large they are on disk", pgGrowth},
	{"pg-year", "a folder of batches and orders imported into a PostgreSQL, verified, and compared with SQLite", pgYear},
	{"year", "a folder of batches and orders imported, twice, and verified; if it has announcements, slips and cancellations, replayed with them", year},
}

// Scenarios names the scenarios, each with what it measures.
func Scenarios() (out [][2]string) {
	for _, s := range scenarios {
		out = append(out, [2]string{s.name, s.about})
	}
	return out
}

// Run measures a scenario.
func Run(ctx context.Context, scenario string, o Options) (Report, error) {
	for _, s := range scenarios {
		if s.name != scenario {
			continue
		}
		figures, err := s.run(ctx, o.withDefaults())
		if err != nil {
			return Report{}, fmt.Errorf("measure %s: %w", scenario, err)
		}
		return Report{Scenario: scenario, CPUs: runtime.NumCPU(), Go: runtime.Version(), Figures: figures}, nil
	}
	return Report{}, fmt.Errorf("there is no scenario %q: see allot bench --help", scenario)
}

// figure sums up what rounds have measured.
func figure(name, unit string, values []float64) Figure {
	sorted := slices.Sorted(slices.Values(values))
	return Figure{Name: name, Unit: unit, Median: sorted[len(sorted)/2], Low: sorted[0], High: sorted[len(sorted)-1]}
}

// ratios divides round by round.
func ratios(over, under []float64) []float64 {
	out := make([]float64, len(over))
	for i := range over {
		out[i] = over[i] / under[i]
	}
	return out
}

// shop is a program over a database of its own, which is removed with it.
type shop struct {
	*bootstrap.App
	dir string
}

func newShop(ctx context.Context, in string, o bootstrap.Options) (*shop, error) {
	dir, err := os.MkdirTemp(in, "allot-bench-")
	if err != nil {
		return nil, err
	}
	app, err := bootstrap.Open(ctx, filepath.Join(dir, databaseFile), "allot bench", o)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return &shop{app, dir}, nil
}

const databaseFile = "allot.db"

// size is the number of bytes on disk of a database that is closed.
func (s *shop) size() (float64, error) {
	info, err := os.Stat(filepath.Join(s.dir, databaseFile))
	if err != nil {
		return 0, err
	}
	return float64(info.Size()), nil
}

func (s *shop) remove() {
	s.Close()
	os.RemoveAll(s.dir)
}
