package web

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// counter takes its time to count how often it was asked.
func counter(takes time.Duration) func(context.Context) (int64, error) {
	var n atomic.Int64
	return func(context.Context) (int64, error) {
		time.Sleep(takes)
		return n.Add(1), nil
	}
}

func TestWhatIsFoundQuicklyIsFoundEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r remembered[int64]
		find := counter(quick - 1)
		for want := int64(1); want < 4; want++ {
			if got, _ := r.get(t.Context(), "today", find); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		}
	})
}

func TestWhatTakesLongIsKeptAndFoundAnewMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r remembered[int64]
		find := counter(time.Second)
		ask := func(about string, want int64, takes time.Duration) {
			t.Helper()
			began := time.Now()
			got, err := r.get(t.Context(), about, find)
			if took := time.Since(began); got != want || err != nil || took != takes {
				t.Errorf("got %d after %v, want %d after %v (%v)", got, took, want, takes, err)
			}
		}
		ask("today", 1, time.Second)
		time.Sleep(9 * time.Second)
		ask("today", 1, 0)
		time.Sleep(time.Second)
		ask("today", 1, 0) // too old: it is found anew
		ask("today", 1, 0) // once
		time.Sleep(2 * time.Second)
		ask("today", 2, 0)
		ask("tomorrow", 3, time.Second)
		time.Sleep(mostBehind)
		ask("tomorrow", 4, time.Second)
		r.behind.Wait()
	})
}
