package web_test

import (
	"slices"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
)

// told is the log as its page tells it.
func (s *shop) told() string {
	s.t.Helper()
	return strings.Join(strings.Fields(tags.ReplaceAllString(s.get("/events").Body, " ")), " ")
}

func TestWhatHappenedIsToldInWords(t *testing.T) {
	s := open(t)
	april, may := domain.NewDate(2027, 4, 5), domain.NewDate(2027, 5, 3)
	for _, step := range []struct {
		cmd  domain.Message
		says []string
	}{
		{domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10, ETA: april, Location: "north", UseBy: domain.NewDate(2027, 12, 31)},
			[]string{"b1 has 10 units, comes Mon 5 Apr, at north, good until Fri 31 Dec."}},
		{domain.DescribeProduct{SKU: "LAMP", Description: "a {batch} & lamp"}, []string{`It is called &#34;a {batch} &amp; lamp&#34;.`}},
		{domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 6}, []string{"o1 gets 6 units of b1 , comes Mon 5 Apr."}},
		{domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 9}, []string{"o2 wanted 9 units; the largest line that fitted had 4.", "o2 is backordered with 9 units."}},
		{domain.CreateBatch{Ref: "b2", SKU: "LAMP", Qty: 9}, []string{"b2 has 9 units, in the warehouse.", "o2 gets 9 units of b2 , in the warehouse, because a batch was added."}},
		{domain.ChangeBatch{Ref: "b1", ETA: domain.To(may)}, []string{"b1 comes Mon 3 May; it was to be there Mon 5 Apr.", "o1 is promised Mon 3 May; it was promised Mon 5 Apr."}},
		{domain.ChangeBatchQuantity{Ref: "b1", Qty: 5}, []string{"b1 has 5 units; it had 10.", "o1 gives up 6 units of b1 .", "o1 is backordered with 6 units, because a batch got smaller."}},
		{domain.AmendLine{OrderID: "o1", SKU: "LAMP", Amendment: domain.Amendment{Qty: domain.To(2), Priority: domain.To(domain.NewPriority(9)), Frozen: domain.To(true)}},
			[]string{"o1 wants 2 units; it wanted 6.", "o1 has priority 9, is needed as soon as possible and is frozen."}},
		{domain.ReceiveBatch{Ref: "b1"}, []string{"b1 has arrived, with 5 units."}},
		{domain.ShipLine{OrderID: "o2", SKU: "LAMP", Shipped: 4}, []string{"4 units of o2 left with b2 ; 5 are still to go."}},
		{domain.ReturnLine{OrderID: "o2", SKU: "LAMP", Returned: 1}, []string{"1 unit of o2 came back, into b2 ."}},
		{domain.SetPolicy{SKU: "LAMP", Policy: domain.To("first_expired"), SafetyStock: domain.To(2)}, []string{"Lines are placed by the policy first_expired, with 2 units kept back."}},
		{domain.CloseBatch{Ref: "b1"}, []string{"b1 is closed: it takes no more lines."}},
		{domain.ReopenBatch{Ref: "b1"}, []string{"b1 takes lines again."}},
		{domain.CancelLine{OrderID: "o2", SKU: "LAMP"}, []string{"o2 is cancelled, with 5 units."}},
	} {
		for o := range service.SendEach(t.Context(), s.bus, slices.Values([]domain.Message{step.cmd})) {
			if o.Err != nil {
				t.Fatalf("%+v: %v", step.cmd, o.Err)
			}
		}
		told := s.told()
		for _, says := range step.says {
			if !strings.Contains(told, says) {
				t.Errorf("%s: it doesn't say %q: %s", step.cmd.CommandName(), says, told)
			}
		}
	}
}
