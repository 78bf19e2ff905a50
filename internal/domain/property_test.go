package domain_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"allot/internal/domain"
)

// Whatever is asked of a product in whatever order, it does what the model
// says, and its facts tell exactly that.
func TestAProductDoesWhatTheModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &run{t: t, shop: newLedger(t), model: &model{}}
		t.Repeat(map[string]func(*rapid.T){
			"":               r.check,
			"add batch":      r.add,
			"repeat batch":   r.repeatBatch,
			"allocate":       r.allocate,
			"allocate again": r.allocateAgain,
			"change batch":   r.change,
			"cancel":         r.cancel,
			"preview":        r.preview,
			"settle":         func(*rapid.T) { r.shop.settle() },
			"reload":         func(*rapid.T) { r.shop.reload() },
		})
	})
}

// run is a product and the model on the same way.
type run struct {
	t     *rapid.T
	shop  *ledger
	model *model
	facts int // of the product's whole life
}

// step has both do the same and compares what they answer and make known.
func (r *run) step(t *rapid.T, ofProduct func() answer, ofModel func() answer, shrunk string) {
	before := r.model.standing()
	r.model.aside = nil
	r.shop.keepOpen = rapid.IntRange(0, 9).Draw(t, "settleAtZero") > 0

	expect(t, ofProduct(), ofModel())
	ofLines, aside := told(r.shop.facts)
	expect(t, ofLines, r.model.net(before, shrunk))
	expect(t, aside, r.model.aside)
	r.facts += len(r.shop.facts)
}

func (r *run) add(t *rapid.T) {
	ref := fmt.Sprint("batch-", len(r.model.batches)+1)
	r.addAs(t, ref, rapid.IntRange(0, 12).Draw(t, "qty"), rapid.IntRange(0, 3).Draw(t, "eta"))
}

// repeatBatch adds a batch that there is: as it is, as it was, or otherwise.
func (r *run) repeatBatch(t *rapid.T) {
	b := r.anyBatch(t)
	qty := rapid.SampledFrom([]int{b.qty, b.firstQty, b.qty + 1}).Draw(t, "qty")
	r.addAs(t, b.ref, qty, rapid.SampledFrom([]int{b.eta, b.eta, b.eta + 1}).Draw(t, "eta"))
}

func (r *run) addAs(t *rapid.T, ref string, qty, eta int) {
	r.step(t,
		func() answer {
			got, err := r.shop.tryAdd(ref, qty, day(eta))
			return answer{Code: codeOf(err), Replayed: got.Replayed}
		},
		func() answer { return r.model.add(ref, qty, eta) }, "")
}

func (r *run) allocate(t *rapid.T) {
	r.allocateAs(t, fmt.Sprint("order-", len(r.model.lines)+1), rapid.IntRange(1, 9).Draw(t, "qty"))
}

// allocateAgain asks for a line that there is: the same, or a larger one.
func (r *run) allocateAgain(t *rapid.T) {
	line := r.anyLine(t)
	r.allocateAs(t, line.order, line.qty+rapid.IntRange(0, 1).Draw(t, "more"))
}

func (r *run) allocateAs(t *rapid.T, order string, qty int) {
	onShortage := rapid.SampledFrom([]domain.Shortage{"", domain.KeepBackorder, domain.Refuse}).Draw(t, "onShortage")
	r.step(t,
		func() answer { return answerOf(r.shop.tryAllocate(order, qty, onShortage)) },
		func() answer { return r.model.allocate(order, qty, onShortage == domain.Refuse) }, "")
}

func (r *run) change(t *rapid.T) {
	b, qty := r.anyBatch(t), rapid.IntRange(0, 15).Draw(t, "qty")
	r.step(t,
		func() answer {
			got, err := r.shop.tryChange(b.ref, qty)
			return answer{Code: codeOf(err), Replayed: got.Replayed}
		},
		func() answer { return r.model.change(b.ref, qty) }, "batch_shrunk")
}

func (r *run) cancel(t *rapid.T) {
	line := r.anyLine(t)
	r.step(t,
		func() answer { return answerOf(r.shop.cancel(line.order), nil) },
		func() answer { return r.model.cancel(line.order) }, "")
}

