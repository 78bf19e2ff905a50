package web_test

import (
	"fmt"
	"testing"

	"allot/internal/domain"
)

func TestTheOverviewCountsAllAndShowsTheWorstFirst(t *testing.T) {
	s := furnish(t)
	for i := range 12 {
		s.do(domain.CreateBatch{Ref: fmt.Sprintf("b%02d", i), SKU: "TABLE", Qty: 1, ETA: day("2027-03-11").AddDays(i)},
			domain.Allocate{OrderID: fmt.Sprintf("late-%02d", i), SKU: "TABLE", Qty: 1, RequiredBy: day("2027-03-10")})
	}
	s.get("/").says(t, 200, "Needs attention", "12 late", "1 at risk", "1 backordered", "1 overdue batch", "0 parked deliveries",
		"Units Needed Batch Arrives Days Status late-11 TABLE 1 Wed 10 Mar b11 Mon 22 Mar 12", "All 12 late lines", "Overdue batches",
		"late CHAIR Sun 28 Feb ! 2 days overdue", "Arriving", "soon CHAIR Thu 11 Mar", "All that is on its way", "33 events in 15 minutes")
	s.get("/?as_of=2027-02-01").says(t, 200, "12 late", "0 at risk", "0 overdue batches")
	s.get("/overdue").says(t, 200, "Overdue batches", "late CHAIR")
	s.get("/arriving").says(t, 200, "Arriving batches", "soon CHAIR Thu 11 Mar", "b11 TABLE Mon 22 Mar")
}
