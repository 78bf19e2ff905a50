package storetest

import (
	"errors"
	"slices"
	"testing"

	"allot/internal/domain"
	"allot/internal/views"
)

func availabilityByDate(t *testing.T, s *shop) {
	s.send(t,
		domain.CreateBatch{Ref: "t4", SKU: "TABLE", Qty: 40, ETA: december},
		domain.CloseBatch{Ref: "t2"},
	) // which gives order 3 its 30 units; order 6 still waits for 25
	ask := func(sku string, qty int, by string) views.Availability {
		return must(s.Availability(t.Context(), []views.Ask{{SKU: sku, Qty: qty, By: by}}))(t)[0]
	}
	table := views.Availability{
		SKU: "TABLE", OnHand: 8, Inbound: 65, Allocated: 44, Available: 28, Withheld: 1, LargestFit: 18, BackorderedLines: 1, Version: s.lastVersion(t, "TABLE"),
		Dates: []views.Arrival{{Units: 8}, {Date: "2026-12-01", Units: 45, Available: 10}, {Date: "2027-01-05", Units: 20, Available: 28}},
	}
	for i := range 2 { // the second time it may be known by heart
		same(t, ask("TABLE", 0, ""), table)
		for _, c := range []struct {
			qty     int
			by      string
			promise *views.Promise
		}{
			{1, "", &views.Promise{BatchRef: "t4", Date: "2026-12-01"}},
			{10, "2026-12-01", &views.Promise{BatchRef: "t4", Date: "2026-12-01"}},
			{10, "2026-11-30", &views.Promise{BatchRef: "t4", Date: "2026-12-01", Late: true}},
			{18, "2026-12-31", &views.Promise{BatchRef: "t3", Date: "2027-01-05", Late: true}},
			{19, "", nil},
		} {
			want := table
			want.Promise = c.promise
			same(t, ask("TABLE", c.qty, c.by), want)
		}
		if i == 0 { // and it has to be seen at once when it is not so any more
			s.send(t, domain.Allocate{OrderID: "order-10", SKU: "TABLE", Qty: 1})
			same(t, ask("TABLE", 10, "").Promise, &views.Promise{BatchRef: "t3", Date: "2027-01-05"})
			s.send(t, domain.CancelLine{OrderID: "order-10", SKU: "TABLE"})
			table.Version = s.lastVersion(t, "TABLE")
		}
	}
}

func availabilityDayByDay(t *testing.T, s *shop) {
	s.send(t, domain.CreateBatch{Ref: "s0", SKU: "SOFA", Qty: 3, ETA: december.AddDays(-9)},
		domain.CreateBatch{Ref: "s1", SKU: "SOFA", Qty: 4}, domain.CreateBatch{Ref: "s2", SKU: "SOFA", Qty: 5, ETA: december.AddDays(1)},
		domain.CreateBatch{Ref: "s3", SKU: "SOFA", Qty: 6, ETA: december.AddDays(9)}, domain.CreateBatch{Ref: "s4", SKU: "SOFA", Qty: 2, ETA: december},
		domain.Allocate{OrderID: "order-20", SKU: "SOFA", Qty: 1}, domain.Allocate{OrderID: "order-21", SKU: "SOFA", Qty: 5}, domain.CloseBatch{Ref: "s4"})
	told := must(s.Availability(t.Context(), []views.Ask{{SKU: "SOFA", AsOf: december.String(), Days: 3}}))(t)[0]
	same(t, told.Days, []views.Day{
		{Date: "2026-12-01", Units: 2, Supply: 6, Overdue: 3, Allocated: 1, Available: 6},
		{Date: "2026-12-02", Units: 5, Supply: 11, Overdue: 3, Allocated: 6, Available: 6},
		{Date: "2026-12-03", Supply: 11, Overdue: 3, Allocated: 6, Available: 6},
	})
	equal(t, "what is withheld", told.Withheld, 2)
	for _, ask := range []views.Ask{{SKU: "SOFA", Days: 3}, {SKU: "SOFA", AsOf: "2026-12-01", Days: -1}, {SKU: "SOFA", AsOf: "2026-12-01", Days: views.MaxDays + 1}} {
		_, err := s.Availability(t.Context(), []views.Ask{ask})
		refused(t, err, "days")
	}
}

