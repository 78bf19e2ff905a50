package httpapi_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
)

// writes are requests that change something, on a shop that is busy.
var writes = []struct{ request, body string }{
	{"POST /v1/batches", `{"ref":"b9","sku":"LAMP","qty":50,"eta":"2026-12-01"}`},
	{"PATCH /v1/batches/b1", `{"qty":2}`},
	{"PATCH /v1/batches/b1", `{"qty":100}`},
	{"PUT /v1/products/LAMP", `{"description":"Lamp"}`},
	{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":2}`},
	{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":200}`},
	{"PATCH /v1/batches/b2", `{"eta":"2027-02-01","reason":"storm"}`},
	{"PATCH /v1/batches/b2", `{"qty":20,"eta":null}`},
	{"POST /v1/batches/b2/receive", `{"qty":7}`},
	{"POST /v1/batches/b2/receive", ``},
	{"POST /v1/batches/b1/close", `{"reason":"recalled"}`},
	{"POST /v1/batches/b3/reopen", ``},
	{"POST /v1/orders", `{"order_id":"o9","lines":[{"sku":"LAMP","qty":2,"priority":9},{"sku":"NOPE","qty":1}]}`},
	{"POST /v1/orders", `{"order_id":"o9","mode":"all","lines":[{"sku":"LAMP","qty":2,"required_by":"2026-12-24"}],"hold_until":"2100-01-01T00:00:00Z"}`},
	{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":2,"priority":1,"required_by":"2026-12-24","hold_until":"2100-01-01T00:00:00Z"}`},
	{"PATCH /v1/orders/o1/lines/LAMP", `{"qty":1,"priority":7,"required_by":"2026-12-24"}`},
	{"PATCH /v1/orders/o1/lines/LAMP", `{"qty":30,"may_move":true}`},
	{"POST /v1/orders/o1/lines/LAMP/ship", ``},
	{"POST /v1/orders/o2/lines/LAMP/ship", `{"shipped":3}`},
	{"POST /v1/orders/o4/lines/LAMP/return", `{"returned":1}`},
	{"POST /v1/orders/o5/lines/LAMP/confirm", ``},
	{"POST /v1/orders/o5/lines/LAMP/release", `{"reason":"gone"}`},
	{"DELETE /v1/orders/o1/lines/LAMP", ``},
	{"DELETE /v1/orders/o3/lines/LAMP", ``},
}

// stocked opens a shop with a batch that is nearly used up, and one that is far
// away.
func stocked(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10}, domain.CreateBatch{Ref: "b2", SKU: "LAMP", Qty: 5, ETA: domain.NewDate(2027, 1, 1)},
		domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 4}, domain.Allocate{OrderID: "o2", SKU: "LAMP", Qty: 4}, domain.Allocate{OrderID: "o3", SKU: "LAMP", Qty: 6})
	return s
}

// busy opens such a shop in which more has happened: a batch is closed, a line
// was shipped, and one is held.
func busy(t *testing.T) *shop {
	t.Helper()
	s := stocked(t)
	until, err := domain.ParseInstant("2100-01-01T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	s.do(domain.CreateBatch{Ref: "b3", SKU: "LAMP"}, domain.CloseBatch{Ref: "b3"}, domain.ChangeBatchQuantity{Ref: "b3", Qty: 6},
		domain.Allocate{OrderID: "o4", SKU: "LAMP", Qty: 2}, domain.ShipLine{OrderID: "o4", SKU: "LAMP"},
		domain.Allocate{OrderID: "o5", SKU: "LAMP", Qty: 1, HoldUntil: until})
	return s
}

func (s *shop) write(request, query, body string) answer {
	s.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	contentType := plain
	if body == "" {
		contentType = ""
	}
	return s.ask(method, path+query, body, "Content-Type", contentType)
}

