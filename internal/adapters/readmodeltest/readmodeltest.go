// Package readmodeltest says what it means to be a read model: one suite that
// every one passes, the one in memory included.
//
// It knows the port, and what keeps a model up to date through it. It knows
// nothing of where models are.
package readmodeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/service"
	"allot/internal/views"
)

// Model is a service.ReadModel that can be broken.
type Model interface {
	service.ReadModel

	// Save returns what has the model lose all that is done to it from now on.
	Save(t *testing.T) (restore func())
}

// Run holds a model to the port. open returns an empty one.
func Run(t *testing.T, open func(t *testing.T) Model) {
	for _, rule := range []struct {
		says  string
		check func(*testing.T, Model)
	}{
		{"it is filled with all products and follows the log", followsLog},
		{"it is written to only from where it is", writtenFromWhereItIs},
		{"what is older never takes the place of what is newer", olderStaysOut},
		{"it gets again what it lost", getsAgain},
		{"it has what it had until it is filled anew", neverEmpty},
		{"it is filled anew on each day", filledEachDay},
		{"whoever comes goes on with a filling that was begun", goesOn},
		{"two at once make one model", twoAtOnce},
		{"it is not taken for the model of another log until it is rebuilt", foreign},
		{"it can be compared with the shop", compared},
	} {
		t.Run(rule.says, func(t *testing.T) { rule.check(t, open(t)) })
	}
}

// fixture is a shop, and what keeps a model of it up to date.
type fixture struct {
	*testing.T
	shop  *shop
	model Model
	day   int
}

func start(t *testing.T, m Model, products int) *fixture {
	f := &fixture{T: t, shop: newShop(products), model: m, day: 2}
	f.catchUp()
	return f
}

func (f *fixture) upkeep() *service.Upkeep {
	return service.NewUpkeep(f.shop, f.model, func() time.Time { return time.Date(2026, 11, f.day, 23, 0, 0, 0, time.UTC) })
}

