package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/web"
	"allot/internal/service"
	"allot/internal/views"
)

func (s *shop) version(sku string) int64 {
	s.t.Helper()
	p, err := s.store.Product(s.t.Context(), sku)
	if err != nil {
		s.t.Fatal(err)
	}
	return p.Version
}

func TestAFormShowsWhatItWouldDoAndDoesNothing(t *testing.T) {
	s := furnish(t)
	before := s.version("CHAIR")
	for path, says := range map[string][]string{
		"/do/change_batch?ref=late":                                             {"It is so already: nothing would change.", "No line would move."},
		"/do/change_batch?ref=late&qty=20":                                      {"1 line would change: 0 later, 0 earlier, 1 without stock. 25 units in all.", "order-2 CHAIR 25 ○ Without stock late Sun 28 Feb none", "I have seen the line that loses its stock", "Change the batch and 1 line"},
		"/do/change_batch?ref=soon&qty=200":                                     {"1 line would change", "1 would get stock", "order-4 CHAIR 90 ✓ Gets stock none soon Thu 11 Mar"},
		"/do/cancel?order_id=order-1&sku=CHAIR":                                 {"The line would be cancelled, for good.", "– Cancelled", "Preview Cancel the line Back"},
		"/do/allocate?order_id=new&sku=CHAIR&qty=2":                             {"The line would be allocated to here, in the warehouse."},
		"/do/allocate?order_id=new&sku=CHAIR&qty=99":                            {"the line would be backordered. The largest line that fits now has 5 units."},
		"/do/add_batch?sku=CHAIR":                                               {"Add a batch"},
		"/do/set_policy?sku=CHAIR&policy=first_expired&safety_stock=2":          {"New lines would be placed by the policy first_expired, with 2 units kept back."},
		"/do/set_policy?sku=CHAIR&policy=earliest":                              {"It is so already: nothing would change."},
		"/do/allocate?order_id=new&sku=CHAIR&qty=2&only_locations=north,+south": {"would be backordered"},
		"/do/describe_product?sku=CHAIR&description=x":                          {"The description would be saved."},
	} {
		t.Run(path, func(t *testing.T) { s.get(path).says(t, http.StatusOK, says...) })
	}
	if after := s.version("CHAIR"); after != before {
		t.Errorf("looking changed the product: version %d, then %d", before, after)
	}
}

func TestAFieldThatIsEmptiedTakesAwayWhatThereWas(t *testing.T) {
	s := furnish(t)
	s.post("/do/change_batch", "ref", "soon", "qty", "100", "eta", "2027-03-11", "location", "north", "use_by", "2027-12-31")
	s.post("/do/amend", "order_id", "order-2", "sku", "CHAIR", "qty", "25", "required_by", "2027-04-01")
	s.post("/do/describe_product", "sku", "CHAIR", "description", "a chair")
	for path, says := range map[string]string{
		"/do/change_batch?ref=soon":                `value="north"`,
		"/do/amend?order_id=order-2&sku=CHAIR":     `value="2027-04-01"`,
		"/do/describe_product?sku=CHAIR":           `value="a chair"`,
		"/do/change_batch?ref=soon&location=south": `value="2027-12-31"`,
	} {
		if got := s.get(path); !strings.Contains(got.Body, says) {
			t.Errorf("%s doesn't have what is so now, %s", path, says)
		}
	}

	s.post("/do/change_batch", "ref", "soon", "qty", "100", "location", "", "use_by", "")
	s.post("/do/amend", "order_id", "order-2", "sku", "CHAIR", "qty", "25", "required_by", "")
	s.post("/do/describe_product", "sku", "CHAIR", "description", "")
	batch, err := s.store.Batch(t.Context(), "soon")
	if err != nil || batch.Location != "" || batch.UseBy != "" || batch.ETA == "" {
		t.Errorf("the batch is %+v (%v); want neither location nor use-by date, and its ETA", batch, err)
	}
	order, err := s.store.Order(t.Context(), "order-2")
	if err != nil || order.Lines[0].RequiredBy != "" {
		t.Errorf("the line is %+v (%v), want no day on which it is needed", order.Lines, err)
	}
	if product, err := s.store.Product(t.Context(), "CHAIR"); err != nil || product.Description != "" {
		t.Errorf("the product is called %q (%v)", product.Description, err)
	}
}