func TestADryRunOfAWriteAnswersAsTheRealOneAndDoesNothing(t *testing.T) {
	for _, w := range writes {
		t.Run(w.request+w.body, func(t *testing.T) {
			s := busy(t)
			before := s.events()
			tried := s.write(w.request, "?dry_run=true", w.body)
			if now := s.events(); now != before {
				t.Errorf("%d events were written", now-before)
			}
			conditions := []string{"X-Request-Id", "r-1"} // those that the dry run says
			if version := tried.Header.Get("ETag"); version != "" {
				conditions = append(conditions, "If-Match", version)
			}
			done := s.on(w.request+"?dry_run=false&plan="+s.understand(tried).Plan, w.body, conditions...)
			if s.events() == before {
				t.Error("the real one did nothing")
			}
			var a, b map[string]any
			if json.Unmarshal([]byte(tried.Body), &a) != nil || json.Unmarshal([]byte(done.Body), &b) != nil {
				t.Fatalf("%s\n%s", tried.Body, done.Body)
			}
			if a["dry_run"] != true || a["moves"] == nil {
				t.Errorf("the dry run says %s", tried.Body)
			}
			if plan, _ := a["plan"].(string); plan == "" {
				t.Errorf("the dry run has no plan: %s", tried.Body)
			}
			delete(a, "dry_run")
			delete(a, "plan")
			if moves, _ := a["moves"].([]any); len(moves) == 0 {
				delete(a, "moves")
			}
			if diff := cmp.Diff(b, a); tried.Status != done.Status || diff != "" {
				t.Errorf("status %d and %d; %s", tried.Status, done.Status, diff)
			}
		})
	}
}

func TestARepeatChangesNothingAndSaysSo(t *testing.T) {
	for _, w := range writes {
		s := busy(t)
		s.write(w.request, "", w.body)
		before := s.events()
		again := s.write(w.request, "", w.body)
		if again.Status != 200 || !strings.Contains(again.Body, `"replayed":true`) || s.events() != before {
			t.Errorf("%s %s: status %d, %s, %d new events", w.request, w.body, again.Status, again.Body, s.events()-before)
		}
	}
}

func TestAChangeSaysWhichLinesMove(t *testing.T) {
	s := stocked(t)
	got := s.write("PATCH /v1/batches/b1", "", `{"qty":4}`)
	s.expect(got, 200, plain, `{"ref":"b1","sku":"LAMP","qty":4,"allocated":4,"available":0,"moves":[`+
		`{"order_id":"o2","sku":"LAMP","qty":4,"from":"b1","to":"b2","to_eta":"2027-01-01"}]}`+"\n")
	got = s.write("DELETE /v1/orders/o2/lines/LAMP", "", "")
	s.expect(got, 200, plain, `{"order_id":"o2","sku":"LAMP","status":"cancelled"}`+"\n") // o3 is too large
	got = s.write("PATCH /v1/batches/b2", "", `{"qty":6}`)
	s.expect(got, 200, plain, `{"ref":"b2","sku":"LAMP","qty":6,"eta":"2027-01-01","allocated":6,"available":0,"moves":[`+
		`{"order_id":"o3","sku":"LAMP","qty":6,"to":"b2","to_eta":"2027-01-01"}]}`+"\n")
}

func TestWhatWasCreatedIsWhereTheAnswerSays(t *testing.T) {
	s := open(t)
	for request, body := range map[string]string{
		"POST /v1/batches": `{"ref":"a/b//../é ?#%","sku":"LAMP//X","qty":5}`,
		"POST /v1/orders/o%2F5%2F%2Fa%2F..%2Fb/lines": `{"sku":"LAMP//X","qty":1}`,
	} {
		if strings.Contains(request, "orders") {
			s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP//X", Qty: 5})
		}
		got := s.write(request, "", body)
		if got.Status != 201 {
			t.Fatalf("status %d: %s", got.Status, got.Body)
		}
		if found := s.get(got.Header.Get("Location")); found.Status != 200 {
			t.Errorf("%s has %d %s", got.Header.Get("Location"), found.Status, found.Body)
		}
	}
}

