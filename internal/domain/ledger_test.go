package domain_test

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"allot/internal/domain"
)

// What the tests are about: one product, and a few days.
const (
	sku         = "RED-CHAIR"
	inWarehouse = domain.Date(0)
)

var (
	october  = domain.NewDate(2026, time.October, 1)
	november = domain.NewDate(2026, time.November, 1)
	december = domain.NewDate(2026, time.December, 1)
)

// ledger is a product with all the lines it has accepted. It does what a unit
// of work does: a command works on a draft, its signals are handled, and what
// remains of its events are the facts. It knows lines and batches from the
// facts alone.
type ledger struct {
	t        tester
	product  *domain.Product         // at rest
	draft    *domain.Product         // in use, or nil
	keepOpen bool                    // go on with the same draft
	unkept   int                     // facts of the draft in use
	lines    map[string]domain.Line  // by order id
	batches  map[string]domain.Batch // by reference, all there ever were
	numbers  domain.Snapshot         // without batches
	facts    []domain.Event          // of the last command
	given    int64                   // the age of the youngest line
	today    domain.Date

	mostFilled int // lines that wait, in one draft; 0: as usual
}

type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

// newLedger returns a ledger of a product with batches of the given reference,
// quantity and ETA.
func newLedger(t tester, batches ...domain.Batch) *ledger {
	t.Helper()
	l := &ledger{
		t: t, product: domain.NewProduct(sku), numbers: domain.Snapshot{SKU: sku},
		lines: map[string]domain.Line{}, batches: map[string]domain.Batch{},
	}
	for _, b := range batches {
		l.add(b.Ref, b.Purchased, b.ETA)
	}
	return l
}

// batch is one to be added.
func batch(ref string, qty int, eta domain.Date) domain.Batch {
	return domain.Batch{Ref: ref, SKU: sku, Purchased: qty, ETA: eta}
}

func (l *ledger) describe(name string) (answer domain.Described) {
	l.t.Helper()
	l.must(l.do(func(p *domain.Product) error {
		answer = p.Describe(name)
		return nil
	}))
	return answer
}

func (l *ledger) tryAdd(ref string, qty int, eta domain.Date) (domain.Batched, error) {
	return l.tryAddBatch(batch(ref, qty, eta))
}

func (l *ledger) tryAddBatch(b domain.Batch) (answer domain.Batched, err error) {
	b.Seq = int64(len(l.batches)) + 1
	err = l.do(func(p *domain.Product) error {
		l.recall(p, b.Ref)
		answer, err = p.AddBatch(b)
		return err
	})
	return answer, err
}

func (l *ledger) add(ref string, qty int, eta domain.Date) domain.Batched {
	l.t.Helper()
	answer, err := l.tryAdd(ref, qty, eta)
	l.must(err)
	return answer
}

func (l *ledger) setPolicy(policy string, safetyStock int) (answer domain.PolicyAnswer) {
	l.t.Helper()
	l.must(l.do(func(p *domain.Product) error {
		answer = p.SetPolicy(domain.To(policy), domain.To(safetyStock))
		return nil
	}))
	return answer
}

func (l *ledger) tryAllocate(order string, qty int, onShortage domain.Shortage) (domain.Placement, error) {
	return l.ask(wanted(order, qty, 0), onShortage)
}

// ask asks for a line, whose age is for the ledger to say.
func (l *ledger) ask(line domain.Line, onShortage domain.Shortage) (answer domain.Placement, err error) {
	known := l.lines[line.OrderID]
	if line.Seq = known.Seq; !known.Exists() {
		line.Seq = l.given + 1
	}
	err = l.do(func(p *domain.Product) error {
		l.recall(p, known.BatchRef)
		answer, err = p.Allocate(line, onShortage, known)
		return err
	})
	l.given = max(l.given, l.lines[line.OrderID].Seq)
	return answer, err
}

// tell has something done to the line of an order.
func (l *ledger) tell(order string, does func(*domain.Product, domain.Line) (domain.Placement, error)) (answer domain.Placement, err error) {
	err = l.do(func(p *domain.Product) error {
		l.recall(p, l.lines[order].BatchRef)
		answer, err = does(p, l.lines[order])
		return err
	})
	return answer, err
}

// supply has something done to a batch.
func (l *ledger) supply(ref string, does func(*domain.Product) (domain.Batched, error)) (answer domain.Batched, err error) {
	err = l.do(func(p *domain.Product) error {
		l.recall(p, ref)
		answer, err = does(p)
		return err
	})
	return answer, err
}

func (l *ledger) tryReplan() (answer domain.Replanned, err error) {
	err = l.do(func(p *domain.Product) error {
		for ref := range l.batches {
			l.recall(p, ref)
		}
		answer, err = p.Replan(l.pick(func(domain.Line) bool { return true }))
		return err
	})
	return answer, err
}

// wanted is a line that is asked for.
func wanted(order string, qty int, seq int64) domain.Line {
	return domain.Line{OrderLine: domain.OrderLine{OrderID: order, SKU: sku, Qty: qty}, Seq: seq}
}

func (l *ledger) allocate(order string, qty int) domain.Placement {
	l.t.Helper()
	answer, err := l.tryAllocate(order, qty, domain.KeepBackorder)
	l.must(err)
	return answer
}

