package bench

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/service"
)

// hasHistory reports whether a folder says when things happened.
func hasHistory(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "batch-announcements.csv.gz"))
	return err == nil
}

// replay has a year happen as it did: batches when they are announced, slips
// and cancellations between the orders.
func replay(ctx context.Context, o Options) ([]Figure, error) {
	o.Progress("reading what happened")
	h, err := readHistory(o.Folder)
	if err != nil {
		return nil, err
	}
	s, err := newShop(ctx, o.Dir, bootstrap.Options{})
	if err != nil {
		return nil, err
	}
	defer s.remove()
	began, cpu := time.Now(), cpuTime()
	counts, err := h.run(ctx, s.Bus, o.Progress)
	if err != nil {
		return nil, err
	}
	took, used := time.Since(began), cpuTime()-cpu
	lines, verified, err := verify(ctx, s.App)
	if err != nil {
		return nil, err
	}
	if err := counts.readLines(ctx, s.Store); err != nil {
		return nil, err
	}
	verified.Name = "replay: verify"
	return append(counts.figures(h), one("replay: lines", "", float64(lines)),
		one("replay: wall time", "s", took.Seconds()), one("replay: CPU", "s", used.Seconds()), verified), nil
}

// replayed counts what became of a year.
type replayed struct {
	refused, slips, cancelled, amended int // commands
	late, moved, waited, filled        int // lines
}

func (h history) run(ctx context.Context, bus *service.Bus, progress func(string)) (n replayed, _ error) {
	i, month := 0, ""
	for o := range service.SendEach(ctx, bus, h.commands()) {
		done := h.happenings[i]
		if i++; domain.KindOf(o.Err) == domain.Internal && o.Err != nil {
			return n, o.Err
		}
		if len(done.at) > 7 && done.at[:7] != month {
			month = done.at[:7]
			progress(fmt.Sprintf("replaying %s, after %d of %d commands", month, i, len(h.happenings)))
		}
		n.count(done.command, o.Err)
	}
	return n, ctx.Err()
}

func (h history) commands() iter.Seq[domain.Message] {
	return func(yield func(domain.Message) bool) {
		for _, happened := range h.happenings {
			if !yield(happened.command) {
				return
			}
		}
	}
}

func (n *replayed) count(cmd domain.Message, err error) {
	if err != nil {
		n.refused++
		return
	}
	switch cmd.(type) {
	case domain.ChangeBatch:
		n.slips++
	case domain.CancelLine:
		n.cancelled++
	case domain.AmendLine:
		n.amended++
	}
}

// lineFate is what happened to a line.
type lineFate struct {
	promised, late, moved, waited, filled bool
	first                                 domain.Date
}

// readLines counts what happened to lines, by the event log.
func (n *replayed) readLines(ctx context.Context, store service.Audited) error {
	for book, err := range store.Books(ctx, func(string) {}) {
		if err != nil {
			return err
		}
		fates := map[string]*lineFate{}
		for _, e := range book.Events {
			order := domain.LineOf(e.Event)
			if order == "" {
				continue
			}
			if fates[order] == nil {
				fates[order] = &lineFate{}
			}
			fates[order].follow(e.Event)
		}
		for _, f := range fates {
			n.add(*f)
		}
	}
	return nil
}

func (f *lineFate) follow(e domain.Event) {
	switch e := e.(type) {
	case domain.Backordered:
		f.waited = true
	case domain.Allocated:
		f.moved = f.moved || e.MovedFrom != ""
		f.filled = f.filled || f.waited
		if !f.promised {
			f.promised, f.first = true, e.Promise
		}
		f.late = f.late || e.Promise > f.first
	case domain.PromiseChanged:
		f.late = f.late || e.Promise > f.first
	}
}

func (n *replayed) add(f lineFate) {
	for _, c := range []struct {
		is bool
		to *int
	}{{f.late, &n.late}, {f.moved, &n.moved}, {f.waited, &n.waited}, {f.filled, &n.filled}} {
		if c.is {
			*c.to++
		}
	}
}

func (n replayed) figures(h history) []Figure {
	var out []Figure
	for _, f := range []struct {
		name string
		n    int
	}{
		{"slips", n.slips}, {"lines cancelled", n.cancelled}, {"lines amended down", n.amended},
		{"cancellations without a line", h.unmatched}, {"commands refused", n.refused},
		{"lines promised later than at first", n.late}, {"lines moved", n.moved}, {"lines backordered", n.waited}, {"of them, filled again", n.filled},
	} {
		out = append(out, one("replay: "+f.name, "", float64(f.n)))
	}
	return out
}