func TestAListIsReadPageByPage(t *testing.T) {
	s := stocked(t)
	var refs []string
	for next := "/v1/batches?limit=1&sku=LAMP"; next != ""; {
		var page struct {
			Items []struct{ Ref string }
			Next  string
		}
		got := s.get(next)
		if err := json.Unmarshal([]byte(got.Body), &page); err != nil || len(page.Items) != 1 {
			t.Fatalf("%s: %s", next, got.Body)
		}
		refs, next = append(refs, page.Items[0].Ref), page.Next
	}
	if want := []string{"b1", "b2"}; !slices.Equal(refs, want) {
		t.Errorf("got %v, want %v", refs, want)
	}
	s.expect(s.get("/v1/batches?sku=NOPE"), 200, plain, `{"items":[]}`+"\n")
	s.expect(s.get("/v1/batches?limit=100000&sku=NOPE"), 200, plain, `{"items":[]}`+"\n")
}

func TestWhatCannotBeRightIsAProblem(t *testing.T) {
	s := stocked(t)
	before := s.events()
	for _, tt := range []struct {
		request, body string
		status        int
		code, field   string
	}{
		{"GET /v1/orders/nope", "", 404, "not_found", ""},
		{"GET /v1/products/NOPE", "", 404, "not_found", ""},
		{"GET /v1/batches/nope", "", 404, "unknown_batch", "ref"},
		{"GET /v1/batches/nope/lines", "", 404, "unknown_batch", "ref"},
		{"GET /v1/orders/nope/lines/LAMP", "", 404, "unknown_line", "sku"},
		{"GET /v1/orders/o1/lines/NOPE/explanation", "", 404, "unknown_line", "sku"},
		{"DELETE /v1/orders/o1/lines/NOPE", "", 404, "unknown_line", "sku"},
		{"PATCH /v1/batches/nope", `{"qty":1}`, 404, "unknown_batch", "ref"},

		{"POST /v1/orders/o9/lines", `{"sku":"NOPE","qty":1}`, 422, "unknown_sku", "sku"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":0}`, 422, "validation_failed", "qty"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":1.0}`, 422, "validation_failed", "qty"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":1e0}`, 422, "validation_failed", "qty"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":"1"}`, 422, "validation_failed", "qty"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP"}`, 422, "validation_failed", "qty"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":1,"SKU":"X"}`, 422, "validation_failed", "SKU"},
		{"POST /v1/orders/o9/lines", `{"ſku":"LAMP","qty":1}`, 422, "validation_failed", "ſku"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":1,"order_id":"o1"}`, 422, "validation_failed", "order_id"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":1,"on_shortage":"wait"}`, 422, "validation_failed", "on_shortage"},
		{"POST /v1/orders/o9%20/lines", `{"sku":"LAMP","qty":1}`, 422, "validation_failed", "order_id"},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","sku":"LAMP","qty":1}`, 400, "malformed_json", ""},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":1}{}`, 400, "malformed_json", ""},
		{"POST /v1/orders/o9/lines", "{\"sku\":\"LAMP\xff\",\"qty\":1}", 400, "malformed_json", ""},
		{"POST /v1/orders/o9/lines", `null`, 400, "malformed_json", ""},
		{"POST /v1/orders/o9/lines", strings.Repeat("[", 10000), 400, "malformed_json", ""},
		{"POST /v1/orders/o9/lines", strings.Repeat(" ", httpapi.MaxBody+1), 413, "too_large", ""},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":1000,"on_shortage":"reject"}`, 409, "out_of_stock", "qty"},
		{"POST /v1/orders/o1/lines", `{"sku":"LAMP","qty":5}`, 409, "line_conflict", ""},
		{"POST /v1/batches", `{"ref":"b1","sku":"LAMP","qty":11}`, 409, "batch_conflict", ""},
		{"POST /v1/batches", `{"ref":"b3","sku":"LAMP","qty":1,"eta":"2026-02-30"}`, 422, "validation_failed", "eta"},
		{"PUT /v1/products/LAMP", `{}`, 422, "validation_failed", "description"},

		{"GET /v1/orders?stat=allocated", "", 422, "validation_failed", "stat"},
		{"GET /v1/orders?status=waiting", "", 422, "validation_failed", "status"},
		{"GET /v1/orders?status=allocated&status=allocated", "", 422, "validation_failed", "status"},
		{"GET /v1/orders?limit=0", "", 422, "validation_failed", "limit"},
		{"GET /v1/orders?limit=x", "", 422, "validation_failed", "limit"},
		{"GET /v1/orders?cursor=x", "", 422, "validation_failed", "cursor"},
		{"GET /v1/orders?cursor=%zz", "", 422, "validation_failed", "query"},
		{"GET /v1/orders/o1?dry_run=true", "", 422, "validation_failed", "dry_run"},
		{"POST /v1/orders/o9/lines?dry_run=yes", `{"sku":"LAMP","qty":1}`, 422, "validation_failed", "dry_run"},
		{"POST /v1/orders/o9/lines?dryrun=true", `{"sku":"LAMP","qty":1}`, 422, "validation_failed", "dryrun"},
		{"DELETE /v1/orders/o1/lines/LAMP?reason=%0a", "", 422, "validation_failed", "reason"},

		{"GET /v1/orders/", "", 404, "not_found", ""},
		{"GET /v1//orders", "", 404, "not_found", ""},
		{"GET /v1/x/../orders", "", 404, "not_found", ""},
		{"POST /v1/orders//lines", `{"sku":"LAMP","qty":1}`, 404, "not_found", ""},
		{"GET /V1/orders", "", 404, "not_found", ""},
	} {
		t.Run(tt.request+" "+tt.body[:min(len(tt.body), 60)], func(t *testing.T) {
			expectProblem(t, s.in(t).write(tt.request, "", tt.body), tt.status, tt.code, tt.field)
		})
	}
	if now := s.events(); now != before {
		t.Errorf("%d events came of requests that were refused", now-before)
	}
}

