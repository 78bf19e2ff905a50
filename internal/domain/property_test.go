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
		r := &run{t: t, shop: newLedger(t), model: &model{policy: domain.Earliest}}
		r.shop.today = october
		t.Repeat(map[string]func(*rapid.T){
			"":               r.check,
			"add batch":      r.add,
			"repeat batch":   r.repeatBatch,
			"allocate":       r.allocate,
			"allocate again": r.allocateAgain,
			"change batch":   r.change,
			"receive batch":  r.receive,
			"close batch":    r.closeOrOpen,
			"relabel batch":  r.relabel,
			"set policy":     r.setPolicy,
			"next day":       r.nextDay,
			"hold":           r.hold,
			"end hold":       r.endHold,
			"ship":           r.ship,
			"return":         r.takeBack,
			"amend":          r.amend,
			"cancel":         r.cancel,
			"freeze":         r.freeze,
			"replan":         r.replan,
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
func (r *run) step(t *rapid.T, ofProduct func() answer, ofModel func() answer) {
	r.model.aside, r.model.ofLines = nil, map[string][]string{}
	r.shop.keepOpen = rapid.IntRange(0, 9).Draw(t, "settleAtZero") > 0

	expect(t, ofProduct(), ofModel())
	ofLines, aside := told(r.shop.facts)
	expect(t, ofLines, r.model.ofLines)
	expect(t, aside, r.model.aside)
	r.facts += len(r.shop.facts)
}

func (r *run) add(t *rapid.T) {
	ref := fmt.Sprint("batch-", len(r.model.batches)+1)
	r.addAs(t, ref, rapid.IntRange(0, 12).Draw(t, "qty"), rapid.IntRange(0, 3).Draw(t, "eta"), anyLabel(t))
}

// repeatBatch adds a batch that there is: as it is, as it was, or otherwise.
func (r *run) repeatBatch(t *rapid.T) {
	b := r.anyBatch(t)
	qty := rapid.SampledFrom([]int{b.qty, b.firstQty, b.qty + 1}).Draw(t, "qty")
	r.addAs(t, b.ref, qty, rapid.SampledFrom([]int{b.eta, b.eta, b.eta + 1}).Draw(t, "eta"),
		rapid.SampledFrom([]modelLabel{b.label, b.firstLabel, anyLabel(t)}).Draw(t, "label"))
}

func (r *run) addAs(t *rapid.T, ref string, qty, eta int, label modelLabel) {
	r.step(t,
		func() answer {
			b := batch(ref, qty, day(eta))
			b.Location, b.UseBy = label.location, day(label.useBy)
			got, err := r.shop.tryAddBatch(b)
			return answer{Code: codeOf(err), Replayed: got.Replayed}
		},
		func() answer { return r.model.add(ref, qty, eta, label) })
}

// anyLabel is that of a batch which may lie anywhere and, now and then, expires.
func anyLabel(t *rapid.T) modelLabel {
	return modelLabel{
		location: rapid.SampledFrom([]string{"", "", "north", "south"}).Draw(t, "location"),
		useBy:    rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 4, 5}).Draw(t, "useBy"),
	}
}

func (r *run) allocate(t *rapid.T) {
	r.wish(t, wish{order: fmt.Sprint("order-", len(r.model.lines)+1), qty: rapid.IntRange(1, 9).Draw(t, "qty")})
}

// hold asks for a line to be held: a new one, or one that there is.
func (r *run) hold(t *rapid.T) {
	w := wish{order: fmt.Sprint("order-", len(r.model.lines)+1), qty: rapid.IntRange(1, 9).Draw(t, "qty"), until: rapid.IntRange(1, 3).Draw(t, "until")}
	if rapid.Bool().Draw(t, "again") {
		line := r.anyLine(t)
		w.order, w.qty = line.order, line.qty
	}
	r.wish(t, w)
}

