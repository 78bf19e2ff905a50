package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/wire"
)

const (
	html    = "text/html; charset=utf-8"
	plain   = "application/json"
	problem = "application/problem+json"
	ndjson  = "application/x-ndjson"
)

func TestTheBooksContract(t *testing.T) {
	s := open(t)
	for _, step := range []struct {
		request, body string
		status        int
		contentType   string
		want          string
		headers       []string // names and values in turn
	}{
		{"POST /add_batch", `{"ref":"b-ship","sku":"LAMP","qty":100,"eta":"2026-12-01"}`, 201, html, "OK", []string{"Content-Length", "2"}},
		{"POST /add_batch", `{"ref":"b-here","sku":"LAMP","qty":10,"eta":null}`, 201, html, "OK", nil},
		{"POST /add_batch", `{"ref":"b-later","sku":"LAMP","qty":100,"eta":"2027-01-01T08:00:00"}`, 201, html, "OK", nil},
		{"POST /add_batch", `{"ref":"b-ship","sku":"LAMP","qty":100,"eta":"2026-12-01"}`, 201, html, "OK", nil}, // again
		{"POST /add_batch", `{"ref":"b-none","sku":"CHAIR","qty":0,"colour":"red"}`, 201, html, "OK", nil},

		{"POST /allocate", `{"orderid":"o1","sku":"LAMP","qty":10}`, 202, html, "OK", []string{"Content-Length", "2", "Allocation-Status", "allocated", "Allocation-Batch", "b-here"}},
		{"POST /allocate", `{"orderid":"o1","sku":"LAMP","qty":10}`, 202, html, "OK", []string{"Allocation-Status", "replayed", "Allocation-Batch", "b-here"}},
		{"POST /allocate", `{"orderid":"o2","sku":"LAMP","qty":10,"extra":[]}`, 202, html, "OK", []string{"Allocation-Status", "allocated", "Allocation-Batch", "b-ship"}},
		{"POST /allocate", `{"orderid":"o3","sku":"LAMP","qty":1000}`, 202, html, "OK", []string{"Allocation-Status", "out_of_stock", "Allocation-Batch", ""}},
		{"POST /allocate", `{"orderid":"o3","sku":"CHAIR","qty":1}`, 202, html, "OK", []string{"Allocation-Status", "out_of_stock"}},
		{"POST /allocate", `{"orderid":"o4","sku":"NOPE","qty":1}`, 400, plain, `{"message":"Invalid sku NOPE"}` + "\n", []string{"Content-Length", "31"}},
		{"POST /allocate", `{"orderid":"o4","sku":"TAPIS-É","qty":1}`, 400, plain, `{"message":"Invalid sku TAPIS-\u00c9"}` + "\n", nil},
		{"POST /allocate", `{"orderid":"o/5//a/../b","sku":"LAMP","qty":1}`, 202, html, "OK", nil},
		{"POST /allocate", `{"orderid":"100% é?#","sku":"LAMP","qty":1}`, 202, html, "OK", nil},

		{"GET /allocations/o1", "", 200, plain, `[{"batchref":"b-here","sku":"LAMP"}]` + "\n", []string{"Content-Length", "37"}},
		{"GET /allocations/o2", "", 200, plain, `[{"batchref":"b-ship","sku":"LAMP"}]` + "\n", nil},
		{"GET /allocations/o3", "", 404, html, "not found", []string{"Content-Length", "9"}},
		{"GET /allocations/o4", "", 404, html, "not found", nil},
		{"GET /allocations/", "", 404, html, "not found", nil},
		{"GET /allocations/o%2F5%2F%2Fa%2F..%2Fb", "", 200, plain, `[{"batchref":"b-ship","sku":"LAMP"}]` + "\n", nil},
		{"GET /allocations/o/5//a/../b", "", 200, plain, `[{"batchref":"b-ship","sku":"LAMP"}]` + "\n", nil},
		{"GET /allocations/100%25%20%C3%A9%3F%23", "", 200, plain, `[{"batchref":"b-ship","sku":"LAMP"}]` + "\n", nil},
		{"HEAD /allocations/o1", "", 200, plain, "", []string{"Content-Length", "37"}},
		{"OPTIONS /allocations/o1", "", 200, "", "", []string{"Allow", "GET, HEAD, OPTIONS", "Content-Length", "0"}},
		{"OPTIONS /allocate", "", 200, "", "", []string{"Allow", "OPTIONS, POST"}},
	} {
		t.Run(step.request+" "+step.body, func(t *testing.T) {
			s := s.in(t)
			method, path, _ := strings.Cut(step.request, " ")
			var got answer
			if method == http.MethodPost {
				got = s.post(path, step.body)
			} else {
				got = s.ask(method, path, "")
			}
			s.expect(got, step.status, step.contentType, step.want, step.headers...)
		})
	}
}

// The book's own end-to-end tests.

