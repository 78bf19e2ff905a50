package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"allot/internal/domain"
)

// Changes, as they are in the address.
const (
	cutLate  = `{"op":"change_batch","ref":"late","qty":20}`
	moreSoon = `{"op":"add_batch","ref":"more","sku":"CHAIR","qty":25,"eta":"2027-03-20"}`
	nixes    = `{"op":"cancel","order_id":"nix","sku":"CHAIR"}`
)

func whatIf(changes ...string) string { return "/what-if?" + url.Values{"change": changes}.Encode() }

// make posts changes with a plan, and further values.
func (s *shop) make(plan string, changes []string, further ...string) answer {
	s.t.Helper()
	form := url.Values{"change": changes, "plan": {plan}}
	for i := 0; i < len(further); i += 2 {
		form.Set(further[i], further[i+1])
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+"/what-if", strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(r)
}

func TestWhatIfShowsWhatChangesWouldDoTogetherAndDoesNothing(t *testing.T) {
	s := furnish(t)
	before := s.version("CHAIR")
	for _, c := range []struct {
		name    string
		changes []string
		says    []string
	}{
		{"nothing yet", nil, []string{"Add a change", "Change a batch", "As text"}},
		{"a cut", []string{cutLate}, []string{"1 change", "Change a batch: Batch late, Quantity 20", "1 line would move: 0 later, 0 earlier, 1 without stock, 0 filled. 25 units in all.", "order-2 CHAIR 25 ○ Without stock late Sun 28 Feb none", "I have seen the line", "Make this change"}},
		{"a cut that a batch makes good", []string{cutLate, moreSoon}, []string{"2 changes, in this order", "1 line would move: 1 later, 0 earlier, 0 without stock", "order-2 CHAIR 25 ▲ 20 days later late Sun 28 Feb more Sat 20 Mar", "Make all of these changes"}},
		{"a cancellation", []string{`{"op":"cancel","order_id":"order-1","sku":"CHAIR"}`}, []string{"– Cancelled"}},
		{"a shipment", []string{`{"op":"ship","order_id":"order-1","sku":"CHAIR"}`}, []string{"– Shipped"}},
		{"a name", []string{`{"op":"describe_product","sku":"CHAIR","description":"x"}`}, []string{"No line would move."}},
	} {
		t.Run(c.name, func(t *testing.T) { s.get(whatIf(c.changes...)).says(t, http.StatusOK, c.says...) })
	}
	if after := s.version("CHAIR"); after != before {
		t.Errorf("looking changed the product: version %d, then %d", before, after)
	}
}

func TestAChangeThatIsAddedOrRemovedIsInTheAddress(t *testing.T) {
	s := furnish(t)
	s.get("/what-if?op=change_batch&ref=late").says(t, 200, "Add: Change a batch", "empty: as it is")
	added := s.get("/what-if?op=change_batch&ref=late&qty=20&" + url.Values{"change": {moreSoon}}.Encode())
	if want := whatIf(moreSoon, `{"op":"change_batch","qty":20,"ref":"late"}`); added.Status != http.StatusSeeOther || added.Location != want {
		t.Errorf("status %d, on to %q, not %q", added.Status, added.Location, want)
	}
	typed := s.get("/what-if?" + url.Values{"text": {cutLate + "\r\n\n" + moreSoon + "\n"}}.Encode())
	s.get(typed.Location).says(t, 200, "2 changes, in this order", "1 later")
	if got := s.get(whatIf(cutLate, moreSoon)); !strings.Contains(got.Body, `href="`+whatIf(moreSoon)+`"`) {
		t.Error("there is no link to the page without the first change")
	}
}

func TestTheChangeThatCantBeMadeIsMarked(t *testing.T) {
	s := furnish(t)
	s.get(whatIf(moreSoon, nixes)).says(t, 404, "Change 2: order \"nix\" has no line", "! Refused Cancel a line: Order nix, SKU CHAIR")
	s.get(whatIf(`{"op":"cloze"}`)).says(t, 422, "Change 1: op is", "close_batch")
	s.get(whatIf(`nonsense`)).says(t, 400, "Change 1:", "Change: nonsense")
	s.get("/what-if?op=nix").says(t, 404, "no form")
	before := s.version("CHAIR")
	s.make("0", []string{moreSoon, nixes}).says(t, 404, "Refused")
	if s.version("CHAIR") != before {
		t.Error("the other was made")
	}
}

func TestChangesAreMadeTogetherAsTheyWereShown(t *testing.T) {
	s := furnish(t)
	changes := []string{cutLate, moreSoon}
	plan := hidden(t, s.get(whatIf(changes...)), "plan")
	got := s.make(plan, changes)
	if got.Status != http.StatusSeeOther {
		t.Fatalf("status %d %s", got.Status, got.text())
	}
	s.get(got.Location).says(t, 200, "Saved. 1 line changed.")
	o, err := s.store.Order(t.Context(), "order-2")
	if err != nil || o.Lines[0].BatchRef != "more" {
		t.Errorf("order-2 is %+v (%v)", o, err)
	}
}

func TestChangesThatWouldDoSomethingElseByNowAreNotMade(t *testing.T) {
	s := furnish(t)
	changes := []string{cutLate}
	plan := hidden(t, s.get(whatIf(changes...)), "plan")
	s.do(domain.CancelLine{OrderID: "order-2", SKU: "CHAIR"})
	before := s.version("CHAIR")
	stale := s.make(plan, changes, "seen", "yes")
	stale.says(t, http.StatusPreconditionFailed, "Nothing was saved", "Somebody was faster", "No line would move")
	s.make("", changes).says(t, http.StatusPreconditionFailed, "Nothing was saved")
	if s.version("CHAIR") != before {
		t.Fatal("something was saved")
	}
	if again := s.make(hidden(t, stale, "plan"), changes); again.Status != http.StatusSeeOther {
		t.Errorf("with the new plan: %d %s", again.Status, again.text())
	}
}

func TestChangesThatTakeStockFromLinesNeedATick(t *testing.T) {
	s := furnish(t)
	changes := []string{cutLate}
	plan := hidden(t, s.get(whatIf(changes...)), "plan")
	s.make(plan, changes).says(t, 422, "Nothing was saved Tick the box", "I have seen the line that would have no stock")
	if got := s.make(plan, changes, "seen", "yes"); got.Status != http.StatusSeeOther {
		t.Errorf("with it: %d %s", got.Status, got.text())
	}
}

func TestPagesOfBatchesAndProductsLeadToWhatIf(t *testing.T) {
	s := furnish(t)
	for _, path := range []string{"/batches/late", "/products/CHAIR"} {
		if !strings.Contains(s.get(path).Body, `href="/what-if?op=`) {
			t.Errorf("there is no link on %s", path)
		}
	}
}

func TestAWhatIfThatIsSavedHasAPage(t *testing.T) {
	s := furnish(t)
	before := s.version("CHAIR")
	s.get(whatIf(cutLate)).says(t, 200, "Save and share")
	saved := s.make("", []string{cutLate}, "save", "yes")
	if saved.Status != http.StatusSeeOther || !strings.HasPrefix(saved.Location, "/what-if/") {
		t.Fatalf("status %d, on to %q", saved.Status, saved.Location)
	}
	s.get(saved.Location).says(t, 200, "Saved by ann, 09:30:00 ; kept until 31 May", "They would still do", "1 line would move: 0 later, 0 earlier, 1 without stock", "Make this change")
	if s.version("CHAIR") != before {
		t.Error("saving changed the product")
	}
	s.do(domain.CreateBatch{Ref: "more", SKU: "CHAIR", Qty: 25, ETA: day("2027-03-20")})
	s.get(saved.Location).says(t, 200, "They would do something else by now", "1 later")
	s.do(domain.CloseBatch{Ref: "late"}, domain.CancelLine{OrderID: "order-2", SKU: "CHAIR"})
	s.get(saved.Location).says(t, 200, "Change a batch: Batch late, Quantity 20")
	s.get("/what-if/k3v7q2xmb5tdw4ha").says(t, 404, "Not found")
	s.make("", []string{nixes}, "save", "yes").says(t, 404, "Refused")
}

// What is thought of says nothing of what was left empty.
func TestAnEmptyFieldOfAChangeThatIsThoughtOfLeavesThingsAsTheyAre(t *testing.T) {
	s := furnish(t)
	got := s.get("/what-if?op=change_batch&ref=soon")
	got.says(t, http.StatusOK, "units bought, all in all; empty: as it is", "where it lies, or will arrive; empty: as it is")
	got = s.get("/what-if?op=change_batch&ref=soon&qty=200&eta=&location=&use_by=&reason=")
	if got.Status != http.StatusSeeOther || strings.Contains(got.Location, "location") || strings.Contains(got.Location, "use_by") {
		t.Errorf("status %d, on to %s", got.Status, got.Location)
	}
}