// allocateAgain asks for a line that there is: as it is or was, or a larger one.
func (r *run) allocateAgain(t *rapid.T) {
	line := r.anyLine(t)
	r.wish(t, wish{order: line.order, qty: rapid.SampledFrom([]int{line.qty, line.firstQty, line.qty + 1}).Draw(t, "qty")})
}

func (r *run) wish(t *rapid.T, w wish) {
	onShortage := rapid.SampledFrom([]domain.Shortage{"", domain.KeepBackorder, domain.Refuse}).Draw(t, "onShortage")
	w.refuse, w.priority, w.need = onShortage == domain.Refuse, rapid.IntRange(4, 6).Draw(t, "priority"), rapid.IntRange(0, 3).Draw(t, "need")
	w.likes = rapid.SampledFrom([][]string{nil, nil, nil, {"north"}, {"south"}, {"south", "north"}}).Draw(t, "likes")
	w.only = w.likes != nil && rapid.Bool().Draw(t, "only")
	w.minLife = rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "minLife")
	line := wanted(w.order, w.qty, 0)
	line.Wishes = wishesOf(w.likes, w.only, w.minLife)
	line.Priority, line.RequiredBy, line.HeldUntil = domain.NewPriority(w.priority), day(w.need), domain.Instant(w.until)
	r.step(t,
		func() answer { return answerOf(r.shop.ask(line, onShortage)) },
		func() answer { return r.model.allocate(w) })
}

func wishesOf(likes []string, only bool, minLife int) domain.Wishes {
	if only {
		return domain.Wishes{OnlyLocations: domain.LocationsOf(likes...), MinLife: minLife}
	}
	return domain.Wishes{Locations: domain.LocationsOf(likes...), MinLife: minLife}
}

func (r *run) relabel(t *rapid.T) {
	b, to := r.anyBatch(t), anyLabel(t)
	r.supply(t, b.ref,
		func(p *domain.Product) (domain.Batched, error) {
			return p.RelabelBatch(b.ref, domain.Label{Location: domain.To(to.location), UseBy: domain.To(day(to.useBy))})
		},
		func() answer { return r.model.relabel(b.ref, to) })
}

func (r *run) setPolicy(t *rapid.T) {
	policy := rapid.SampledFrom([]string{domain.Earliest, domain.LatestOnTime, domain.FirstExpired}).Draw(t, "policy")
	safety := rapid.SampledFrom([]int{0, 0, 1, 3, 6}).Draw(t, "safety")
	r.step(t,
		func() answer { return answer{Replayed: r.shop.setPolicy(policy, safety).Replayed} },
		func() answer { return r.model.setPolicy(policy, safety) })
}

// nextDay comes now and then.
func (r *run) nextDay(t *rapid.T) {
	r.shop.settle()
	r.model.today += rapid.IntRange(0, 1).Draw(t, "days")
	r.shop.today = october.AddDays(r.model.today)
}

// change sets how much a batch is, when it comes, or both.
func (r *run) change(t *rapid.T) {
	b, qty, eta := r.anyBatch(t), rapid.IntRange(-1, 15).Draw(t, "qty"), rapid.IntRange(-1, 3).Draw(t, "eta")
	r.supply(t, b.ref,
		func(p *domain.Product) (domain.Batched, error) {
			return p.ChangeBatch(b.ref, given(qty, qty), given(eta, day(eta)), r.shop.newestOf(b.ref))
		},
		func() answer { return r.model.change(b.ref, qty, eta, false) })
}

func (r *run) receive(t *rapid.T) {
	b, qty := r.anyBatch(t), rapid.IntRange(-1, 15).Draw(t, "qty")
	r.supply(t, b.ref,
		func(p *domain.Product) (domain.Batched, error) {
			return p.ReceiveBatch(b.ref, given(qty, qty), r.shop.newestOf(b.ref))
		},
		func() answer { return r.model.change(b.ref, qty, 0, true) })
}