func (f *fixture) catchUp() {
	f.Helper()
	if err := f.upkeep().CatchUp(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) state() service.ModelState {
	f.Helper()
	s, err := f.model.State(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return s
}

// find returns what the model has of a product.
func (f *fixture) find(sku string) service.Modelled {
	f.Helper()
	found, err := f.model.Find(f.Context(), []string{"no such", sku})
	if err != nil || len(found) != 1 {
		f.Fatalf("it has %v of %q, %v", found, sku, err)
	}
	return found[0]
}

// equal checks that the model is complete and has what the shop has, and no more.
func (f *fixture) equal() {
	f.Helper()
	s := f.state()
	if want := int64(len(f.shop.events)); !s.Complete || s.Filling || s.Position != want || s.AsOf != fmt.Sprintf("2026-11-%02d", f.day) {
		f.Errorf("it reflects %+v; the log ends at %d", s, want)
	}
	var asks []views.Ask
	var skus, has []string
	for sku := range f.shop.versions {
		asks, skus = append(asks, views.Ask{SKU: sku, AsOf: s.AsOf}), append(skus, sku)
	}
	for sku, err := range f.model.SKUs(f.Context()) {
		if err != nil {
			f.Fatal(err)
		}
		has = append(has, sku)
	}
	slices.Sort(skus)
	slices.Sort(has)
	if diff := cmp.Diff(skus, slices.Compact(has)); diff != "" {
		f.Errorf("it has other products (-want +got):\n%s", diff)
	}
	want, err := f.shop.Availability(f.Context(), asks)
	if err != nil {
		f.Fatal(err)
	}
	for _, w := range want {
		w.Dated = false
		got := f.find(w.SKU)
		if got.Availability.Dated = false; got.Position > s.Position || got.AsOf != s.AsOf {
			f.Errorf("%q is as of %s, position %d", w.SKU, got.AsOf, got.Position)
		}
		if diff := cmp.Diff(w, got.Availability); diff != "" {
			f.Fatalf("%q is not as it is in the shop (-want +got):\n%s", w.SKU, diff)
		}
	}
}

// many is more than a page of products has, and more than one step puts.
const many = 2*views.MaxPage + 1

func followsLog(t *testing.T, m Model) {
	f := start(t, m, 0)
	f.equal()
	for _, n := range []int{0, 1, 0, 2} {
		f.shop.change(sku(n))
		f.catchUp()
		f.equal()
	}
	for n := range many {
		f.shop.change(sku(n % 700))
	}
	f.catchUp()
	f.equal()
}

func moved(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, service.ErrMoved) {
		t.Errorf("%s: got %v", what, err)
	}
}

func writtenFromWhereItIs(t *testing.T, m Model) {
	f := start(t, m, 3)
	at := f.state()
	product := []service.Modelled{{Availability: views.Availability{SKU: sku(0), Version: 99}}}
	elsewhere := func(change func(from, to *service.ModelState)) error {
		from, to := at, at
		change(&from, &to)
		return m.Put(t.Context(), from, to, product)
	}
	moved(t, "another build", elsewhere(func(from, _ *service.ModelState) { from.Build = "other" }))
	moved(t, "another position", elsewhere(func(from, to *service.ModelState) { from.Position, to.Position = 1, 2 }))
	moved(t, "a cursor of what is filled", elsewhere(func(_, to *service.ModelState) { to.Cursor = "1" }))
	moved(t, "to finish what is filled", m.Finish(t.Context(), at))
	moved(t, "to begin what was begun", m.Begin(t.Context(), "", at))
	moved(t, "to begin in the place of another build", m.Begin(t.Context(), "other", at))
	f.equal()

	next := service.ModelState{Build: "next", AsOf: at.AsOf, Mark: at.Mark, Filling: true}
	if err := m.Begin(t.Context(), at.Build, next); err != nil {
		t.Fatal(err)
	}
	if got := f.state(); got != next {
		t.Errorf("it reflects %+v, want %+v", got, next)
	}
	moved(t, "the build before", elsewhere(func(_, to *service.ModelState) { to.Position++ }))
	at = next
	moved(t, "another cursor", elsewhere(func(from, _ *service.ModelState) { from.Cursor = "1" }))
	next.Cursor, next.Filled = "2", 1
	if err := elsewhere(func(_, to *service.ModelState) { *to = next }); err != nil {
		t.Fatal(err)
	}
	if got := f.state(); got != next {
		t.Errorf("it reflects %+v, want %+v", got, next)
	}
	moved(t, "to finish from another cursor", m.Finish(t.Context(), at))
}

func olderStaysOut(t *testing.T, m Model) {
	f := start(t, m, 3)
	for range 20 {
		f.shop.change(sku(1)) // versions of more digits are not smaller
	}
	f.catchUp()
	at, was := f.state(), f.find(sku(1))
	for _, version := range []int64{1, 3, 20, 21} {
		older := service.Modelled{Availability: views.Availability{SKU: sku(1), Version: version, Available: 1000, Dates: []views.Arrival{}}}
		if err := m.Put(t.Context(), at, at, []service.Modelled{older}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(was, f.find(sku(1))); diff != "" {
			t.Errorf("version %d took the place of %d:\n%s", version, was.Version, diff)
		}
	}
	f.equal()
}

func getsAgain(t *testing.T, m Model) {
	nothing := m.Save(t)
	f := start(t, m, many)
	for range 2 {
		restore := m.Save(t)
		f.shop.change(sku(7))
		f.shop.change(sku(many))
		f.catchUp()
		restore()
		f.catchUp()
		f.equal()
		restore()
		f.shop.change(sku(7))
		f.catchUp()
		f.equal()
		nothing()
		f.catchUp()
		f.equal()
	}
}

func neverEmpty(t *testing.T, m Model) {
	f := start(t, m, many)
	pages := 0
	err := f.upkeep().Rebuild(t.Context(), func(int) {
		if pages++; pages == 1 {
			f.shop.change(sku(many - 1)) // which is far from being filled
			return
		}
		if s := f.state(); !s.Complete {
			t.Errorf("it reflects %+v", s)
		}
		if got := f.find(sku(many - 1)); got.Version != 2 {
			t.Errorf("what changed is at version %d", got.Version)
		}
	})
	if err != nil || pages < 3 {
		t.Errorf("filled in %d pages, %v", pages, err)
	}
	f.equal()
}

func filledEachDay(t *testing.T, m Model) {
	f := start(t, m, many)
	f.day++
	f.catchUp()
	f.equal()
	f.day--
	f.catchUp() // a clock that is slow takes nothing back
	f.day++
	f.equal()
}

// goesOn has the one who fills stopped after each page.
func goesOn(t *testing.T, m Model) {
	f := start(t, m, many)
	ctx, stop := context.WithCancel(t.Context())
	if err := f.upkeep().Rebuild(ctx, func(int) { stop() }); !errors.Is(err, context.Canceled) && err != nil {
		t.Fatal(err)
	}
	f.catchUp()
	f.equal()
}

func twoAtOnce(t *testing.T, m Model) {
	f := start(t, m, many)
	var all sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		all.Go(func() {
			for range 3 {
				if err := f.upkeep().Rebuild(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var changes sync.WaitGroup
	changes.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				f.shop.change(sku(n % (many + 10)))
			}
		}
	})
	all.Wait()
	close(stop)
	changes.Wait()
	f.catchUp()
	f.equal()
}

func foreign(t *testing.T, m Model) {
	f := start(t, m, many)
	before := f.state()
	for what, other := range map[string]*shop{"a log that ends before": newShop(3), "an empty log": newShop(0), "another log": {}} {
		if what == "another log" {
			other = newShop(many)
			for i := range other.events {
				other.events[i].At = other.events[i].At.Add(time.Microsecond)
			}
		}
		g := *f
		g.shop = other
		if err := g.upkeep().CatchUp(t.Context()); !errors.Is(err, service.ErrForeignModel) {
			t.Errorf("%s: got %v", what, err)
		}
		if s, err := g.upkeep().Standing(t.Context()); err != nil || !s.Foreign {
			t.Errorf("%s: it stands at %+v, %v", what, s, err)
		}
	}
	if after := f.state(); after != before {
		t.Errorf("it reflects %+v, before %+v", after, before)
	}
	f.equal()
	f.shop = newShop(3) // of lower versions, and without most products
	if err := f.upkeep().Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	f.equal()
}

func compared(t *testing.T, m Model) {
	f := start(t, m, 0)
	for n := range 4 {
		f.shop.change(sku(n))
	}
	compare := func(want service.ModelDifference) {
		t.Helper()
		got, err := f.upkeep().Compare(t.Context(), nil)
		if err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	compare(service.ModelDifference{Products: 4, Missing: 4})
	f.catchUp()
	compare(service.ModelDifference{Products: 4})
	f.shop.change(sku(0))
	compare(service.ModelDifference{Products: 4, Behind: 1})
	if s, err := f.upkeep().Standing(t.Context()); err != nil || s.Behind != 1 || s.Foreign {
		t.Errorf("it stands at %+v, %v", s, err)
	}
	wrong, extra := f.find(sku(1)), f.find(sku(2))
	wrong.Version, wrong.Available, extra.SKU = 2, 1, "extra"
	at := f.state()
	if err := m.Put(t.Context(), at, at, []service.Modelled{wrong, extra}); err != nil {
		t.Fatal(err)
	}
	compare(service.ModelDifference{Products: 4, Behind: 1, Wrong: 1, Extra: 1})
	if err := f.upkeep().Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	f.equal()
}
