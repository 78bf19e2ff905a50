package domain_test

import (
	"fmt"
	"strings"
	"testing"

	"allot/internal/domain"
)

// supplied is a batch of ten units in a table of cases.
type supplied struct {
	ref        string
	eta, useBy domain.Date
	location   string
}

// policyCase is which of some batches a line of five gets, and what speaks
// against those that come before it.
type policyCase struct {
	rule   string
	supply []supplied
	ask    func(*domain.Line)
	want   string // the batch; empty: it waits
	over   string // batches with reasons
}

func testPolicy(t *testing.T, policy string, cases []policyCase) {
	for _, tc := range cases {
		t.Run(tc.rule, func(t *testing.T) {
			shop := newLedger(t)
			shop.today = october
			shop.setPolicy(policy, 0)
			for _, s := range tc.supply {
				b := batch(s.ref, 10, s.eta)
				b.Location, b.UseBy = s.location, s.useBy
				if _, err := shop.tryAddBatch(b); err != nil {
					t.Fatal(err)
				}
			}
			line := wanted("order-1", 5, 0)
			if tc.ask != nil {
				tc.ask(&line)
			}
			got, err := shop.ask(line, domain.KeepBackorder)
			if err != nil {
				t.Fatal(err)
			}
			expect(t, got.BatchRef, tc.want)
			expect(t, overs(got.Why), tc.over)
			expect(t, got.Why.Rule, policy)
		})
	}
}

func overs(why domain.Why) string {
	var over []string
	for _, b := range why.PassedOver {
		over = append(over, strings.TrimSpace(fmt.Sprint(b.BatchRef, " ", b.Reason)))
	}
	return strings.Join(over, ", ")
}

func by(day domain.Date) func(*domain.Line) {
	return func(l *domain.Line) { l.RequiredBy = day }
}

func large(l *domain.Line) { l.Qty = 11 }

func lasting(days int) func(*domain.Line) {
	return func(l *domain.Line) { l.MinLife = days }
}

var threeMonths = []supplied{{ref: "december", eta: december}, {ref: "november", eta: november}, {ref: "warehouse"}}

func TestThePolicyEarliest(t *testing.T) {
	testPolicy(t, domain.Earliest, []policyCase{
		{rule: "stock in the warehouse goes first", supply: threeMonths, want: "warehouse"},
		{rule: "then the shipment that arrives earliest", supply: threeMonths[:2], want: "november"},
		{rule: "of equals the batch created first", supply: []supplied{{ref: "b", eta: november}, {ref: "a", eta: november}}, want: "b"},
		{rule: "when a line is needed makes no difference", supply: threeMonths, ask: by(december), want: "warehouse"},
		{rule: "what has too little is passed over", supply: threeMonths, ask: large, over: "warehouse, november, december"},
		{rule: "what has expired is passed over", supply: []supplied{{ref: "old", useBy: october.AddDays(-1)}, {ref: "november", eta: november}}, want: "november", over: "old expired"},
		{rule: "on its use-by date stock is still good", supply: []supplied{{ref: "today", useBy: october}}, want: "today"},
	})
}

func TestThePolicyLatestOnTime(t *testing.T) {
	testPolicy(t, domain.LatestOnTime, []policyCase{
		{rule: "a line gets the latest supply that is still on time", supply: threeMonths, ask: by(november.AddDays(5)), want: "november", over: "december too_late"},
		{rule: "on the day itself is on time", supply: threeMonths, ask: by(december), want: "december"},
		{rule: "stock in the warehouse is on time too", supply: threeMonths, ask: by(october), want: "warehouse", over: "december too_late, november too_late"},
		{rule: "a line without a required-by date gets the earliest", supply: threeMonths, want: "warehouse"},
		{rule: "so does a line for which nothing is on time", supply: threeMonths[:2], ask: by(october), want: "november"},
		{rule: "of equals the batch created first", supply: []supplied{{ref: "b", eta: november}, {ref: "a", eta: november}}, ask: by(december), want: "b"},
		{rule: "what has too little is passed over", supply: threeMonths, ask: func(l *domain.Line) { l.Qty, l.RequiredBy = 11, december }, over: "warehouse, november, december"},
	})
}