func (r *run) closeOrOpen(t *rapid.T) {
	b, closed := r.anyBatch(t), rapid.Bool().Draw(t, "closed")
	r.supply(t, b.ref,
		func(p *domain.Product) (domain.Batched, error) {
			if closed {
				return p.CloseBatch(b.ref)
			}
			return p.ReopenBatch(b.ref)
		},
		func() answer { return r.model.setClosed(b.ref, closed) })
}

// given is the change to v, or none if n is negative.
func given[T comparable](n int, v T) domain.Change[T] {
	if n < 0 {
		return domain.Change[T]{}
	}
	return domain.To(v)
}

func (r *run) supply(t *rapid.T, ref string, ofProduct func(*domain.Product) (domain.Batched, error), ofModel func() answer) {
	r.step(t, func() answer {
		got, err := r.shop.supply(ref, ofProduct)
		return answer{Code: codeOf(err), Replayed: got.Replayed}
	}, ofModel)
}

// tell has something done to a line by both.
func (r *run) tell(t *rapid.T, order string, ofProduct func(*domain.Product, domain.Line) (domain.Placement, error), ofModel func(*modelLine) answer) {
	r.step(t,
		func() answer { return answerOf(r.shop.tell(order, ofProduct)) },
		func() answer { return ofModel(r.model.line(order)) })
}

func (r *run) endHold(t *rapid.T) {
	line, at := r.anyLine(t), rapid.IntRange(1, 3).Draw(t, "at")
	switch rapid.SampledFrom([]string{"confirm", "release", "expire"}).Draw(t, "how") {
	case "confirm":
		r.tell(t, line.order, (*domain.Product).ConfirmHold, r.model.confirm)
	case "release":
		r.tell(t, line.order, (*domain.Product).ReleaseHold, r.model.release)
	default:
		r.tell(t, line.order,
			func(p *domain.Product, line domain.Line) (domain.Placement, error) {
				return p.ExpireHold(line, domain.Instant(at))
			},
			func(line *modelLine) answer { return r.model.expire(line, at) })
	}
}

func (r *run) ship(t *rapid.T) {
	line := r.anyLine(t)
	total := rapid.IntRange(0, line.qty+1).Draw(t, "shipped")
	r.tell(t, line.order,
		func(p *domain.Product, line domain.Line) (domain.Placement, error) { return p.ShipLine(line, total) },
		func(line *modelLine) answer { return r.model.ship(line, total) })
}

// takeBack returns goods into the batch that a line has, or another.
func (r *run) takeBack(t *rapid.T) {
	line, ref := r.anyLine(t), ""
	if rapid.Bool().Draw(t, "elsewhere") {
		ref = r.anyBatch(t).ref
	}
	total := rapid.IntRange(1, line.shipped+1).Draw(t, "returned")
	r.tell(t, line.order,
		func(p *domain.Product, line domain.Line) (domain.Placement, error) {
			r.shop.recall(p, ref)
			return p.ReturnLine(line, total, ref)
		},
		func(line *modelLine) answer { return r.model.takeBack(line, total, ref) })
}

func (r *run) amend(t *rapid.T) {
	line := r.anyLine(t)
	qty, priority, need := rapid.IntRange(0, 12).Draw(t, "qty"), rapid.IntRange(3, 6).Draw(t, "priority"), rapid.IntRange(-1, 3).Draw(t, "need")
	if qty == 0 {
		qty = -1
	}
	if priority == 3 {
		priority = -1
	}
	mayMove := rapid.Bool().Draw(t, "mayMove")
	to := domain.Amendment{Qty: given(qty, qty), Priority: given(priority, domain.NewPriority(priority)), RequiredBy: given(need, day(need)), MayMove: mayMove}
	r.tell(t, line.order,
		func(p *domain.Product, line domain.Line) (domain.Placement, error) { return p.AmendLine(line, to) },
		func(line *modelLine) answer { return r.model.amend(line, qty, priority, need, mayMove) })
}

func (r *run) cancel(t *rapid.T) {
	r.tell(t, r.anyLine(t).order, (*domain.Product).CancelLine, r.model.cancel)
}