func TestAFormThatCantBeDoneComesBackAsItWasFilledIn(t *testing.T) {
	s := furnish(t)
	for _, c := range []struct {
		status int
		path   string
		says   string
		pairs  []string
	}{
		{422, "/do/allocate", "Quantity is 0", []string{"order_id", "o9", "sku", "CHAIR", "qty", "0", "note", "by phone"}},
		{422, "/do/allocate", ": no product has SKU", []string{"order_id", "o9", "sku", "CHIAR", "qty", "1", "note", "by phone"}},
		{409, "/do/allocate", "order-1", []string{"order_id", "order-1", "sku", "CHAIR", "qty", "1", "note", "by phone"}},
		{422, "/do/add_batch", "ETA \"soon\" is not a date", []string{"ref", "r", "sku", "CHAIR", "qty", "1", "eta", "soon", "note", "by phone"}},
	} {
		t.Run(c.says, func(t *testing.T) {
			got := s.post(c.path, c.pairs...)
			got.says(t, c.status, "Nothing was saved", c.says)
			if !strings.Contains(got.Body, `value="by phone"`) {
				t.Error("what was filled in is lost")
			}
		})
	}
}

func TestWhatAFormDoesIsWhatItShowed(t *testing.T) {
	s := furnish(t)
	got := s.post("/do/change_batch", "ref", "soon", "qty", "200", "reason", "recount", "note", "by ann")
	if got.Status != http.StatusSeeOther || got.Location != "/batches/soon?saved=1" {
		t.Fatalf("%d, on to %q", got.Status, got.Location)
	}
	s.get(got.Location).says(t, 200, "Saved. 1 line changed.", "order-4 90")
	list, err := s.store.Recent(t.Context(), views.LogFilter{Type: "batch_quantity_changed"}, views.Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Reason != "recount" || list.Items[0].Note != "by ann" || list.Items[0].Actor != "ann" {
		t.Errorf("in the log: %+v (%v)", list.Items, err)
	}
	if got := s.post("/do/change_batch", "ref", "soon", "qty", "200"); got.Location != "/batches/soon?saved=same" {
		t.Errorf("the same again: on to %q", got.Location)
	}
}

func TestAnAddressCantMakeAPageSayAnything(t *testing.T) {
	s := furnish(t)
	for _, code := range []string{"Pay+to+IBAN", "-1", "1e3", ""} {
		if got := s.get("/orders/order-1?saved=" + code); strings.Contains(got.Body, `class="saved"`) {
			t.Errorf("saved=%s: %s", code, got.text())
		}
	}
	s.get("/orders/order-1?saved=0").says(t, 200, "Saved. No line moved.")
	s.get("/orders/order-1?saved=same").says(t, 200, "Nothing to save")
}

func TestALineThatNeverHadStockLosesNone(t *testing.T) {
	s := furnish(t)
	got := s.get("/do/allocate?order_id=new&sku=CHAIR&qty=99")
	got.says(t, 200, "0 without stock, 1 would be backordered.", "○ Backordered")
	if strings.Contains(got.text(), "I have seen") {
		t.Errorf("it asks for a tick: %s", got.text())
	}
	if got := s.post("/do/allocate", "order_id", "new", "sku", "CHAIR", "qty", "99", "plan", hidden(t, got, "plan")); got.Status != http.StatusSeeOther {
		t.Errorf("status %d: %s", got.Status, got.text())
	}
}

func TestTakingStockFromLinesNeedsATick(t *testing.T) {
	s := furnish(t)
	before := s.version("CHAIR")
	s.post("/do/change_batch", "ref", "late", "qty", "0").says(t, 422, "Nothing was saved Tick the box under the lines first: it says that you have seen the line that loses its stock.", "I have seen the line that loses its stock")
	if s.version("CHAIR") != before {
		t.Fatal("it was done without")
	}
	if got := s.post("/do/change_batch", "ref", "late", "qty", "0", "seen", "yes"); got.Status != http.StatusSeeOther {
		t.Errorf("with it: %d %s", got.Status, got.text())
	}
}

func TestFormsFromOtherSitesAreRefused(t *testing.T) {
	s := furnish(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+"/do/cancel", strings.NewReader("order_id=order-1&sku=CHAIR"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	if got := s.send(r); got.Status != http.StatusForbidden {
		t.Errorf("status %d", got.Status)
	}
	if o, err := s.store.Order(t.Context(), "order-1"); err != nil || o.Lines[0].Status != string(domain.StatusAllocated) {
		t.Errorf("it was done: %+v (%v)", o, err)
	}
}

func TestIfSomebodyWasFasterNothingIsSavedAndThePageSaysWhatChanged(t *testing.T) {
	s := furnish(t)
	form := s.get("/do/change_batch?ref=soon&qty=3")
	form.says(t, 200, "Change the batch and 1 line")
	plan := hidden(t, form, "plan")
	s.do(domain.Allocate{OrderID: "order-5", SKU: "CHAIR", Qty: 4}, domain.Allocate{OrderID: "order-6", SKU: "CHAIR", Qty: 5})
	before := s.version("CHAIR")
	stale := s.post("/do/change_batch", "ref", "soon", "qty", "3", "note", "wet", "seen", "yes", "plan", plan)
	stale.says(t, http.StatusPreconditionFailed, "Nothing was saved", "Somebody changed this product", "Change the batch and 2 lines")
	if s.version("CHAIR") != before {
		t.Fatal("something was saved")
	}
	if !strings.Contains(stale.Body, `value="wet"`) {
		t.Error("what was filled in is lost")
	}
	if again := s.post("/do/change_batch", "ref", "soon", "qty", "3", "seen", "yes", "plan", hidden(t, stale, "plan")); again.Status != http.StatusSeeOther {
		t.Errorf("with the new plan: %d %s", again.Status, again.text())
	}
}

// hidden is the value of a hidden field.
func hidden(t *testing.T, a answer, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(a.Body, `name="`+name+`" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	if !found || value == "" {
		t.Fatalf("there is no hidden %s in\n%s", name, a.Body)
	}
	return value
}

func TestEveryCommandOfALineAndABatchHasAForm(t *testing.T) {
	s := furnish(t)
	s.do(domain.Allocate{OrderID: "hold-1", SKU: "CHAIR", Qty: 1, HoldUntil: domain.InstantOf(time.Date(2027, 3, 3, 0, 0, 0, 0, time.UTC))})
	for _, step := range []struct {
		path, says, after, then string
		pairs                   []string
	}{
		{"/do/change_batch?ref=soon&eta=2027-03-20", "1 line would change: 1 later", "/orders/order-3", "first said Thu 11 Mar", []string{"ref", "soon", "eta", "2027-03-20"}},
		{"/do/receive_batch?ref=soon", "1 line would change", "/orders/order-3", "In the warehouse", []string{"ref", "soon", "qty", "40"}},
		{"/do/close_batch?ref=soon", "No line would move", "/batches/soon", "Closed", []string{"ref", "soon"}},
		{"/do/reopen_batch?ref=soon", "", "/batches/soon", "units 40", []string{"ref", "soon"}},
		{"/do/ship?order_id=order-1&sku=CHAIR", "shipped, in full", "/orders/order-1", "Shipped in full.", []string{"order_id", "order-1", "sku", "CHAIR"}},
		{"/do/return?order_id=order-1&sku=CHAIR&returned=2", "", "/orders/order-1", "2 units came back", []string{"order_id", "order-1", "sku", "CHAIR", "returned", "2"}},
		{"/do/amend?order_id=order-2&sku=CHAIR&priority=9", "", "/orders/order-2", "Priority 9", []string{"order_id", "order-2", "sku", "CHAIR", "priority", "9"}},
		{"/do/confirm_hold?order_id=hold-1&sku=CHAIR", "allocated to", "/orders/hold-1", "In the warehouse", []string{"order_id", "hold-1", "sku", "CHAIR"}},
	} {
		t.Run(step.path, func(t *testing.T) {
			s.get(step.path).says(t, 200, step.says)
			path, _, _ := strings.Cut(step.path, "?")
			if got := s.post(path, append(step.pairs, "seen", "yes")...); got.Status != http.StatusSeeOther {
				t.Fatalf("%d %s", got.Status, got.text())
			}
			s.get(step.after).says(t, 200, step.then)
		})
	}
}

func TestThereIsNoFormForWhatIsNotThere(t *testing.T) {
	s := furnish(t)
	for path, says := range map[string]string{
		"/do/amend?order_id=order-1&sku=TABLE":        `order "order-1" has no line of "TABLE"`,
		"/do/cancel?order_id=order-1":                 `order "order-1" has no line of ""`,
		"/do/ship?order_id=order-9&sku=CHAIR":         `order "order-9"`,
		"/do/close_batch?ref=nix":                     `batch "nix"`,
		"/do/change_batch":                            `batch ""`,
		"/do/describe_product?sku=TABLE":              `product "TABLE"`,
		"/do/nothing?sku=CHAIR":                       `there is no form for "nothing"`,
		"/do/confirm_hold?order_id=order-2&sku=TABLE": `no line of "TABLE"`,
	} {
		s.get(path).says(t, 404, says)
	}
	if got := s.get("/do/amend?order_id=order-1&sku=chair"); got.Status != 200 {
		t.Errorf("a line that is there: %d", got.Status)
	}
}

func TestHowAProductIsPlacedIsShownAndChanged(t *testing.T) {
	s := furnish(t)
	s.get("/products/CHAIR").says(t, 200, "by the policy earliest : warehouse stock first, then the earliest ETA", "Policy")
	s.get("/do/set_policy?sku=CHAIR").says(t, 200, "Change the policy of a product", "It is so already: nothing would change.")
	s.get("/do/set_policy?sku=CHAIR&policy=first_expired&safety_stock=3").says(t, 200,
		"New lines would be placed by the policy first_expired, with 3 units kept back.", "No line would move.")
	got := s.post("/do/set_policy", "sku", "CHAIR", "policy", "first_expired", "safety_stock", "3")
	if got.Status != 303 || got.Location != "/products/CHAIR?saved=0" {
		t.Errorf("%d to %s", got.Status, got.Location)
	}
	s.get("/products/CHAIR").says(t, 200, "what keeps goes last. 3 units in the warehouse are kept back from new lines (safety stock).")

	s.post("/do/add_batch", "ref", "north-1", "sku", "CHAIR", "qty", "40", "location", "north", "use_by", "2027-06-30")
	s.get("/batches/north-1").says(t, 200, "at north , use by Wed 30 Jun (in 120 days)")
	s.get("/batches?location=north").says(t, 200, "Batches at north", "north-1 at north, use by Wed 30 Jun")
	s.get("/products/CHAIR").says(t, 200, "By location", "north 40 0 0 40")
	s.get("/do/allocate?order_id=o9&sku=CHAIR&qty=3&on_shortage=backorder&only_locations=south,+north").says(t, 200, "The line would be allocated to north-1, in the warehouse.")
	s.post("/do/allocate", "order_id", "o9", "sku", "CHAIR", "qty", "3", "on_shortage", "backorder", "only_locations", "south, north", "min_life_days", "10")
	s.get("/orders/o9").says(t, 200, "Only from south, north.", "Good for 10 days at least.")
}

func TestMessagesThatCouldNotBeDoneAreShownWithTheReason(t *testing.T) {
	s := furnish(t)
	for id, body := range map[string]string{"allot:commands/1-0": `<b>{"op":"nothing"}`, "allot:commands/1-1": strings.Repeat("ä", 300)} {
		if err := s.store.Park(t.Context(), views.ParkedMessage{ID: id, Body: body, Attempts: 5, Error: "op is \"nothing\", which is no command", At: time.Date(2027, 3, 2, 9, 0, 0, 0, time.UTC)}); err != nil {
			t.Fatal(err)
		}
	}
	got := s.get("/messages")
	got.says(t, 200, "Messages that could not be done", "allot:commands/1-0", `op is "nothing", which is no command`, "GET /v1/parked-messages")
	if !strings.Contains(got.Body, "<code>&lt;b&gt;{") || !strings.Contains(got.Body, "<code>"+strings.Repeat("ä", 200)+"...</code>") {
		t.Errorf("the page has %s", got.Body)
	}
	s.get("/deliveries").says(t, 200, "Messages that could not be done", "GET /v1/deliveries")
}

func TestAMessageThatWasSeenToLeavesThePage(t *testing.T) {
	s := openWith(t, func(o *web.Options, store *memory.Store) { o.Redelivery = service.NewRedelivery(store, o.Now) })
	for _, id := range []string{"one", "two"} {
		if err := s.store.Park(t.Context(), views.ParkedMessage{ID: id, Body: "{", Attempts: 5, Error: "no JSON", At: time.Date(2027, 3, 2, 9, 0, 0, 0, time.UTC)}); err != nil {
			t.Fatal(err)
		}
	}
	s.get("/messages").says(t, 200, "one", "two", "Discard")
	for range 2 { // somebody else may have been faster
		if got := s.post("/messages", "number", "1"); got.Status != 303 || got.Location != "/messages" {
			t.Errorf("answered with %d to %q", got.Status, got.Location)
		}
	}
	if got := s.get("/messages"); strings.Contains(got.Body, "<td>one</td>") || !strings.Contains(got.Body, "<td>two</td>") {
		t.Errorf("the page has %s", got.Body)
	}
}

func TestWithoutDeliveriesThereIsNothingToRetry(t *testing.T) {
	s := furnish(t)
	s.get("/deliveries").says(t, 200, "Everything was delivered.")
	s.get("/mails").says(t, 200, "There is none")
	s.get("/messages").says(t, 200, "There is none")
	s.get("/mails/7").says(t, 404)
	s.get("/mails/x").says(t, 404)
	if got := s.post("/deliveries", "do", "retry"); got.Status != 404 { // nothing is delivered here
		t.Errorf("status %d", got.Status)
	}
}
