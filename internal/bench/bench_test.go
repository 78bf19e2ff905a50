package bench_test

import (
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"allot/internal/bench"
	"allot/internal/pgserver"
)

// Every scenario runs and measures something, on a small scale.
func TestScenariosMeasure(t *testing.T) {
	o := bench.Options{Dir: t.TempDir(), Clients: 2, Round: 50 * time.Millisecond, Rounds: 1, Existing: 1000, Lines: 1000, Folder: folder(t), Overload: 50 * time.Millisecond}
	for _, scenario := range bench.Scenarios() {
		t.Run(scenario[0], func(t *testing.T) {
			report, err := bench.Run(t.Context(), scenario[0], o)
			if (errors.Is(err, pgserver.ErrMissing) || errors.Is(err, bench.ErrNoRedis)) && os.Getenv("ALLOT_TEST_REQUIRE") != "all" {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			measured := map[string]float64{}
			for _, f := range report.Figures {
				measured[f.Name] = f.Median
				if f.Low > f.Median || f.Median > f.High {
					t.Errorf("%s: %v is not between %v and %v", f.Name, f.Median, f.Low, f.High)
				}
			}
			if len(measured) == 0 {
				t.Error("nothing was measured")
			}
			if scenario[0] == "year" && (measured["first import of orders: allocated"] != 1 || measured["second import of orders: replayed"] != 2) {
				t.Errorf("of two lines, one with stock, it counts %v", measured)
			}
		})
	}
}

func TestWhatDoesNotExistIsNotMeasured(t *testing.T) {
	if _, err := bench.Run(t.Context(), "nothing", bench.Options{}); err == nil {
		t.Error("a scenario that doesn't exist was measured")
	}
}

// folder has a year of one batch and two orders.
func folder(t *testing.T) string {
	t.Helper()
	return files(t, map[string]string{
		"batches": "reference,sku,qty,eta\nb1,LAMP,5,\n",
		"orders":  "orderid,sku,qty\no1,LAMP,5\no2,LAMP,5\n",
	})
}

// files are in a folder, compressed.
func files(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range contents {
		f, err := os.Create(filepath.Join(dir, name+".csv.gz"))
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(f)
		if _, err := z.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