func TestHappyPathReturns202AndBatchIsAllocated(t *testing.T) {
	s := open(t)
	s.post("/add_batch", `{"ref":"later","sku":"LAMP","qty":100,"eta":"2011-01-02"}`)
	s.post("/add_batch", `{"ref":"early","sku":"LAMP","qty":100,"eta":"2011-01-01"}`)
	s.post("/add_batch", `{"ref":"other","sku":"CHAIR","qty":100,"eta":null}`)

	s.expect(s.post("/allocate", `{"orderid":"o1","sku":"LAMP","qty":3}`), 202, html, "OK")
	s.expect(s.get("/allocations/o1"), 200, plain, `[{"batchref":"early","sku":"LAMP"}]`+"\n")
}

func TestUnhappyPathReturns400AndErrorMessage(t *testing.T) {
	s := open(t)
	s.expect(s.post("/allocate", `{"orderid":"o1","sku":"LAMP","qty":20}`), 400, plain, `{"message":"Invalid sku LAMP"}`+"\n")
	s.expect(s.get("/allocations/o1"), 404, html, "not found")
}

func TestOnlyAllocatedLinesAreListedBySKU(t *testing.T) {
	s := open(t)
	s.do(
		domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 5}, domain.CreateBatch{Ref: "b2", SKU: "CHAIR", Qty: 5}, domain.CreateBatch{Ref: "b3", SKU: "RUG", Qty: 5},
		domain.Allocate{OrderID: "o1", SKU: "RUG", Qty: 1}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 50},
		domain.Allocate{OrderID: "o1", SKU: "CHAIR", Qty: 1}, domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 1}, domain.CancelLine{OrderID: "o2", SKU: "LAMP"},
	)
	s.expect(s.get("/allocations/o1"), 200, plain, `[{"batchref":"b2","sku":"CHAIR"},{"batchref":"b3","sku":"RUG"}]`+"\n")
	s.expect(s.get("/allocations/o2"), 404, html, "not found")
	s.expect(s.post("/allocate", `{"orderid":"o1","sku":"LAMP","qty":50}`), 202, html, "OK", "Allocation-Status", "replayed", "Allocation-Batch", "")
}

func TestTheBooksRoutesForgetWhatFindsNoStock(t *testing.T) {
	s := open(t)
	s.post("/add_batch", `{"ref":"b1","sku":"LAMP","qty":1}`)
	s.post("/allocate", `{"orderid":"o1","sku":"LAMP","qty":2}`)
	s.post("/add_batch", `{"ref":"b2","sku":"LAMP","qty":100}`)
	s.expect(s.get("/allocations/o1"), 404, html, "not found")
}

func TestWhatTheBookAnswersWithA500IsExplained(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 100}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 3},
		domain.Allocate{OrderID: "gone", SKU: "LAMP", Qty: 3}, domain.CancelLine{OrderID: "gone", SKU: "LAMP"})
	before := s.events()
	for _, tt := range []struct {
		path, body  string
		contentType string
		status      int
		code, field string
	}{
		{"/allocate", `{"orderid":"o1","sku":"LAMP","qty":4}`, plain, 409, "line_conflict", ""},
		{"/allocate", `{"orderid":"gone","sku":"LAMP","qty":3}`, plain, 409, "line_cancelled", ""},
		{"/add_batch", `{"ref":"b1","sku":"LAMP","qty":101}`, plain, 409, "batch_conflict", ""},
		{"/add_batch", `{"ref":"b1","sku":"RUG","qty":100}`, plain, 409, "batch_conflict", ""},

		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":0}`, plain, 400, "validation_failed", "qty"},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":-5}`, plain, 400, "validation_failed", "qty"},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":1.5}`, plain, 400, "validation_failed", "qty"},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":"3"}`, plain, 400, "validation_failed", "qty"},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":null}`, plain, 400, "validation_failed", "qty"},
		{"/allocate", `{"orderid":"o2","sku":"LAMP"}`, plain, 400, "validation_failed", "qty"},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":2147483648}`, plain, 400, "validation_failed", "qty"},
		{"/allocate", `{"orderid":"","sku":"LAMP","qty":3}`, plain, 400, "validation_failed", "orderid"},
		{"/allocate", `{"orderid":7,"sku":"LAMP","qty":3}`, plain, 400, "validation_failed", "orderid"},
		{"/allocate", `{"orderid":"o2","sku":"LAMP ","qty":3}`, plain, 400, "validation_failed", "sku"},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","Qty":3}`, plain, 400, "validation_failed", "Qty"},
		{"/add_batch", `{"ref":"b2","sku":"LAMP","qty":-10}`, plain, 400, "validation_failed", "qty"},
		{"/add_batch", `{"ref":"b2","sku":"LAMP","qty":10,"eta":"soon"}`, plain, 400, "validation_failed", "eta"},
		{"/add_batch", `{"sku":"LAMP","qty":10}`, plain, 400, "validation_failed", "ref"},
		{"/add_batch", `[]`, plain, 400, "malformed_json", ""},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":3,"qty":30}`, plain, 400, "malformed_json", ""},
		{"/allocate", `{"orderid":"o2",`, plain, 400, "malformed_json", ""},
		{"/allocate", ``, plain, 400, "malformed_json", ""},
		{"/allocate", strings.Repeat(" ", httpapi.MaxBody+1), plain, 413, "too_large", ""},
		{"/allocate", strings.Repeat(" ", 10*httpapi.MaxBody), plain, 413, "too_large", ""},

		{"/allocate", `orderid=o2&sku=LAMP&qty=3`, "application/x-www-form-urlencoded", 415, "unsupported_media_type", ""},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":3}`, "text/plain", 415, "unsupported_media_type", ""},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":3}`, "", 415, "unsupported_media_type", ""},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":3}`, "application/json; charset=latin1", 415, "unsupported_media_type", ""},
		{"/allocate", `{"orderid":"o2","sku":"LAMP","qty":3}`, "application/json; charset", 415, "unsupported_media_type", ""},
	} {
		got := s.ask(http.MethodPost, tt.path, tt.body, "Content-Type", tt.contentType)
		expectProblem(t, got, tt.status, tt.code, tt.field)
	}
	if now := s.events(); now != before {
		t.Errorf("%d events came of requests that were refused", now-before)
	}
}

