package web_test

import (
	"strings"
	"testing"

	"allot/internal/domain"
)

func TestWhatMayBeASlipIsSaidBeforeItIsDone(t *testing.T) {
	s := furnish(t)
	for path, says := range map[string]string{
		"/do/add_batch?ref=r&sku=CHIAR&qty=5":                "There is no product CHIAR yet: this would be its first batch.",
		"/do/add_batch?ref=r&sku=CHAIR&qty=5&eta=2020-01-01": "The ETA is in the past",
		"/do/change_batch?ref=soon&qty=100&eta=2027-03-01":   "The ETA is in the past",
	} {
		s.get(path).says(t, 200, says)
	}
	for _, path := range []string{"/do/add_batch?ref=r&sku=CHAIR&qty=5&eta=2027-03-20", "/do/change_batch?ref=late", "/do/receive_batch?ref=late"} {
		if got := s.get(path); strings.Contains(got.Body, `class="caution"`) {
			t.Errorf("%s: %s", path, got.text())
		}
	}
}

func TestTheButtonCountsTheLinesBesidesThatOfTheForm(t *testing.T) {
	s := furnish(t)
	s.do(domain.CreateBatch{Ref: "lamps", SKU: "LAMP", Qty: 5}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 5}, domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 4})
	s.get("/do/cancel?order_id=o2&sku=LAMP").says(t, 200, "Preview Cancel the line Back")
	s.get("/do/cancel?order_id=o1&sku=LAMP").says(t, 200, "Preview Cancel the line and 1 other Back")
	s.get("/do/change_batch?ref=lamps&qty=9").says(t, 200, "Preview Change the batch and 1 line Back")
}
