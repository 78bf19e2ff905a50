package bench

import (
	"fmt"
	"runtime/debug"
	"testing"
)

func TestTmp(t *testing.T) {
	debug.SetGCPercent(300)
	for _, s := range []string{"commits", "batches", "growth"} {
		r, err := Run(t.Context(), s, Options{Dir: t.TempDir(), Rounds: 3, Existing: 300_000})
		for _, f := range r.Figures {
			fmt.Printf("%-60s %10.2f %10.2f %10.2f %s\n", f.Name, f.Median, f.Low, f.High, f.Unit)
		}
		fmt.Println(err)
	}
}
