package domain_test

import (
	"testing"

	"allot/internal/domain"
)

// Each case is a shop of batches, lines that were allocated in it one after the
// other, and batches that came later.
func TestReplanningPlacesTheMostUrgentFirst(t *testing.T) {
	october5, october9 := october.AddDays(4), october.AddDays(8)
	for _, tc := range []struct {
		name    string
		batches []domain.Batch
		lines   []domain.Line
		late    []domain.Batch
		want    map[string]string
		moved   int
	}{
		{
			"what is where it belongs stays",
			[]domain.Batch{batch("here", 4, 0), batch("soon", 4, october5)}, []domain.Line{wanted("o1", 4, 0), wanted("o2", 4, 0)}, nil,
			map[string]string{"o1": "here", "o2": "soon"}, 0,
		},
		{
			"a new batch that comes earlier serves the older line",
			[]domain.Batch{batch("late", 8, october9)}, []domain.Line{wanted("o1", 4, 0), wanted("o2", 4, 0)}, []domain.Batch{batch("soon", 4, october5)},
			map[string]string{"o1": "soon", "o2": "late"}, 1,
		},
		{
			"a line that is needed on a day goes before one that is not, and that one after it",
			[]domain.Batch{batch("soon", 4, october5), batch("late", 4, october9)}, []domain.Line{wanted("o1", 4, 0), needed(wanted("o2", 4, 0), october5)}, nil,
			map[string]string{"o1": "late", "o2": "soon"}, 2,
		},
		{
			"priority goes before the day",
			[]domain.Batch{batch("soon", 4, october5), batch("late", 4, october9)}, []domain.Line{needed(wanted("o1", 4, 0), october5), matters(wanted("o2", 4, 0), 9)}, nil,
			map[string]string{"o1": "late", "o2": "soon"}, 2,
		},
		{
			"the same day elsewhere is no reason to move",
			[]domain.Batch{batch("a", 4, october5), batch("b", 8, october5)}, []domain.Line{wanted("o1", 4, 0), wanted("o2", 4, 0)}, nil,
			map[string]string{"o1": "a", "o2": "b"}, 0,
		},
		{
			"a more urgent line that waits takes the place of a less urgent one",
			[]domain.Batch{batch("here", 4, 0)}, []domain.Line{wanted("o1", 4, 0), matters(wanted("o2", 3, 0), 9)}, nil,
			map[string]string{"o1": "backordered", "o2": "here"}, 2,
		},
		{
			"a frozen line stays, and so does what is held",
			[]domain.Batch{batch("late", 8, october9)}, []domain.Line{frozen(wanted("o1", 4, 0)), held(wanted("o2", 4, 0))}, []domain.Batch{batch("soon", 8, october5)},
			map[string]string{"o1": "late", "o2": "late held"}, 0,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			shop := newLedger(t, tc.batches...)
			for _, line := range tc.lines {
				shop.place(line)
			}
			for _, b := range tc.late {
				shop.add(b.Ref, b.Purchased, b.ETA)
			}
			answer, err := shop.tryReplan()
			shop.must(err)
			expect(t, shop.standing(), standing(tc.want))
			expect(t, answer.Moved, tc.moved)
			placed := 0
			for _, fact := range shop.facts {
				if domain.Places(fact) {
					placed++
				}
			}
			expect(t, placed, tc.moved)
		})
	}
}

func needed(l domain.Line, on domain.Date) domain.Line { l.RequiredBy = on; return l }
func matters(l domain.Line, priority int) domain.Line {
	l.Priority = domain.NewPriority(priority)
	return l
}
func held(l domain.Line) domain.Line   { l.HeldUntil = 99; return l }
func frozen(l domain.Line) domain.Line { l.Frozen = true; return l }

// place allocates a line, and freezes it if it is to be frozen.
func (l *ledger) place(line domain.Line) {
	l.t.Helper()
	freeze := line.Frozen
	line.Frozen = false
	_, err := l.ask(line, domain.KeepBackorder)
	l.must(err)
	if freeze {
		_, err := l.tell(line.OrderID, func(p *domain.Product, line domain.Line) (domain.Placement, error) {
			return p.AmendLine(line, domain.Amendment{Frozen: domain.To(true)})
		})
		l.must(err)
	}
}

func TestReplanningAgainMovesNothing(t *testing.T) {
	shop := newLedger(t, batch("late", 8, december))
	shop.place(wanted("o1", 4, 0))
	shop.place(matters(wanted("o2", 4, 0), 9))
	shop.add("soon", 5, november)
	first, err := shop.tryReplan()
	shop.must(err)
	again, err := shop.tryReplan()
	shop.must(err)
	expect(t, first, domain.Replanned{SKU: sku, Lines: 2, Moved: 1})
	expect(t, again, domain.Replanned{SKU: sku, Lines: 2})
	expect(t, len(shop.facts), 0)
}
