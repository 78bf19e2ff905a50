package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"allot/internal/domain"
)

func TestAQuantityAndAnETAChangeTogetherAndTheMovesAreFromWhereLinesWere(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10, ETA: domain.NewDate(2026, 12, 1)}, domain.CreateBatch{Ref: "b2", SKU: "LAMP", Qty: 4, ETA: domain.NewDate(2027, 1, 1)},
		domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 4}, domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 4})
	got := s.on("PATCH /v1/batches/b1", `{"qty":5,"eta":"2026-12-08"}`)
	s.expect(got, 200, plain, `{"ref":"b1","sku":"LAMP","qty":5,"eta":"2026-12-08","allocated":4,"available":1,"moves":[`+
		`{"order_id":"o1","sku":"LAMP","qty":4,"from":"b1","from_eta":"2026-12-01","to":"b1","to_eta":"2026-12-08"},`+
		`{"order_id":"o2","sku":"LAMP","qty":4,"from":"b1","from_eta":"2026-12-01","to":"b2","to_eta":"2027-01-01"}]}`+"\n")
	got = s.on("PATCH /v1/batches/b1", `{"eta":null}`)
	s.expect(got, 200, plain, `{"ref":"b1","sku":"LAMP","qty":5,"allocated":4,"available":1,"moves":[`+
		`{"order_id":"o1","sku":"LAMP","qty":4,"from":"b1","from_eta":"2026-12-08","to":"b1"}]}`+"\n")
}

func TestAWholeOrderMayBeLarge(t *testing.T) {
	s := open(t)
	const n = 2000
	lines := make([]string, n)
	for i := range n {
		sku := fmt.Sprintf("SKU-%04d", i)
		s.do(domain.CreateBatch{Ref: "of " + sku, SKU: sku, Qty: 1})
		lines[i] = fmt.Sprintf(`{"sku":%q,"qty":1,"required_by":"2026-12-24"}`, sku)
	}
	body := `{"order_id":"o1","mode":"all","lines":[` + strings.Join(lines, ",") + `]}`
	if got := s.post("/v1/orders", body); got.Status != 201 || strings.Count(got.Body, `"status":"allocated"`) != n || got.Header.Get("Location") != "/v1/orders/o1" {
		t.Errorf("status %d: %.300s", got.Status, got.Body)
	}
	if got := s.post("/v1/orders", strings.Repeat(" ", 5<<20)); got.Status != 413 {
		t.Errorf("what is too large has status %d: %.300s", got.Status, got.Body)
	}
	if got := s.post("/v1/batches", strings.Repeat(" ", 1<<20)); got.Status != 413 {
		t.Errorf("what is large has status %d elsewhere: %.300s", got.Status, got.Body)
	}
}

func TestABodyThatSaysNothingMayBeLeftOut(t *testing.T) {
	s := busy(t)
	for request, want := range map[string]int{
		"POST /v1/batches/b1/close":                200,
		"POST /v1/batches/b3/reopen":               200,
		"POST /v1/batches/b2/receive":              200,
		"POST /v1/orders/o1/lines/LAMP/ship":       200,
		"POST /v1/orders/o5/lines/LAMP/confirm":    200,
		"POST /v1/orders/o4/lines/LAMP/return":     415, // it has to say how much
		"POST /v1/orders/nobody/lines/LAMP/amends": 404,
	} {
		if got := s.on(request, ""); got.Status != want {
			t.Errorf("%s: status %d, want %d: %s", request, got.Status, want, got.Body)
		}
	}
	if got := s.ask("POST", "/v1/batches/b1/close", "", "Content-Type", "application/json"); got.Status != 200 {
		t.Errorf("nothing, said to be JSON, has status %d", got.Status)
	}
	if got := s.ask("POST", "/v1/batches/b1/close", "reason=x", "Content-Type", "application/x-www-form-urlencoded"); got.Status != 415 {
		t.Errorf("a form has status %d", got.Status)
	}
}

func TestWhatIsAskedAboutStockIsRefusedIfItMakesNoSense(t *testing.T) {
	s := stocked(t)
	for path, field := range map[string]string{
		"/v1/products/LAMP/availability?qty=0":                           "qty",
		"/v1/products/LAMP/availability?qty=1.5":                         "qty",
		"/v1/products/LAMP/availability?days=0":                          "days",
		"/v1/products/LAMP/availability?days=367":                        "days",
		"/v1/availability?sku=LAMP&days=3":                               "days",
		"/v1/products/LAMP/availability?by=tomorrow":                     "by",
		"/v1/products/LAMP/availability?quantity=1":                      "quantity",
		"/v1/availability":                                               "sku",
		"/v1/availability?sku=LAMP&qty=1&qty=2":                          "qty",
		"/v1/availability?sku=LAMP&skus=LAMP":                            "skus",
		"/v1/availability?sku=" + strings.Repeat("LAMP&sku=", 500) + "A": "sku",
		"/v1/late?as_of=soon":                                            "as_of",
		"/v1/late?as_of=":                                                "as_of",
		"/v1/at-risk?limit=0":                                            "limit",
	} {
		if got := s.get(path); got.Status != 422 || s.understand(got).Field != field {
			t.Errorf("%.60s: status %d, %s", path, got.Status, got.Body)
		}
	}
	if got := s.get("/v1/products/NOPE/availability"); got.Status != 404 {
		t.Errorf("an unknown product: status %d, %s", got.Status, got.Body)
	}
	if got := s.get("/v1/orders/o1/lines/NOPE/history"); got.Status != 404 || s.understand(got).Code != "unknown_line" {
		t.Errorf("an unknown line: status %d, %s", got.Status, got.Body)
	}
}

func TestManyProductsAreAnsweredInTheOrderAsked(t *testing.T) {
	s := stocked(t)
	got := s.get("/v1/availability?sku=NOPE&sku=LAMP&sku=NOPE&qty=5")
	for _, want := range []string{`{"items":[{"sku":"NOPE","unknown":true`, `"promise":{"batch_ref":"b2","date":"2027-01-01"}`} {
		if got.Status != 200 || !strings.Contains(got.Body, want) {
			t.Errorf("status %d: %s has no %s", got.Status, got.Body, want)
		}
	}
	if strings.Count(got.Body, "NOPE") != 2 {
		t.Errorf("got %s", got.Body)
	}
}

func TestLateLinesAreOfOneDayOverAllPages(t *testing.T) {
	s := stocked(t)
	for i := range 3 {
		s.do(domain.Allocate{OrderID: fmt.Sprintf("late-%d", i), SKU: "LAMP", Qty: 50, RequiredBy: domain.NewDate(2026, 1, 1)})
	}
	seen := 0
	for next := "/v1/late?limit=1&as_of=2026-01-02"; next != ""; seen++ {
		var page struct {
			AsOf  string `json:"as_of"`
			Items []struct{ Days int }
			Next  string
		}
		s.readInto(s.get(next), &page)
		if page.AsOf != "2026-01-02" || len(page.Items) != 1 || page.Items[0].Days != 1 {
			t.Fatalf("%s: %+v", next, page)
		}
		next = page.Next
	}
	var today struct {
		AsOf string `json:"as_of"`
	}
	if s.readInto(s.get("/v1/late"), &today); seen != 3 || len(today.AsOf) != len("2026-01-02") {
		t.Errorf("%d pages; today is %q", seen, today.AsOf)
	}
}
