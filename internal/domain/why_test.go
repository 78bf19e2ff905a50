package domain_test

import (
	"encoding/json"
	"testing"

	"allot/internal/domain"
)

func TestAPlacementSaysWhichBatchesItPassedOver(t *testing.T) {
	shop := newLedger(t,
		batch("november", 5, november), batch("warehouse", 3, inWarehouse), batch("empty", 0, inWarehouse),
		batch("october", 4, october), batch("december", 100, december))

	expect(t, shop.allocate("order-1", 10).Why, domain.Why{
		Rule: domain.Earliest, Cause: domain.Ordered,
		PassedOver: []domain.PassedOver{
			{BatchRef: "warehouse", Available: 3},
			{BatchRef: "october", Available: 4, ETA: october},
			{BatchRef: "november", Available: 5, ETA: november},
		},
	})
}

func TestAReasonNamesAtMostFiveBatchesAndCountsTheRest(t *testing.T) {
	for _, tc := range []struct {
		batches, named, more int
	}{{0, 0, 0}, {4, 4, 0}, {5, 5, 0}, {6, 5, 1}, {12, 5, 7}} {
		shop := newLedger(t)
		shop.describe("A red chair")
		for i := range tc.batches {
			shop.add(string(rune('a'+i)), 1, october.AddDays(i))
		}
		for _, order := range []string{"allocated", "backordered"} {
			why := shop.allocate(order, 2).Why
			expect(t, len(why.PassedOver), tc.named)
			expect(t, why.More, tc.more)
			if tc.named > 0 {
				expect(t, why.PassedOver[0].BatchRef, "a")
			}
		}
	}
}

func TestAReasonIsKeptWithTheFact(t *testing.T) {
	shop := newLedger(t, batch("warehouse", 3, inWarehouse), batch("october", 10, october))

	allocated := shop.allocate("order-1", 10)
	expect(t, shop.facts[0].(domain.Allocated).Why, allocated.Why)

	waits := shop.allocate("order-2", 10)
	expect(t, shop.facts[1].(domain.Backordered).Why, waits.Why)
}

func TestAReasonOnTheWire(t *testing.T) {
	for _, tc := range []struct {
		why  domain.Why
		want string
	}{
		{domain.Why{Rule: domain.Earliest, Cause: domain.Ordered}, `{"rule":"earliest","cause":"ordered"}`},
		{
			domain.Why{
				Rule: domain.Earliest, Cause: domain.BatchShrunk, By: "b1", More: 2,
				PassedOver: []domain.PassedOver{{BatchRef: "b1", Available: 3}, {BatchRef: "b2", Available: 4, ETA: october}},
			},
			`{"rule":"earliest","cause":"batch_shrunk","by":"b1","passed_over":[{"batch_ref":"b1","available":3},{"batch_ref":"b2","available":4,"eta":"2026-10-01"}],"more":2}`,
		},
	} {
		got, err := json.Marshal(tc.why)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, string(got), tc.want)

		var back domain.Why
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatal(err)
		}
		expect(t, back, tc.why)
	}
}
