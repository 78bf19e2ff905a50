package storetest

import (
	"context"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

var policyRules = []rule{
	{"keeps how the lines of a product are placed", keepsPolicies},
	{"keeps where batches lie and how long they keep, at first and now", keepsLabels},
	{"keeps what lines ask for, and forgets it with an ended hold", keepsWishes},
	{"places by what it has kept", placesByPolicy},
}

func setPolicy(sku, policy string, safetyStock int) domain.Message {
	return domain.SetPolicy{SKU: sku, Policy: domain.To(policy), SafetyStock: domain.To(safetyStock)}
}

func keepsPolicies(t *testing.T, s Store) {
	do(t, s, batch("b1", "CHAIR", 5), setPolicy("CHAIR", domain.LatestOnTime, 3), order("o-1", "CHAIR", 1), batch("b2", "LAMP", 5))
	everyReader(t, s, func(ctx context.Context, t *testing.T, r service.Reader) {
		found, err := r.Load(ctx, service.Want{Products: []service.Known{{SKU: "CHAIR"}, {SKU: "LAMP"}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found.Products {
			want := map[string]domain.Snapshot{"CHAIR": {Policy: domain.LatestOnTime, SafetyStock: 3}, "LAMP": {}}[p.SKU]
			equal(t, "the policy of "+p.SKU, p.Policy, want.Policy)
			equal(t, "the safety stock of "+p.SKU, p.SafetyStock, want.SafetyStock)
		}
	})
	shown := must(s.Product(t.Context(), "CHAIR"))(t)
	equal(t, "the policy that readers see", shown.Policy, domain.LatestOnTime)
	equal(t, "the safety stock that readers see", shown.SafetyStock, 3)
	listed := must(s.Products(t.Context(), views.Page{}))(t).Items
	equal(t, "the policy in a list", listed[0].Policy, domain.LatestOnTime)

	do(t, s, setPolicy("CHAIR", domain.Earliest, 0))
	equal(t, "the usual policy, as readers see it", must(s.Product(t.Context(), "CHAIR"))(t).Policy, "")
}

func keepsLabels(t *testing.T, s Store) {
	first := domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 5, Location: "north", UseBy: december}
	do(t, s, first, batch("b2", "CHAIR", 5),
		domain.ChangeBatch{Ref: "b1", Label: domain.Label{Location: domain.To("south"), UseBy: domain.To(january)}},
		domain.ChangeBatch{Ref: "b2", Qty: domain.To(6), Label: domain.Label{Location: domain.To("north")}},
		domain.CreateBatch{Ref: "b3", SKU: "CHAIR", Qty: 1, Location: "east"},
		domain.ChangeBatch{Ref: "b3", Label: domain.Label{Location: domain.To("")}},
	)
	var got []string
	for _, b := range books(t, s)[0].Batches {
		got = append(got, showBatch(b))
	}
	equal(t, "batches", got, []string{
		showBatch(domain.Batch{Ref: "b1", SKU: "CHAIR", Purchased: 5, FirstQty: 5, Location: "south", UseBy: january, FirstLocation: "north", FirstUseBy: december}),
		showBatch(domain.Batch{Ref: "b2", SKU: "CHAIR", Purchased: 6, FirstQty: 5, Location: "north"}),
		showBatch(domain.Batch{Ref: "b3", SKU: "CHAIR", Purchased: 1, FirstQty: 1, FirstLocation: "east"}),
	})
	do(t, s, first) // as it was given at first
	shown := must(s.Batch(t.Context(), "b1"))(t)
	equal(t, "what readers see", []string{shown.Location, shown.UseBy}, []string{"south", january.String()})
}

func keepsWishes(t *testing.T, s Store) {
	wishes := domain.Wishes{OnlyLocations: domain.LocationsOf("north", "south"), MinLife: 30}
	do(t, s, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 5, Location: "south"},
		domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 1, Wishes: wishes},
		domain.Allocate{OrderID: "o-2", SKU: "CHAIR", Qty: 9, Wishes: domain.Wishes{Locations: "north"}},
		domain.Allocate{OrderID: "o-3", SKU: "CHAIR", Qty: 1, HoldUntil: aheadBy(1), Wishes: wishes},
		domain.ExpireHold{OrderID: "o-3", SKU: "CHAIR", At: aheadBy(2)},
		order("o-3", "CHAIR", 1), order("o-4", "CHAIR", 1))
	got := map[string]domain.Wishes{}
	for _, l := range books(t, s)[0].Lines {
		got[l.OrderID] = l.Wishes
	}
	equal(t, "wishes", got, map[string]domain.Wishes{"o-1": wishes, "o-2": {Locations: "north"}, "o-3": {}, "o-4": {}})
	line := must(s.Order(t.Context(), "o-1"))(t).Lines[0]
	equal(t, "what readers see", line.OnlyLocations, []string{"north", "south"})
	equal(t, "what readers see", line.MinLife, 30)
}

func placesByPolicy(t *testing.T, s Store) {
	do(t, s, batch("warehouse", "CHAIR", 5), batch("december", "CHAIR", 5, december), batch("january", "CHAIR", 5, january), setPolicy("CHAIR", domain.LatestOnTime, 2))
	do(t, s, domain.Allocate{OrderID: "on time", SKU: "CHAIR", Qty: 2, RequiredBy: december}, order("any", "CHAIR", 3), order("more", "CHAIR", 1))
	equal(t, "where lines are", standing(t, s), map[string]string{"on time CHAIR": "december", "any CHAIR": "warehouse", "more CHAIR": "december"})
	why := must(s.Order(t.Context(), "more"))(t).Lines[0].Why
	equal(t, "why", why.PassedOver, []views.PassedOver{{BatchRef: "warehouse", Available: 2, Reason: "safety_stock"}})
	equal(t, "the rule", why.Rule, domain.LatestOnTime)
}

func batchesByLocation(t *testing.T, s *shop) {
	s.send(t,
		domain.CreateBatch{Ref: "z1", SKU: "RUG", Qty: 4, Location: "north"}, domain.CreateBatch{Ref: "z2", SKU: "RUG", Qty: 5, Location: "south"},
		domain.CreateBatch{Ref: "z3", SKU: "VASE", Qty: 6, Location: "north"}, domain.CreateBatch{Ref: "z4", SKU: "RUG", Qty: 7, ETA: december, Location: "north"},
		domain.CreateBatch{Ref: "z5", SKU: "RUG", Qty: 8}, domain.Allocate{OrderID: "rug", SKU: "RUG", Qty: 3, Wishes: domain.Wishes{OnlyLocations: "north"}},
	)
	for _, c := range []struct {
		views.BatchFilter
		want []string
	}{
		{views.BatchFilter{Location: "north"}, []string{"z1", "z3", "z4"}},
		{views.BatchFilter{Location: "north", SKU: "RUG"}, []string{"z1", "z4"}},
		{views.BatchFilter{Location: "nowhere"}, nil},
	} {
		var refs []string
		page := views.Page{Limit: 2}
		for {
			list := must(s.Batches(t.Context(), c.BatchFilter, page))(t)
			for _, b := range list.Items {
				refs = append(refs, b.Ref)
			}
			if page.After = list.Next; page.After == "" {
				break
			}
		}
		equal(t, "batches", refs, c.want)
	}
	equal(t, "places", must(s.Product(t.Context(), "RUG"))(t).Places, []views.Place{
		{OnHand: 8, Available: 8}, {Location: "north", OnHand: 4, Inbound: 7, Allocated: 3, Available: 8}, {Location: "south", OnHand: 5, Available: 5},
	})
}

func availabilityByPlace(t *testing.T, s *shop) {
	s.send(t,
		domain.CreateBatch{Ref: "y1", SKU: "MILK", Qty: 4, Location: "north", UseBy: december}, domain.CreateBatch{Ref: "y2", SKU: "MILK", Qty: 5, Location: "south"},
		domain.CreateBatch{Ref: "y3", SKU: "MILK", Qty: 7, ETA: january, Location: "north"}, domain.SetPolicy{SKU: "MILK", SafetyStock: domain.To(3)},
	)
	ask := func(a views.Ask) views.Availability {
		a.SKU = "MILK"
		return must(s.Availability(t.Context(), []views.Ask{a}))(t)[0]
	}
	all := views.Availability{
		SKU: "MILK", OnHand: 9, Inbound: 7, Available: 13, LargestFit: 7, SafetyStock: 3, Version: s.lastVersion(t, "MILK"), Withheld: 3, Dated: true,
		Dates: []views.Arrival{{Units: 9, Available: 6}, {Date: january.String(), Units: 7, Available: 13}},
	}
	same(t, ask(views.Ask{}), all)
	expired := all
	expired.Withheld = 7
	expired.Available, expired.Dates = 9, []views.Arrival{{Units: 9, Available: 2}, {Date: january.String(), Units: 7, Available: 9}}
	same(t, ask(views.Ask{AsOf: december.AddDays(1).String()}), expired)
	same(t, ask(views.Ask{Location: "south"}), views.Availability{
		SKU: "MILK", Location: "south", OnHand: 5, Available: 5, LargestFit: 5, SafetyStock: 3, Version: all.Version, Dated: true, Dates: []views.Arrival{{Units: 5, Available: 5}},
	})
	equal(t, "the promise", ask(views.Ask{Qty: 7}).Promise, &views.Promise{BatchRef: "y3", Date: january.String()})
	equal(t, "the promise of what is in one place", ask(views.Ask{Qty: 5, Location: "north"}).Promise, &views.Promise{BatchRef: "y3", Date: january.String()})
	equal(t, "no promise", ask(views.Ask{Qty: 6, Location: "south"}).Promise, nil)
}
