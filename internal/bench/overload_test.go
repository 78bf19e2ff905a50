package bench_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"allot/internal/bench"
)

// Three times the clients that saturate a server get nearly as many answers as
// it has, soon; it takes no more memory for them, and is well afterwards. That
// clients come back at once when they were told to wait is measured, and takes
// its toll.
func TestSoakAServerWithTooManyClientsServesThoseItCan(t *testing.T) {
	o := bench.Options{Dir: t.TempDir(), Clients: 8, Round: 200 * time.Millisecond, Rounds: 1, Overload: time.Second}
	soak := os.Getenv("ALLOT_SOAK") != ""
	if soak {
		o = bench.Options{Dir: t.TempDir()}
	}
	report, err := bench.Run(t.Context(), "overload", o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Figures {
		t.Logf("%s: %.2f %s", f.Name, f.Median, f.Unit)
		crowd, what, _ := strings.Cut(f.Name, ": ")
		if crowd == "no room, impatient clients" {
			continue
		}
		bad := false
		switch what {
		case "allocations":
			bad = f.Median == 0
		case "99th percentile of an allocation":
			bad = f.Median >= 1000
		case "allocations / those before":
			bad = soak && f.Median < 0.8
		case "memory at the end / after a quarter":
			bad = soak && f.Median > 1.25
		case "as fast as before, nearly, after":
			bad = soak && f.Median > 10
		}
		if bad {
			t.Errorf("%s is %.2f %s", f.Name, f.Median, f.Unit)
		}
	}
}
