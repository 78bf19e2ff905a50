package storetest

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"allot/internal/domain"
	"allot/internal/service"
)

// Soak looks for a sequence of commands that a store does otherwise in groups
// than one by one, or otherwise than a model that was written apart from the
// domain. open is as for Run. It looks longer if ALLOT_SOAK is set.
func Soak(t *testing.T, open func(t *testing.T) Store) {
	rounds := 1 // of as many tries as rapid makes, usually 100
	if os.Getenv("ALLOT_SOAK") != "" {
		rounds = 50
		t.Run("a failure", func(t *testing.T) { failures(t, open) })
	}
	for range rounds {
		rapid.Check(t, func(rt *rapid.T) { groupedIsOneByOne(t, rt, open) })
		rapid.Check(t, func(rt *rapid.T) { togetherIsOneByOne(t, rt, open) })
	}
}

func groupedIsOneByOne(t *testing.T, rt *rapid.T, open opener) {
	commands := rapid.SliceOfN(rapid.Custom(drawCommand), 1, 60).Draw(rt, "commands")
	var told [][]answer
	var kept [][]service.Book
	for _, send := range []func(*rapid.T, Store, []domain.Message) []answer{inGroups, oneByOne} {
		s := open(t)
		defer s.Close()
		told = append(told, send(rt, s, commands))
		kept = append(kept, books(rt, s))
		verified(rt, s)
	}
	m := newModel()
	for i, c := range commands {
		want := m.do(c)
		equal(rt, fmt.Sprintf("the answer to command %d %+v", i, c), told[0][i], want)
		equal(rt, fmt.Sprintf("the answer to command %d %+v, alone", i, c), told[1][i], want)
	}
	equal(rt, "the log and the tables of those in groups", kept[0], kept[1])
	equal(rt, "the tables", tables(kept[0]), m.tables())
}

func oneByOne(rt *rapid.T, s Store, commands []domain.Message) (out []answer) {
	for _, o := range sendAll(rt, newBus(s, 1), commands...) {
		out = append(out, told(o))
	}
	return out
}

// inGroups sends commands in groups of any size, by way of one or another of
// two transactors, some after a preview.
func inGroups(rt *rapid.T, s Store, commands []domain.Message) (out []answer) {
	buses := []*service.Bus{newBus(s, len(commands)), newBus(s, len(commands))}
	for len(commands) > 0 {
		group := commands[:rapid.IntRange(1, min(16, len(commands))).Draw(rt, "group")]
		commands = commands[len(group):]
		bus := buses[rapid.IntRange(0, 1).Draw(rt, "bus")]
		var foreseen []answer
		if rapid.Bool().Draw(rt, "preview") {
			foreseen = preview(rt, s, bus, group)
		}
		for i, o := range sendAll(rt, bus, group...) {
			out = append(out, told(o))
			if foreseen != nil {
				equal(rt, fmt.Sprintf("what was done, unlike the preview, by %+v", group[i]), told(o), foreseen[i])
			}
		}
	}
	return out
}

// preview is what a group is going to be told. It changes nothing.
func preview(rt *rapid.T, s Store, bus *service.Bus, group []domain.Message) (out []answer) {
	before := books(rt, s)
	for o := range service.PreviewEach(rt.Context(), bus, slices.Values(group)) {
		out = append(out, told(o))
	}
	equal(rt, "what a preview has left", books(rt, s), before)
	return out
}