// preview does something on a draft that is then dropped.
func (r *run) preview(t *rapid.T) {
	r.shop.settle()
	before := atRest(r.shop.product)
	draft := r.shop.product.Draft()
	for range rapid.IntRange(1, 12).Draw(t, "lines") {
		line := wanted("preview", rapid.IntRange(1, 9).Draw(t, "qty"), 1)
		if _, err := draft.Allocate(line, domain.KeepBackorder, domain.Line{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range before.Batches {
		if _, err := draft.ChangeBatchQuantity(b.Ref, b.Purchased+1, yielding()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := draft.AddBatch(domain.Batch{Seq: 1 << 60, Ref: "preview", SKU: sku, Purchased: 9}); err != nil {
		t.Fatal(err)
	}
	expect(t, atRest(r.shop.product), before)
}

// check looks at everything that has to be true at any time.
func (r *run) check(t *rapid.T) {
	expect(t, r.shop.standing(), r.model.standing())
	r.checkBatches(t)
	r.checkNobodyWaitsInVain(t)
	if r.shop.draft == nil {
		r.checkProduct(t)
	}
}

// checkBatches compares each batch, as the facts give it and as the product
// has it, with the sum of its lines.
func (r *run) checkBatches(t *rapid.T) {
	p := cmp.Or(r.shop.draft, r.shop.product)
	for i, b := range r.model.batches {
		want := domain.Batch{
			Seq: int64(i) + 1, Ref: b.ref, SKU: sku, Purchased: b.qty, Allocated: b.qty - r.model.free(b),
			ETA: day(b.eta), FirstQty: b.firstQty, FirstETA: day(b.eta),
		}
		if want.Allocated < 0 || want.Allocated > want.Purchased {
			t.Fatalf("%s is oversold: %+v", b.ref, want)
		}
		expect(t, r.shop.batches[b.ref], want)
		if got, atHand := p.Batch(b.ref); atHand || want.Available() > 0 {
			expect(t, got, want)
		}
	}
	expect(t, len(r.shop.batches), len(r.model.batches))
}

func (r *run) checkNobodyWaitsInVain(t *rapid.T) {
	for _, line := range r.shop.lines {
		if fit := r.model.largestFit(); line.Status == domain.StatusBackordered && line.Qty <= fit {
			t.Fatalf("%s waits for %d units, and a batch has %d", line.OrderID, line.Qty, fit)
		}
	}
}

// checkProduct compares the product at rest with what the facts give, and the
// counters with what they count.
func (r *run) checkProduct(t *rapid.T) {
	want := domain.Snapshot{SKU: sku, Version: int64(r.facts), OutOfStock: r.model.short}
	for _, at := range r.model.standing() {
		if at == "backordered" {
			want.Backorders++
		}
	}
	expect(t, r.shop.numbers, want)

	got := atRest(r.shop.product)
	open := slices.SortedFunc(slices.Values(got.Batches), func(a, b domain.Batch) int { return cmp.Compare(a.Seq, b.Seq) })
	expect(t, open, r.shop.open())
	got.Batches = nil
	expect(t, got, want)
}

func (r *run) anyBatch(t *rapid.T) *modelBatch {
	if len(r.model.batches) == 0 {
		t.Skip("there is no batch yet")
	}
	return r.model.batches[rapid.IntRange(0, len(r.model.batches)-1).Draw(t, "batch")]
}

func (r *run) anyLine(t *rapid.T) *modelLine {
	if len(r.model.lines) == 0 {
		t.Skip("there is no line yet")
	}
	return r.model.lines[rapid.IntRange(0, len(r.model.lines)-1).Draw(t, "line")]
}

// day is the date that the model's ETA stands for.
func day(eta int) domain.Date {
	if eta == 0 {
		return inWarehouse
	}
	return october.AddDays(eta)
}

func answerOf(p domain.Placement, err error) answer {
	a := answer{Code: codeOf(err), At: cmp.Or(p.BatchRef, string(p.Status)), LargestFit: p.LargestFit, Replayed: p.Replayed}
	for _, b := range p.Why.PassedOver {
		a.PassedOver = append(a.PassedOver, fmt.Sprintf("%d in %s", b.Available, b.BatchRef))
	}
	if p.Why.More > 0 {
		a.PassedOver = append(a.PassedOver, fmt.Sprintf("%d more", p.Why.More))
	}
	return a
}

// told is what facts make known: of lines, by order, and of anything else.
func told(facts []domain.Event) (ofLines map[string][]string, aside []string) {
	ofLines = map[string][]string{}
	for _, e := range facts {
		switch e := e.(type) {
		case domain.Allocated:
			ofLines[e.OrderID] = append(ofLines[e.OrderID], short(e))
		case domain.Deallocated:
			ofLines[e.OrderID] = append(ofLines[e.OrderID], short(e))
		case domain.Backordered:
			ofLines[e.OrderID] = append(ofLines[e.OrderID], short(e))
		case domain.LineCancelled:
			ofLines[e.OrderID] = append(ofLines[e.OrderID], short(e))
		default:
			aside = append(aside, short(e))
		}
	}
	return ofLines, aside
}
