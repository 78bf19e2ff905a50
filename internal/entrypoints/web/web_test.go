package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"allot/internal/access"
	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/web"
	"allot/internal/service"
	"allot/internal/views"
)

// shop has the pages of a shop on 2 March 2027.
type shop struct {
	t      *testing.T
	bus    *service.Bus
	store  *memory.Store
	server *httptest.Server
}

func open(t *testing.T) *shop { return openWith(t, func(*web.Options, *memory.Store) {}) }

// openWith opens a shop whose pages are set up in another way.
func openWith(t *testing.T, set func(*web.Options, *memory.Store)) *shop {
	t.Helper()
	now := func() time.Time { return time.Date(2027, 3, 2, 9, 30, 0, 0, time.UTC) }
	store := memory.New()
	bus := service.NewBus(service.NewTransactor(store, 100, now, nil))
	service.Register(bus)
	o := web.Options{Version: "1.2.3", Now: now, WhatIfs: service.NewWhatIfs(store, now, service.NewWhatIfID), Docs: fstest.MapFS{
		"README.md":      {Data: []byte("# Documentation\n\n[Mail](how-to/mail.md#smtp)\n")},
		"how-to/mail.md": {Data: []byte("# Mail\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<script>bad()</script>\n")},
	}}
	set(&o, store)
	site := web.New(bus, store, o)
	everything := access.Caller{Actor: "ann", Scopes: access.Scopes}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.ServeHTTP(w, r.WithContext(access.WithCaller(r.Context(), everything)))
	}))
	t.Cleanup(func() {
		server.Close()
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	return &shop{t, bus, store, server}
}

func (s *shop) do(commands ...domain.Message) {
	s.t.Helper()
	for _, c := range commands {
		if _, err := service.PerformAny(context.Background(), s.bus, c, service.Terms{}); err != nil {
			s.t.Fatal(err)
		}
	}
}

func day(text string) domain.Date {
	d, err := domain.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// furnish gives the shop chairs here and coming, of which one shipment is
// overdue, and orders for them.
func furnish(t *testing.T) *shop {
	s := open(t)
	s.do(
		domain.DescribeProduct{SKU: "CHAIR", Description: "A chair"},
		domain.CreateBatch{Ref: "here", SKU: "CHAIR", Qty: 20},
		domain.CreateBatch{Ref: "late", SKU: "CHAIR", Qty: 30, ETA: day("2027-02-28")},
		domain.CreateBatch{Ref: "soon", SKU: "CHAIR", Qty: 40, ETA: day("2027-03-11")},
		domain.Allocate{OrderID: "order-1", SKU: "CHAIR", Qty: 18},
		domain.Allocate{OrderID: "order-2", SKU: "CHAIR", Qty: 25},
		domain.Allocate{OrderID: "order-3", SKU: "CHAIR", Qty: 35},
		domain.Allocate{OrderID: "order-4", SKU: "CHAIR", Qty: 90},
	)
	return s
}

type answer struct {
	Status   int
	Header   http.Header
	Location string
	Body     string
}

func (s *shop) send(r *http.Request) answer {
	s.t.Helper()
	r.Header.Set("Accept", "text/html")
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, w.Header.Get("Location"), string(body)}
}

func (s *shop) get(path string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.server.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(r)
}

func (s *shop) post(path string, pairs ...string) answer {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(r)
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// text is what a page says, without how.
func (a answer) text() string {
	body := a.Body
	if _, main, ok := strings.Cut(body, "<main"); ok {
		body = "<main" + main
	}
	text := strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(tags.ReplaceAllString(body, " "))
	return spaces.ReplaceAllString(text, " ")
}

func (a answer) says(t *testing.T, status int, parts ...string) {
	t.Helper()
	if a.Status != status {
		t.Errorf("status %d, want %d: %s", a.Status, status, a.text())
	}
	for _, part := range parts {
		if !strings.Contains(a.text(), part) {
			t.Errorf("it doesn't say %q:\n%s", part, a.text())
		}
	}
}

func TestPagesSayWhatThereIs(t *testing.T) {
	s := furnish(t)
	for _, c := range []struct {
		path string
		says []string
	}{
		{"/", []string{"Needs attention", "1 backordered", "1 products", "3 batches", "order-4 CHAIR 90", "Latest events"}},
		{"/products", []string{"CHAIR A chair 20 70 78 12 90"}},
		{"/products/CHAIR", []string{"A chair · Describe", "on hand 20 inbound 70 allocated 78 available 12 backordered 90",
			"12 units are available in 3 batches, but a line is never split: the largest line that fits is 5",
			"60 units on hand or coming, 30 overdue, 168 allocated or backordered.",
			"✓ In the warehouse here 20 90 % 18 2 Change", "Sun 28 Feb ! 2 days overdue late", "Thu 11 Mar → Comes in 9 days soon", "order-4 CHAIR 90 ○ Backordered"}},
		{"/orders", []string{"order-1 1 1 0 0 in the warehouse", "order-2 1 1 0 0 Sun 28 Feb (2 days ago)", "order-4 1 0 1 0 none"}},
		{"/orders?status=backordered", []string{"order-4 1 0 1 0"}},
		{"/orders?status=cancelled", []string{"No order has a line that is cancelled.", "Show all orders"}},
		{"/orders/order-1", []string{"The line has stock, in the warehouse.", "The item in your order is reserved for you. It is in our warehouse.", "Why here?", `Rule "earliest", when it was ordered`, "The rule: warehouse stock first, then the earliest ETA", "No batch was passed over."}},
		{"/orders/order-2", []string{"The line has stock; it was due Sun 28 Feb (2 days ago).", "The shipment with it is delayed", "! At risk", "here in the warehouse 2 25 needed, and a line is never split"}},
		{"/orders/order-3", []string{"it arrives Thu 11 Mar (in 9 days).", "It reaches our warehouse on Thursday 11 March."}},
		{"/orders/order-4", []string{"The line has no stock.", "nothing in stock for it yet", "Why no batch?"}},
		{"/batches", []string{"here CHAIR ✓ In the warehouse 20", "late CHAIR Sun 28 Feb"}},
		{"/batches?sku=CHAIR", []string{"Batches of CHAIR"}},
		{"/batches/late", []string{"CHAIR , Sun 28 Feb ! 2 days overdue", "units 30 allocated 25 available 5", "1 line, those that keep their place longest first", "order-2 25", "History", "batch_created"}},
		{"/backorders", []string{"Oldest first;", "order-4 CHAIR 90"}},
		{"/backorders?sku=CHAIR", []string{"In the order in which they will be served."}},
		{"/events?order_id=order-4", []string{"CHAIR backordered allocate", "out_of_stock"}},
		{"/events?type=none", []string{"Nothing of that."}},
		{"/deliveries", []string{"Everything was delivered."}},
		{"/search?q=order", []string{"Orders order-1 order-2 order-3 order-4"}},
		{"/search?q=zzz", []string{"begins with “zzz”"}},
		{"/help", []string{"Single keys are shortcuts"}},
		{"/docs/", []string{"Documentation", "Mail"}},
		{"/docs/how-to/mail", []string{"a b 1 2"}},
		{"/products/CHAIR?as_of=2027-02-01", []string{"Sun 28 Feb → Comes in 27 days"}},
	} {
		t.Run(c.path, func(t *testing.T) {
			got := s.get(c.path)
			for i := range c.says {
				c.says[i] = strings.ReplaceAll(c.says[i], `Rule "earliest"`, "Rule “earliest”")
			}
			got.says(t, http.StatusOK, c.says...)
			if strings.Contains(got.Body, "<script>bad") || strings.Contains(got.Body, "style=") || strings.Contains(got.Body, "onclick") {
				t.Error("there is script or style in it that the policy forbids")
			}
			if got.Header.Get("Content-Security-Policy") == "" || len(got.Body) > 30<<10 {
				t.Errorf("it has %d bytes and the policy %q", len(got.Body), got.Header.Get("Content-Security-Policy"))
			}
		})
	}
}

func TestAnEmptyShopSaysWhatToDoFirst(t *testing.T) {
	s := open(t)
	for path, want := range map[string]string{
		"/": "No stock yet", "/products": "No products yet.", "/orders": "No orders yet.", "/batches": "No batches yet.",
		"/backorders": "No line is backordered.", "/events": "Nothing of that.",
	} {
		s.get(path).says(t, http.StatusOK, want)
	}
}

func TestWhatIsNotThereHasAPageWithWhatMayHaveBeenMeant(t *testing.T) {
	s := furnish(t)
	s.get("/orders/order-7").says(t, 404, "Not found", "Closest: order-1")
	s.get("/products/CHAIN").says(t, 404, "Closest: CHAIR")
	if got := s.get("/orders/CHAIN"); strings.Contains(got.text(), "Closest") {
		t.Errorf("a product is no order: %s", got.text())
	}
	s.get("/batches/nothing").says(t, 404, "Not found")
	s.get("/nix").says(t, 404, "there is no page at /nix")
	s.get("/do/nix").says(t, 404)
	s.get("/docs/nix").says(t, 404)
	s.get("/import/nix").says(t, 404, "drop it again")
	s.get("/orders?status=lost").says(t, 422, `status is "lost"`)
	s.get("/do/change_batch?ref=nope").says(t, 404, "nope")
	s.get("/late?as_of=foo").says(t, 422, "as_of")
	s.get("/orders?cursor=lost").says(t, 422, "cursor")
}

func TestANameThatIsSearchedForLeadsToItsPage(t *testing.T) {
	s := furnish(t)
	for q, want := range map[string]string{"order-3": "/orders/order-3", "chair": "/products/CHAIR", "LATE": "/batches/late", "+here+": "/batches/here"} {
		if got := s.get("/search?q=" + q); got.Status != http.StatusSeeOther || got.Location != want {
			t.Errorf("%s leads to %q (status %d), want %s", q, got.Location, got.Status, want)
		}
	}
}

// Names may have anything in them.
func TestNamesAreNeitherMarkupNorPaths(t *testing.T) {
	s := open(t)
	const sku, order = `A/B?<script>alert(1)</script>`, `o "1"/../&#`
	s.do(domain.CreateBatch{Ref: "b/1", SKU: sku, Qty: 9}, domain.Allocate{OrderID: order, SKU: sku, Qty: 2})
	s.get("/orders/"+url.PathEscape(order)).says(t, 200, order, sku)
	s.get("/products/"+url.PathEscape(sku)).says(t, 200, sku, "b/1")
	s.get("/batches/b%2F1").says(t, 200, "b/1")
	if body := s.get("/products").Body; strings.Contains(body, "<script>alert") || !strings.Contains(body, `href="/products/A%2FB%3F%3Cscript%3Ealert%281%29%3C%2Fscript%3E"`) {
		t.Errorf("names are not escaped:\n%s", body)
	}
}

func TestWhatWasPutOffOnPurposeDidNotFail(t *testing.T) {
	s := furnish(t)
	log, err := s.store.Recent(t.Context(), views.LogFilter{}, views.Page{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, attempts := range []int{0, 2} {
		f := service.Failure{Subscription: "mail", Event: service.Envelope{Position: log.Items[i].Position, Event: domain.OutOfStock{SKU: "CHAIR"}}, Attempts: attempts, Error: "because", Next: time.Date(2027, 3, 2, 10, 0, 0, 0, time.UTC)}
		if err := s.store.Postpone(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	s.get("/deliveries").says(t, 200, "mail 0 ◷ Put off until 10:00:00 because", "mail 2 ~ Again 10:00:00 because")
}

func TestListsGoOnPageByPage(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b", SKU: "RUG", Qty: 1000})
	for i := range 60 {
		s.do(domain.Allocate{OrderID: "order-" + string(rune('a'+i/26)) + string(rune('a'+i%26)), SKU: "RUG", Qty: 1})
	}
	first := s.get("/orders")
	next := regexp.MustCompile(`href="(/orders\?cursor=[^"]*)" rel="next"`).FindStringSubmatch(first.Body)
	if next == nil || strings.Contains(first.Body, "order-ch") {
		t.Fatalf("there is no next page, or the first has all:\n%s", first.Body)
	}
	s.get(next[1]).says(t, 200, "order-ch")
}

func TestTheViewerOfTheAPIMayAskThisServerOnly(t *testing.T) {
	s := open(t)
	got := s.get("/docs/api")
	got.says(t, 200, "HTTP reference")
	policy := got.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("its policy %q lacks %s", policy, part)
		}
	}
	path := regexp.MustCompile(`/assets/rapidoc-[0-9a-f]+\.js`).FindString(got.Body)
	script := s.get(path)
	if script.Status != 200 || !strings.HasPrefix(script.Body, "/*! RapiDoc 9.") || !strings.Contains(script.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d, %d bytes", path, script.Status, len(script.Body))
	}
}