// expectProblem looks at what all problems must have.
func expectProblem(t *testing.T, got answer, status int, code, field string) wire.Problem {
	t.Helper()
	var p wire.Problem
	if err := json.Unmarshal([]byte(got.Body), &p); err != nil {
		t.Fatalf("status %d, %q: %v", got.Status, got.Body, err)
	}
	if got.Status != status || p.Status != status || got.ContentType != problem || p.Code != code || p.Field != field {
		t.Errorf("got status %d, %s %s; want %d, %s of field %q", got.Status, got.ContentType, got.Body, status, code, field)
	}
	if p.Type != "/docs/errors/"+code || p.Title == "" || p.Detail == "" || p.Hint == "" || p.RequestID != got.Header.Get("X-Request-Id") {
		t.Errorf("something lacks in %s", got.Body)
	}
	return p
}

func TestJSONMaySayItsCharset(t *testing.T) {
	s := open(t)
	for _, contentType := range []string{"application/json; charset=utf-8", "Application/JSON;charset=UTF-8"} {
		got := s.ask(http.MethodPost, "/add_batch", `{"ref":"b1","sku":"LAMP","qty":1}`, "Content-Type", contentType, "Content-Encoding", "identity")
		s.expect(got, 201, html, "OK")
	}
	got := s.ask(http.MethodPost, "/add_batch", `{"ref":"b1","sku":"LAMP","qty":1}`, "Content-Type", plain, "Content-Encoding", "gzip")
	expectProblem(t, got, 415, "unsupported_media_type", "")
}

func TestWhatIsNotThereIsAProblem(t *testing.T) {
	s := open(t)
	for request, want := range map[string]struct {
		status int
		code   string
		allow  string
	}{
		"GET /":                  {404, "not_found", ""},
		"POST /allocates":        {404, "not_found", ""},
		"GET /allocations":       {404, "not_found", ""},
		"DELETE /v1":             {404, "not_found", ""},
		"GET /allocate":          {405, "method_not_allowed", "OPTIONS, POST"},
		"HEAD /echo":             {405, "method_not_allowed", "OPTIONS, POST"},
		"PUT /add_batch":         {405, "method_not_allowed", "OPTIONS, POST"},
		"POST /allocations/o1":   {405, "method_not_allowed", "GET, HEAD, OPTIONS"},
		"DELETE /allocations/o1": {405, "method_not_allowed", "GET, HEAD, OPTIONS"},
		"GET /v1/bulk":           {405, "method_not_allowed", "OPTIONS, POST"},
		"POST /healthz":          {405, "method_not_allowed", "GET, HEAD, OPTIONS"},
	} {
		method, path, _ := strings.Cut(request, " ")
		got := s.ask(method, path, "")
		if allow := got.Header.Get("Allow"); allow != want.allow {
			t.Errorf("%s allows %q, want %q", request, allow, want.allow)
		}
		if method == http.MethodHead {
			s.expect(got, want.status, problem, "")
			continue
		}
		expectProblem(t, got, want.status, want.code, "")
	}
}

func TestTheEchoAnswersAsAllocateDoesAndAllocatesNothing(t *testing.T) {
	s := open(t)
	s.expect(s.post("/echo", `{"orderid":"o1","sku":"LAMP","qty":3}`), 202, html, "OK", "Allocation-Status", "allocated", "Allocation-Batch", "LAMP")
	expectProblem(t, s.post("/echo", `{"orderid":"o1","sku":"LAMP","qty":"3"}`), 400, "validation_failed", "qty")
	if s.events() != 0 {
		t.Error("the echo did something")
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/echo", nil)
	w := httptest.NewRecorder()
	httpapi.New(s.bus, s.store, httpapi.Options{}).ServeHTTP(w, r)
	if w.Code != 404 {
		t.Errorf("there is an echo, with status %d, though nobody asked for it", w.Code)
	}
}