func (r *run) freeze(t *rapid.T) {
	frozen := rapid.Bool().Draw(t, "frozen")
	r.tell(t, r.anyLine(t).order,
		func(p *domain.Product, line domain.Line) (domain.Placement, error) {
			return p.AmendLine(line, domain.Amendment{Frozen: domain.To(frozen)})
		},
		func(line *modelLine) answer { return r.model.freeze(line, frozen) })
}

func (r *run) replan(t *rapid.T) {
	r.step(t, func() answer {
		got, err := r.shop.tryReplan()
		return answer{Code: codeOf(err), Moved: fmt.Sprintf("%d of %d", got.Moved, got.Lines)}
	}, r.model.replan)
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
	r.checkLines(t)
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
			Seq: int64(i) + 1, Ref: b.ref, SKU: sku, Purchased: b.qty, Allocated: b.qty - b.shipped - r.model.free(b), Shipped: b.shipped,
			Closed: b.closed, ETA: day(b.eta), FirstQty: b.firstQty, FirstETA: day(b.firstETA),
			Location: b.label.location, UseBy: day(b.label.useBy), FirstLocation: b.firstLabel.location, FirstUseBy: day(b.firstLabel.useBy),
		}
		if want.Allocated < 0 || want.Allocated+want.Shipped > want.Purchased {
			t.Fatalf("%s is oversold: %+v", b.ref, want)
		}
		expect(t, r.shop.batches[b.ref], want)
		if got, atHand := p.Batch(b.ref); atHand || want.Room() > 0 {
			expect(t, got, want)
		}
	}
	expect(t, len(r.shop.batches), len(r.model.batches))
}

// checkLines compares each line, as the facts give it, with the model's.
func (r *run) checkLines(t *rapid.T) {
	for i, l := range r.model.lines {
		want := domain.Line{
			OrderLine: domain.OrderLine{OrderID: l.order, SKU: sku, Qty: l.qty}, Seq: int64(i) + 1, Status: domain.Status(l.state), BatchRef: l.batch,
			HeldUntil: domain.Instant(l.until), FirstQty: l.firstQty, Priority: domain.NewPriority(l.priority), RequiredBy: day(l.need),
			Shipped: l.shipped, Returned: l.returned, Frozen: l.frozen, Wishes: wishesOf(l.likes, l.only, l.minLife),
		}
		if want.Promised = len(l.promises) > 0; want.Promised {
			want.FirstPromise = day(l.promises[0])
		}
		if l.batch != "" {
			want.Promise = day(l.promises[len(l.promises)-1])
		}
		expect(t, r.shop.lines[l.order], want)
	}
}

func (r *run) checkNobodyWaitsInVain(t *rapid.T) {
	for _, line := range r.model.lines {
		if fit := r.model.largestFit(line); line.state == "backordered" && line.open() <= fit {
			t.Fatalf("%s waits for %d units, and a batch has %d", line.order, line.open(), fit)
		}
	}
}

// checkProduct compares the product at rest with what the facts give, and the
// counters with what they count.
func (r *run) checkProduct(t *rapid.T) {
	want := domain.Snapshot{SKU: sku, Version: int64(r.facts), OutOfStock: r.model.short, SafetyStock: r.model.safety}
	if r.model.policy != domain.Earliest {
		want.Policy = r.model.policy
	}
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
	a := answer{Code: codeOf(err), At: place(p.BatchRef, string(p.Status)), LargestFit: p.LargestFit, Replayed: p.Replayed}
	for _, b := range p.Why.PassedOver {
		a.PassedOver = append(a.PassedOver, fmt.Sprintf("%d in %s: %s", b.Available, b.BatchRef, cmp.Or(string(b.Reason), "too little")))
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
		order := domain.LineOf(e)
		if lost, ok := e.(domain.Deallocated); ok {
			order = lost.OrderID
		}
		if order == "" {
			aside = append(aside, short(e))
		} else {
			ofLines[order] = append(ofLines[order], short(e))
		}
	}
	return ofLines, aside
}