func availabilityOfMany(t *testing.T, s *shop) {
	answers := must(s.Availability(t.Context(), []views.Ask{{SKU: "LAMP"}, {SKU: "RUG", Qty: 1}, {SKU: "CHAIR"}, {SKU: "LAMP", Qty: 1}}))(t)
	lamp := views.Availability{SKU: "LAMP", OnHand: 3, Allocated: 3, BackorderedLines: 2, Version: s.lastVersion(t, "LAMP"), Dates: []views.Arrival{{Units: 3}}}
	same(t, answers, []views.Availability{
		lamp, {SKU: "RUG", Unknown: true, Dates: []views.Arrival{}},
		{SKU: "CHAIR", Description: "A chair", Version: s.lastVersion(t, "CHAIR"), Dates: []views.Arrival{}}, lamp,
	})
	same(t, must(s.Availability(t.Context(), nil))(t), []views.Availability{})
	_, err := s.Availability(t.Context(), []views.Ask{{SKU: "LAMP", Qty: -1}})
	refused(t, err, "qty")
	_, err = s.Availability(t.Context(), []views.Ask{{SKU: "LAMP", By: "soon"}})
	refused(t, err, "by")
}

func linesInTrouble(t *testing.T, s *shop) {
	needed := func(id string, qty int, day domain.Date) domain.Message {
		return domain.Allocate{OrderID: id, SKU: "SOFA", Qty: qty, RequiredBy: day}
	}
	s.send(t,
		domain.CreateBatch{Ref: "s1", SKU: "SOFA", Qty: 2}, domain.CreateBatch{Ref: "s2", SKU: "SOFA", Qty: 2, ETA: december},
		domain.CreateBatch{Ref: "s3", SKU: "SOFA", Qty: 2, ETA: january},
		needed("in time", 2, december.AddDays(-9)), needed("just in time", 1, december), needed("any time", 1, 0),
		needed("late", 2, december), needed("waits", 3, december.AddDays(2)), needed("waits long", 3, january.AddDays(9)),
	)
	type trouble struct {
		Order string
		Days  int
	}
	found := func(list func(string, views.Page) (views.List[views.LateLine], error), asOf string) (out []trouble) {
		page := views.Page{Limit: 1}
		for {
			got := must(list(asOf, page))(t)
			for _, l := range got.Items {
				out = append(out, trouble{l.OrderID, l.Days})
			}
			if page.After = got.Next; page.After == "" {
				return out
			}
		}
	}
	late := func(asOf string, p views.Page) (views.List[views.LateLine], error) {
		return s.Late(t.Context(), asOf, p)
	}
	risky := func(asOf string, p views.Page) (views.List[views.LateLine], error) {
		return s.AtRisk(t.Context(), asOf, p)
	}
	counted := func(asOf string) views.Attention { return must(s.Attention(t.Context(), asOf))(t) }
	equal(t, "the count", counted("2026-12-03"), views.Attention{Late: 1, AtRisk: 3, Overdue: 2})
	equal(t, "the count", counted("2026-12-04"), views.Attention{Late: 2, AtRisk: 3, Overdue: 2})
	equal(t, "the count", counted("2026-12-01"), views.Attention{Late: 1})
	equal(t, "the list", found(late, "2026-12-03"), []trouble{{"late", 35}})
	equal(t, "the list", found(late, "2026-12-04"), []trouble{{"late", 35}, {"waits", 1}})
	equal(t, "the list", found(risky, "2026-12-01"), nil)
	equal(t, "the list", found(risky, "2026-12-03"), []trouble{{"order-2", 2}, {"just in time", 2}, {"any time", 2}})

	s.send(t, domain.ReceiveBatch{Ref: "s2"}, domain.ChangeBatch{Ref: "s3", ETA: domain.To(december)})
	equal(t, "the list", found(late, "2026-12-03"), nil)
	equal(t, "the list", found(risky, "2026-12-03"), []trouble{{"order-2", 2}, {"late", 2}})
	_, err := s.Late(t.Context(), "soon", views.Page{})
	refused(t, err, "as_of")
	_, err = s.Attention(t.Context(), "soon")
	refused(t, err, "as_of")
}