func TestThePolicyFirstExpired(t *testing.T) {
	soon, late := december, december.AddDays(60)
	testPolicy(t, domain.FirstExpired, []policyCase{
		{rule: "in the warehouse, what expires first goes first", supply: []supplied{{ref: "late", useBy: late}, {ref: "soon", useBy: soon}}, want: "soon"},
		{rule: "what keeps goes last", supply: []supplied{{ref: "keeps"}, {ref: "late", useBy: late}}, want: "late"},
		{rule: "nobody waits so that stock doesn't expire", supply: []supplied{{ref: "late", useBy: late}, {ref: "shipment", eta: november, useBy: soon}}, want: "late"},
		{rule: "of shipments the earliest goes first", supply: []supplied{{ref: "second", eta: november, useBy: soon}, {ref: "first", eta: october, useBy: late}}, want: "first"},
		{rule: "of those of one day the one that expires first", supply: []supplied{{ref: "late", eta: november, useBy: late}, {ref: "soon", eta: november, useBy: soon}}, want: "soon"},
		{rule: "what has expired is not promised", supply: []supplied{{ref: "old", useBy: october.AddDays(-1)}, {ref: "late", useBy: late}}, want: "late", over: "old expired"},
		{rule: "of what keeps as long the batch created first", supply: []supplied{{ref: "b", useBy: soon}, {ref: "a", useBy: soon}}, want: "b"},
		{rule: "a line may ask for more life than a batch has", supply: []supplied{{ref: "soon", useBy: october.AddDays(10)}, {ref: "late", useBy: late}}, ask: lasting(30), want: "late", over: "soon short_life"},
	})
}

func TestLifeCountsFromThePromise(t *testing.T) {
	testPolicy(t, domain.Earliest, []policyCase{
		{rule: "of stock in the warehouse from today", supply: []supplied{{ref: "b", useBy: october.AddDays(30)}}, ask: lasting(30), want: "b"},
		{rule: "one day less is too short", supply: []supplied{{ref: "b", useBy: october.AddDays(30)}}, ask: lasting(31), over: "b short_life"},
		{rule: "of a shipment from the day it comes", supply: []supplied{{ref: "b", eta: november, useBy: november.AddDays(30)}}, ask: lasting(30), want: "b"},
		{rule: "not from today", supply: []supplied{{ref: "b", eta: november, useBy: november.AddDays(29)}}, ask: lasting(30), over: "b short_life"},
		{rule: "of a shipment that is overdue from today", supply: []supplied{{ref: "b", eta: october.AddDays(-9), useBy: october.AddDays(29)}}, ask: lasting(30), over: "b short_life"},
		{rule: "what keeps keeps long enough", supply: []supplied{{ref: "b"}}, ask: lasting(domain.MaxLife), want: "b"},
	})
}

func TestLocationsOfALine(t *testing.T) {
	likes := func(names ...string) func(*domain.Line) {
		return func(l *domain.Line) { l.Locations = domain.LocationsOf(names...) }
	}
	only := func(names ...string) func(*domain.Line) {
		return func(l *domain.Line) { l.OnlyLocations = domain.LocationsOf(names...) }
	}
	twoPlaces := []supplied{{ref: "north", location: "north"}, {ref: "south", location: "south"}, {ref: "nowhere"}, {ref: "sooner", location: "east", eta: october}, {ref: "later", location: "west", eta: november}}
	for _, policy := range domain.Policies() {
		t.Run(policy.Name, func(t *testing.T) {
			testPolicy(t, policy.Name, []policyCase{
				{rule: "the best liked goes first", supply: twoPlaces, ask: likes("south", "north"), want: "south"},
				{rule: "a location that is not liked comes after those that are", supply: twoPlaces, ask: likes("nobody's", "south"), want: "south"},
				{rule: "nobody waits for a better location", supply: twoPlaces, ask: likes("west", "east"), want: "north"},
				{rule: "a line without locations takes the batch created first", supply: twoPlaces, want: "north"},
				{rule: "only allowed ones are used", supply: twoPlaces, ask: only("west"), want: "later", over: "north other_location, south other_location, nowhere other_location, sooner other_location"},
				{rule: "of those the best liked", supply: twoPlaces, ask: only("south", "north"), want: "south"},
				{rule: "a batch that lies nowhere in particular is in none of them", supply: twoPlaces[2:3], ask: only("north"), over: "nowhere other_location"},
			})
		})
	}
}

func TestSafetyStockIsKeptFromNewLinesOnly(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse), batch("small", 2, inWarehouse))
	shop.setPolicy(domain.Earliest, 4)

	expect(t, shop.allocate("fits", 8).BatchRef, "warehouse") // 12 less 4
	refused := shop.allocate("waits", 1)
	expect(t, overs(refused.Why), "warehouse safety_stock, small safety_stock")
	expect(t, refused.LargestFit, 0)

	shop.add("november", 3, november)
	expect(t, shop.standing()["waits"], "november")
	shop.add("december", 3, december)
	expect(t, shop.allocate("next", 3).BatchRef, "december")
	shop.change("november", 0)
	expect(t, shop.standing()["waits"], "warehouse") // it had been promised stock
	expect(t, shop.told(), []string{
		"november: 0 units, not 3", "waits deallocated from november: batch_shrunk", "waits allocated in warehouse, moved from november",
	})
}