func (l *ledger) tryChange(ref string, qty int) (domain.Batched, error) {
	return l.supply(ref, func(p *domain.Product) (domain.Batched, error) {
		return p.ChangeBatchQuantity(ref, qty, l.newestOf(ref))
	})
}

func (l *ledger) change(ref string, qty int) domain.Batched {
	l.t.Helper()
	answer, err := l.tryChange(ref, qty)
	l.must(err)
	return answer
}

func (l *ledger) cancel(order string) domain.Placement {
	l.t.Helper()
	answer, err := l.tell(order, (*domain.Product).CancelLine)
	l.must(err)
	return answer
}

// do has a command done, and all that follows from it.
func (l *ledger) do(command func(*domain.Product) error) error {
	l.t.Helper()
	l.facts = nil
	if l.draft == nil {
		l.draft = l.product.Draft()
		l.draft.AsOf(l.today)
	}
	if err := command(l.draft); err != nil {
		return err
	}
	l.react()
	l.unkept += len(l.facts)
	if !l.keepOpen {
		l.settle()
	}
	return nil
}

// react has the events of the draft handled, and the events that come of that.
func (l *ledger) react() {
	l.t.Helper()
	for range 8 {
		events := l.draft.PopEvents()
		if len(events) == 0 {
			return
		}
		for _, e := range events {
			l.must(l.handle(e))
		}
	}
	l.t.Fatalf("events are still coming")
}

func (l *ledger) handle(e domain.Event) error {
	switch e := e.(type) {
	case domain.LinesDisplaced:
		l.draft.Reallocate(e)
	case domain.StockAvailable:
		return l.draft.FillBackorders(e, l.queue(), cmp.Or(l.mostFilled, domain.MostFilled))
	default:
		l.enter(e)
	}
	return nil
}

// enter notes a fact, and what follows from it.
func (l *ledger) enter(e domain.Event) {
	var before, after domain.Status
	if order := domain.LineOf(e); order != "" {
		line := l.lines[order].After(e)
		before, after = l.lines[order].Status, line.Status
		l.lines[order] = line
	}
	if ref := domain.BatchOf(e); ref != "" {
		l.batches[ref] = l.batches[ref].After(e)
	}
	l.numbers = l.numbers.After(e, before, after)
	l.facts = append(l.facts, e)
}

// settle makes the draft the product, as a commit does.
func (l *ledger) settle() {
	l.t.Helper()
	if l.draft == nil {
		return
	}
	_, err := l.draft.Settle(l.unkept)
	l.must(err)
	l.product, l.draft, l.unkept = l.draft, nil, 0
	l.product.Trim()
}

// reload forgets the product and makes it anew from what the facts left, as
// when it is loaded from a store.
func (l *ledger) reload() {
	l.t.Helper()
	l.settle()
	stored := l.numbers
	stored.Batches = l.open()
	l.product = domain.Restore(stored)
}

// recall has the product know a batch that it may have trimmed.
func (l *ledger) recall(p *domain.Product, ref string) {
	if b, ok := l.batches[ref]; ok {
		p.Recall(b)
	}
}

// open returns the batches that take lines, oldest first.
func (l *ledger) open() (open []domain.Batch) {
	for _, b := range l.batches {
		if b.Room() > 0 {
			open = append(open, b)
		}
	}
	slices.SortFunc(open, func(a, b domain.Batch) int { return cmp.Compare(a.Seq, b.Seq) })
	return open
}

// newestOf yields the lines that have stock of a batch, as they lose it: of
// equal ones the latest first.
func (l *ledger) newestOf(ref string) iter.Seq2[domain.Line, error] {
	lines := l.pick(func(line domain.Line) bool { return line.BatchRef == ref && line.Status != domain.StatusShipped })
	slices.SortFunc(lines, domain.FirstToLose)
	return yielding(lines...)
}

// queue yields the lines that wait, as they are served: of equal ones the
// oldest first.
func (l *ledger) queue() iter.Seq2[domain.Line, error] {
	lines := l.pick(func(line domain.Line) bool { return line.Status == domain.StatusBackordered })
	slices.SortFunc(lines, domain.FirstServed)
	return yielding(lines...)
}

// pick returns the lines that keep picks, oldest first.
func (l *ledger) pick(keep func(domain.Line) bool) []domain.Line {
	lines := slices.Collect(maps.Values(l.lines))
	lines = slices.DeleteFunc(lines, func(line domain.Line) bool { return !keep(line) })
	slices.SortFunc(lines, func(a, b domain.Line) int { return cmp.Compare(a.Seq, b.Seq) })
	return lines
}

func yielding(lines ...domain.Line) iter.Seq2[domain.Line, error] {
	return func(yield func(domain.Line, error) bool) {
		for _, line := range lines {
			if !yield(line, nil) {
				return
			}
		}
	}
}

// counting yields what lines does and counts in drawn how many were asked for.
func counting(drawn *int, lines iter.Seq2[domain.Line, error]) iter.Seq2[domain.Line, error] {
	return func(yield func(domain.Line, error) bool) {
		for line, err := range lines {
			if *drawn++; !yield(line, err) {
				return
			}
		}
	}
}

func (l *ledger) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatalf("%v", err)
	}
}