func TestABodyMustSayThatItIsJSON(t *testing.T) {
	s := stocked(t)
	for _, route := range []string{"POST /v1/batches", "PATCH /v1/batches/b1", "PUT /v1/products/LAMP", "POST /v1/orders/o9/lines"} {
		method, path, _ := strings.Cut(route, " ")
		for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
			expectProblem(t, s.ask(method, path, `{"qty":1}`, "Content-Type", contentType), 415, "unsupported_media_type", "")
		}
	}
	got := s.ask(http.MethodPatch, "/v1/batches/b1", `{"qty":9}`, "Content-Type", "application/merge-patch+json")
	if got.Status != 200 {
		t.Errorf("status %d: %s", got.Status, got.Body)
	}
}

func TestEveryRouteRefusesOtherMethods(t *testing.T) {
	s := open(t)
	allowed := map[string][]string{}
	for _, r := range httpapi.Routes() {
		allowed[r.Pattern] = append(allowed[r.Pattern], r.Method)
	}
	for pattern, methods := range allowed {
		path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(pattern, "x")
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} {
			if slices.Contains(methods, method) {
				continue
			}
			got := s.ask(method, path, "")
			expectProblem(t, got, 405, "method_not_allowed", "")
			for _, m := range methods {
				if !slices.Contains(strings.Split(got.Header.Get("Allow"), ", "), m) {
					t.Errorf("%s allows %q, and not %s", path, got.Header.Get("Allow"), m)
				}
			}
		}
	}
}

func TestEveryRouteSaysWhoMayUseIt(t *testing.T) {
	anybody := []string{"/healthz", "/readyz", "/openapi.json"}
	many := []string{"/v1/bulk", "/v1/what-if", "/v1/what-if/apply"}
	for _, r := range httpapi.Routes() {
		if isPublic := r.Scope == "public"; isPublic != slices.Contains(anybody, r.Pattern) {
			t.Errorf("%s %s is for anybody: %v", r.Method, r.Pattern, isPublic)
		}
		if hasMany := r.Scope == "per line"; hasMany != slices.Contains(many, r.Pattern) {
			t.Errorf("%s %s has many commands: %v", r.Method, r.Pattern, hasMany)
		}
		if reads := r.Method == http.MethodGet; r.Scope != access.Admin && slices.Contains(access.Scopes, r.Scope) && reads != (r.Scope == access.Read) {
			t.Errorf("%s %s needs %q", r.Method, r.Pattern, r.Scope)
		}
	}
}

func TestARouteWithoutAScopeDoesNotStart(t *testing.T) {
	for _, scope := range []access.Scope{"", "write", "Read"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a route with scope %q is served", scope)
				}
			}()
			httpapi.GuardRoute(scope)
		}()
	}
}