func TestSafetyStockThatIsGivenUpGoesToThoseWhoWait(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.setPolicy(domain.Earliest, 10)
	shop.allocate("order-1", 7)
	expect(t, shop.standing(), standing{"order-1": "backordered"})

	shop.setPolicy(domain.LatestOnTime, 3)
	expect(t, shop.told(), []string{"latest_on_time, keeping 3", "order-1 allocated in warehouse"})
	expect(t, shop.lines["order-1"].Status, domain.StatusAllocated)
}

func TestTheSamePolicyAgainChangesNothing(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	expect(t, shop.setPolicy(domain.Earliest, 0), domain.PolicyAnswer{SKU: sku, Policy: domain.Earliest, Replayed: true})
	expect(t, shop.told(), []string{})

	expect(t, shop.setPolicy(domain.FirstExpired, 5), domain.PolicyAnswer{SKU: sku, Policy: domain.FirstExpired, SafetyStock: 5})
	expect(t, shop.setPolicy(domain.FirstExpired, 5).Replayed, true)
}

func TestEveryPolicyHasANameAndSaysWhatItDoes(t *testing.T) {
	expect(t, domain.Policies()[0].Name, domain.Earliest)
	for _, p := range domain.Policies() {
		if len(p.Explanation) < 50 {
			t.Errorf("%s is explained by %q", p.Name, p.Explanation)
		}
		found, ok := domain.PolicyNamed(p.Name)
		expect(t, ok, true)
		expect(t, found == p, true)
	}
}

func TestABatchThatIsRelabelledKeepsItsLinesAndIsOfferedToThoseWhoWait(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 10, inWarehouse))
	shop.allocate("has", 4)
	picky := wanted("waits", 2, 0)
	picky.OnlyLocations = domain.LocationsOf("north")
	if _, err := shop.ask(picky, domain.KeepBackorder); err != nil {
		t.Fatal(err)
	}
	north := domain.Label{Location: domain.To("north"), UseBy: domain.To(december)}
	relabel := func(p *domain.Product) (domain.Batched, error) { return p.RelabelBatch("warehouse", north) }

	if _, err := shop.supply("warehouse", relabel); err != nil {
		t.Fatal(err)
	}
	expect(t, shop.told(), []string{"warehouse: at north until 2026-12-01", "waits allocated in warehouse"})
	expect(t, shop.standing()["has"], "warehouse")

	again, err := shop.supply("warehouse", relabel)
	expect(t, err, nil)
	expect(t, again.Replayed, true)
}

func TestWhatALineMayAskForAndABatchMaySay(t *testing.T) {
	ask := func(w domain.Wishes) error {
		return domain.Allocate{OrderID: "order-1", SKU: sku, Qty: 1, Wishes: w}.Validate()
	}
	many := make([]string, domain.MaxLocations+1)
	for i := range many {
		many[i] = fmt.Sprint("place-", i)
	}
	for _, tc := range []struct {
		err     error
		message string
	}{
		{ask(domain.Wishes{Locations: "a", OnlyLocations: "b"}), "only_locations can't be sent together with locations"},
		{ask(domain.Wishes{MinLife: -1}), "min_life_days is -1; it must lie between 0 and 36500"},
		{ask(domain.Wishes{Locations: domain.LocationsOf("a", "b", "a")}), `locations has "a" twice`},
		{ask(domain.Wishes{OnlyLocations: domain.LocationsOf("a ")}), `only_locations "a " ends with a blank`},
		{ask(domain.Wishes{Locations: domain.LocationsOf(many...)}), "locations has 17 locations; at most 16 are allowed"},
		{domain.CreateBatch{Ref: "b", SKU: sku, ETA: november, UseBy: october}.Validate(), "use_by is 2026-10-01, before the batch comes on 2026-11-01"},
		{domain.CreateBatch{Ref: "b", SKU: sku, Location: " x"}.Validate(), `location " x" has ' ' at place 1, which is not allowed there`},
		{domain.SetPolicy{SKU: sku}.Validate(), "policy is missing, and so is safety_stock: there is nothing to change"},
		{domain.SetPolicy{SKU: sku, Policy: domain.To("random")}.Validate(), `policy is "random", which is no policy`},
		{domain.SetPolicy{SKU: sku, SafetyStock: domain.To(-1)}.Validate(), "safety_stock is -1; it must lie between 0 and 2147483647"},
	} {
		if tc.err == nil {
			t.Errorf("nothing is wrong, but should: %s", tc.message)
			continue
		}
		expect(t, tc.err.Error(), tc.message)
	}
}