// drawCommand draws a command about few things, so that commands meet. Some
// are repeated, in conflict, about nothing there is, or not valid.
func drawCommand(rt *rapid.T) domain.Message {
	sku := rapid.SampledFrom([]string{"CHAIR", "CHAIR", "CHAIR", "LAMP", "LAMP", "TABLE", ""}).Draw(rt, "sku")
	ref := fmt.Sprint("b", rapid.IntRange(1, 8).Draw(rt, "ref"))
	id := fmt.Sprint("o", rapid.IntRange(1, 12).Draw(rt, "order"))
	qty := rapid.IntRange(-1, 9).Draw(rt, "qty")
	eta := rapid.SampledFrom([]domain.Date{0, 0, december, january}).Draw(rt, "eta")
	priority := domain.NewPriority(rapid.SampledFrom([]int{0, 5, 5, 9}).Draw(rt, "priority"))
	location := rapid.SampledFrom([]string{"", "", "north", "south"}).Draw(rt, "location")
	useBy := rapid.SampledFrom([]domain.Date{0, 0, 0, today.AddDays(-1), today.AddDays(9), january, january.AddDays(9)}).Draw(rt, "use by")
	switch rapid.IntRange(0, 42).Draw(rt, "kind") {
	case 0:
		return domain.DescribeProduct{SKU: sku, Description: rapid.SampledFrom([]string{"", "One", "Another"}).Draw(rt, "name")}
	case 1, 2, 3, 4, 5:
		return domain.CreateBatch{Ref: ref, SKU: sku, Qty: qty, ETA: eta, Location: location, UseBy: useBy}
	case 6, 7:
		return domain.ChangeBatchQuantity{Ref: ref, Qty: qty}
	case 8, 9:
		return domain.ChangeBatch{Ref: ref, Qty: perhaps(rt, qty), ETA: perhaps(rt, eta), Label: domain.Label{Location: perhaps(rt, location), UseBy: perhaps(rt, useBy)}}
	case 10, 11:
		return domain.ReceiveBatch{Ref: ref, Qty: perhaps(rt, qty)}
	case 12:
		return domain.CloseBatch{Ref: ref}
	case 13:
		return domain.ReopenBatch{Ref: ref}
	case 14, 15, 16:
		return domain.ShipLine{OrderID: id, SKU: sku, Shipped: qty}
	case 17, 18:
		return domain.ReturnLine{OrderID: id, SKU: sku, Returned: qty, BatchRef: rapid.SampledFrom([]string{"", ref}).Draw(rt, "into")}
	case 19, 20:
		to := domain.Amendment{Qty: perhaps(rt, qty), Priority: perhaps(rt, priority), RequiredBy: perhaps(rt, eta), MayMove: rapid.Bool().Draw(rt, "may move")}
		return domain.AmendLine{OrderID: id, SKU: sku, Amendment: to}
	case 21, 22:
		return domain.CancelLine{OrderID: id, SKU: sku}
	case 23:
		return domain.ConfirmHold{OrderID: id, SKU: sku}
	case 24:
		return domain.ReleaseHold{OrderID: id, SKU: sku}
	case 25:
		return domain.ExpireHold{OrderID: id, SKU: sku, At: aheadBy(rapid.IntRange(1, 3).Draw(rt, "at"))}
	case 26, 27, 28:
		other := domain.Wanted{SKU: rapid.SampledFrom([]string{"CHAIR", "LAMP", "TABLE"}).Draw(rt, "other sku"), Qty: 1 + qty/2}
		return domain.AllocateOrder{
			OrderID: id, Lines: []domain.Wanted{{SKU: sku, Qty: qty, Priority: priority, RequiredBy: eta, Wishes: drawWishes(rt)}, other},
			Mode: rapid.SampledFrom([]domain.OrderMode{"", domain.EachLine, domain.AllLines}).Draw(rt, "mode"),
		}
	case 29, 30, 31:
		policy := rapid.SampledFrom([]string{domain.Earliest, domain.LatestOnTime, domain.FirstExpired}).Draw(rt, "policy")
		return domain.SetPolicy{SKU: sku, Policy: perhaps(rt, policy), SafetyStock: perhaps(rt, qty)}
	case 32:
		return domain.AmendLine{OrderID: id, SKU: sku, Amendment: domain.Amendment{Frozen: domain.To(rapid.Bool().Draw(rt, "frozen"))}}
	case 33, 34:
		return domain.ReplanProduct{SKU: sku}
	default:
		onShortage := rapid.SampledFrom([]domain.Shortage{"", "", domain.KeepBackorder, domain.Refuse}).Draw(rt, "on shortage")
		until := rapid.SampledFrom([]domain.Instant{0, 0, aheadBy(1), aheadBy(2)}).Draw(rt, "until")
		return domain.Allocate{OrderID: id, SKU: sku, Qty: qty, OnShortage: onShortage, Priority: priority, RequiredBy: eta, HoldUntil: until, Wishes: drawWishes(rt)}
	}
}

func drawWishes(rt *rapid.T) (w domain.Wishes) {
	w.MinLife = rapid.SampledFrom([]int{0, 0, 0, 5, 30}).Draw(rt, "min life")
	liked := rapid.SampledFrom([]domain.Locations{"", "", "", "north", domain.LocationsOf("south", "north")}).Draw(rt, "liked")
	if rapid.Bool().Draw(rt, "only") {
		w.OnlyLocations = liked
	} else {
		w.Locations = liked
	}
	return w
}

// perhaps is the change to v, or none.
func perhaps[T comparable](rt *rapid.T, v T) domain.Change[T] {
	if rapid.Bool().Draw(rt, "given") {
		return domain.To(v)
	}
	return domain.Change[T]{}
}
