package cli

import (
	"fmt"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bar shows how far something has come. A nil bar shows nothing.
type bar struct {
	all   *mpb.Progress
	bar   *mpb.Bar
	count atomic.Int64 // of what is counted, in words
}

// progress shows a bar on a terminal; elsewhere it is silent. total is where it
// ends; 0 if that is not known. counted is what people count: "rows".
func (r *run) progress(what string, total int64, counted string) *bar {
	if r.quiet || !r.Terminal(r.Err) {
		return nil
	}
	b := &bar{all: mpb.New(mpb.WithOutput(r.Err), mpb.WithAutoRefresh(), mpb.WithWidth(40))}
	counter := decor.Any(func(decor.Statistics) string { return fmt.Sprintf(" %d %s", b.count.Load(), counted) })
	name := mpb.PrependDecorators(decor.Name(what + " "))
	if total > 0 {
		b.bar = b.all.New(total, mpb.BarStyle(), name, mpb.AppendDecorators(decor.Percentage(), counter))
	} else {
		b.bar = b.all.New(0, mpb.SpinnerStyle(), name, mpb.AppendDecorators(counter))
	}
	return b
}

// set moves the bar to where things are.
func (b *bar) set(done int64, count int) {
	if b == nil {
		return
	}
	b.count.Store(int64(count))
	b.bar.SetCurrent(done)
}

// end leaves the bar as it is, so that something else can be printed.
func (b *bar) end() {
	if b == nil {
		return
	}
	b.bar.Abort(false) // which does nothing to one that is complete
	b.all.Wait()
}