func batchesOnTheirWay(t *testing.T, s *shop) {
	s.send(t,
		domain.CreateBatch{Ref: "s1", SKU: "SOFA", Qty: 2}, domain.CreateBatch{Ref: "s4", SKU: "SOFA", Qty: 2, ETA: january.AddDays(1)},
		domain.CreateBatch{Ref: "s2", SKU: "SOFA", Qty: 2, ETA: january}, domain.CreateBatch{Ref: "s3", SKU: "SOFA", Qty: 2, ETA: january},
		domain.CreateBatch{Ref: "s5", SKU: "SOFA", Qty: 2, ETA: january}, domain.ChangeBatchQuantity{Ref: "s5", Qty: 0},
	)
	found := func(from, before string) (refs []string) {
		page := views.Page{Limit: 1}
		for {
			got := must(s.Coming(t.Context(), from, before, page))(t)
			for _, b := range got.Items {
				refs = append(refs, b.Ref)
			}
			if page.After = got.Next; page.After == "" {
				return refs
			}
		}
	}
	first := january.String()
	all := found("", "")
	if n := len(all); n < 4 || all[n-1] != "s4" || all[n-2] != "s3" {
		t.Fatalf("on their way are %q", all)
	}
	equal(t, "what comes from a day on", found(first, ""), all[slices.Index(all, "t3"):])
	equal(t, "what comes before a day", found("", first), all[:slices.Index(all, "t3")])
	equal(t, "what comes on a day", found(first, january.AddDays(1).String()), []string{"t3", "s2", "s3"})
	equal(t, "what comes then", found(january.AddDays(2).String(), ""), nil)
	for field, ask := range map[string][2]string{"from": {"soon", ""}, "before": {"", "soon"}} {
		_, err := s.Coming(t.Context(), ask[0], ask[1], views.Page{})
		refused(t, err, field)
	}
	_, err := s.Coming(t.Context(), "", "", views.Page{After: "nowhere"})
	refused(t, err, "cursor")
}

func historyOfALine(t *testing.T, s *shop) {
	events := func(order, sku string) (types []string) {
		for _, e := range must(s.History(t.Context(), order, sku))(t).Events {
			types = append(types, e.Type)
		}
		return types
	}
	same(t, events("order-1", "LAMP"), []string{"allocated"})
	same(t, events("order-5", "TABLE"), []string{"allocated", "allocated"})
	same(t, events("order-7", "TABLE"), []string{"allocated", "line_cancelled"})
	s.send(t,
		domain.ChangeBatch{Ref: "t3", ETA: domain.To(january.AddDays(3))},
		domain.AmendLine{OrderID: "order-5", SKU: "TABLE", Amendment: domain.Amendment{Qty: domain.To(3), Priority: domain.To(domain.NewPriority(9))}},
		domain.ReceiveBatch{Ref: "t3"}, domain.ShipLine{OrderID: "order-5", SKU: "TABLE", Shipped: 1},
	)
	s.send(t, domain.ShipLine{OrderID: "order-5", SKU: "TABLE"}, domain.ReturnLine{OrderID: "order-5", SKU: "TABLE", Returned: 1})
	same(t, events("order-5", "TABLE"), []string{
		"allocated", "allocated", "promise_changed", "line_terms_changed", "line_amended", "promise_changed", "line_shipped", "line_shipped", "line_returned",
	})
	line := must(s.History(t.Context(), "order-5", "TABLE"))(t).Line
	highest := 9
	line.Why = nil
	same(t, line, views.Line{
		OrderID: "order-5", SKU: "TABLE", Qty: 3, Status: "shipped", BatchRef: "t3",
		Priority: &highest, Shipped: 3, Returned: 1,
	})
	if _, err := s.History(t.Context(), "order-1", "RUG"); !errors.Is(err, views.ErrNotFound) {
		t.Errorf("the history of no line: %v", err)
	}
}
