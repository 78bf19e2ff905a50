package browser

import (
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	_ "modernc.org/sqlite"
)

// line is what the API says of a line.
type line struct {
	SKU        string `json:"sku"`
	Qty        int    `json:"qty"`
	Status     string `json:"status"`
	BatchRef   string `json:"batch_ref"`
	Priority   *int   `json:"priority"`
	RequiredBy string `json:"required_by"`
	Frozen     bool   `json:"frozen"`
	HeldUntil  string `json:"held_until"`
	Shipped    int    `json:"shipped"`
	Returned   int    `json:"returned"`
}

// lineOf is the first line of an order.
func (s *shop) lineOf(order string) line {
	s.t.Helper()
	var got struct{ Lines []line }
	if s.get("/v1/orders/"+order, &got); len(got.Lines) == 0 {
		s.t.Fatalf("order %s has no line", order)
	}
	return got.Lines[0]
}

// Planner: the old plan is overtaken; a line that is frozen stays.
func TestAProductIsPlannedAfreshAsForeseen(t *testing.T) {
	s := furnished(t)
	s.do(`{"op":"cancel","order_id":"order-7001","sku":"SMALL-TABLE"}`) // 20 are in the warehouse
	v := visit(t, s)
	v.open("/orders/order-7009")
	v.click("link", "Amend SMALL-TABLE")
	v.at("/do/amend")
	v.on(v.find("combobox", "Frozen (optional)"), `function() { this.value = 'true'; this.dispatchEvent(new Event('input', {bubbles: true})); this.dispatchEvent(new Event('change', {bubbles: true})) }`)
	v.click("button", "Amend the line")
	v.at("/orders/order-7009")
	frozen := s.lineOf("order-7009")
	if !frozen.Frozen {
		t.Fatalf("the line is not frozen: %+v", frozen)
	}

	v.open("/products/SMALL-TABLE")
	v.click("link", "Re-plan")
	v.at("/do/replan")
	v.says("would change")
	foreseen := v.rows("#preview")
	if len(foreseen) == 0 {
		t.Fatal("no line would move")
	}
	before := s.events()
	v.run(chromedp.Click(`button.main`, chromedp.ByQuery))
	v.at("/products/SMALL-TABLE")
	if s.events() == before {
		t.Error("nothing was done")
	}
	for _, row := range foreseen {
		order, _, _ := strings.Cut(row, " ")
		if order == "order-7009" {
			t.Errorf("a frozen line would move: %s", row)
		}
		if got := s.lineOf(order); !strings.Contains(row, " "+got.BatchRef+" ") {
			t.Errorf("%s is in %s; it was foreseen that %q", order, got.BatchRef, row)
		}
	}
	if got := s.lineOf("order-7009"); got != frozen {
		t.Errorf("the frozen line was %+v, and is %+v", frozen, got)
	}
	v.atEase()
}

// Buyer: a new batch fills who waits, as it was shown.
func TestANewBatchFillsBackordersAsForeseen(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	v.open("/products/SMALL-TABLE")
	v.click("link", "Add batch")
	v.at("/do/add_batch")
	v.fill("textbox", "Reference", "batch-0500")
	v.fill("spinbutton", "Quantity", "100")
	v.fill("textbox", "Location (optional)", "north")
	v.says("1 would get stock")
	foreseen := v.rows("#preview")
	if len(foreseen) != 1 || !strings.HasPrefix(foreseen[0], "order-7051 SMALL-TABLE 90 ✓ Gets stock none batch-0500") {
		t.Errorf("it is foreseen that %q", foreseen)
	}
	v.click("button", "Add the batch and 1 line")
	v.at("/batches/batch-0500")
	if got := s.lineOf("order-7051"); got.BatchRef != "batch-0500" {
		t.Errorf("who waited has %+v", got)
	}

	// The place is taken away again, with the keyboard.
	var batch struct{ Location string }
	if s.get("/v1/batches/batch-0500", &batch); batch.Location != "north" {
		t.Errorf("the batch lies in %q", batch.Location)
	}
	v.open("/do/change_batch?ref=batch-0500")
	v.tabTo(`document.activeElement.name === 'location'`)
	v.keys(kb.Delete) // what was there is selected
	v.says("100 units, 90 allocated")
	v.click("button", "Change the batch")
	v.at("/batches/batch-0500")
	batch.Location = ""
	if s.get("/v1/batches/batch-0500", &batch); batch.Location != "" {
		t.Errorf("the batch still lies in %q", batch.Location)
	}
	v.atEase()
}

// Planner and buyer: one saves what might be done, the other does it.
func TestASavedWhatIfIsMadeBySomebodyElse(t *testing.T) {
	s := furnished(t)
	planner := visit(t, s)
	planner.open("/what-if?op=change_batch&ref=batch-0461")
	planner.fill("spinbutton", "Quantity (optional)", "10")
	planner.click("button", "Add: Change a batch")
	planner.says("3 lines would move")
	before := s.events()
	planner.click("button", "Save and share")
	planner.says("kept until")
	address := eval[string](planner, `location.pathname`)
	if !strings.HasPrefix(address, "/what-if/") || s.events() != before {
		t.Fatalf("it is at %s, and there are %d events more", address, s.events()-before)
	}

	buyer := visit(t, s)
	buyer.open(address)
	buyer.says("They would still do what they would have done")
	s.do(`{"op":"cancel","order_id":"order-7010","sku":"SMALL-TABLE"}`)
	buyer.click("button", "Make this change")
	buyer.says("Somebody was faster")
	buyer.says("2 lines would move")
	foreseen := buyer.rows("main")
	buyer.click("button", "Make this change")
	buyer.says("2 lines")
	for _, row := range foreseen {
		order, _, _ := strings.Cut(row, " ")
		if got := s.lineOf(order); !strings.Contains(row, " "+got.BatchRef+" ") {
			t.Errorf("%s is in %s; it was foreseen that %q", order, got.BatchRef, row)
		}
	}
}

// Everybody: each form does what it says.
func TestEachFormDoesWhatItSays(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	batch := func(ref string) (got struct {
		Qty      int
		Closed   bool
		ETA      string `json:"eta"`
		Location string
	}) {
		s.get("/v1/batches/"+ref, &got)
		return got
	}
	for _, c := range []struct {
		form   string
		button string // its beginning
		is     func() bool
	}{
		{"/do/add_batch?ref=b1&sku=LAMP&qty=50&location=north", "Add the batch", func() bool { return batch("b1").Qty == 50 && batch("b1").Location == "north" }},
		{"/do/allocate?order_id=o1&sku=LAMP&qty=10", "Allocate the line", func() bool { return s.lineOf("o1").BatchRef == "b1" }},
		{"/do/allocate?order_id=o2&sku=LAMP&qty=2&only_locations=south", "Allocate the line", func() bool { return s.lineOf("o2").Status == "backordered" }},
		{"/do/allocate?order_id=o3&sku=LAMP&qty=3&hold_until=" + day(3) + "T12:00:00Z", "Allocate the line", func() bool { return s.lineOf("o3").Status == "held" }},
		{"/do/allocate?order_id=o4&sku=LAMP&qty=4&hold_until=" + day(3) + "T12:00:00Z", "Allocate the line", func() bool { return s.lineOf("o4").Status == "held" }},
		{"/do/confirm_hold?order_id=o3&sku=LAMP", "Confirm the hold", func() bool { return s.lineOf("o3").Status == "allocated" }},
		{"/do/release_hold?order_id=o4&sku=LAMP", "Release the hold", func() bool { return s.lineOf("o4").BatchRef == "" }},
		{"/do/amend?order_id=o1&sku=LAMP&qty=8&priority=9&required_by=" + day(30), "Amend the line", func() bool {
			l := s.lineOf("o1")
			return l.Qty == 8 && l.Priority != nil && *l.Priority == 9 && l.RequiredBy == day(30)
		}},
		{"/do/ship?order_id=o1&sku=LAMP&shipped=8", "Ship the line", func() bool { return s.lineOf("o1").Shipped == 8 }},
		{"/do/return?order_id=o1&sku=LAMP&returned=1", "Take them back", func() bool { return s.lineOf("o1").Returned == 1 }},
		{"/do/cancel?order_id=o3&sku=LAMP", "Cancel the line", func() bool { return s.lineOf("o3").Status == "cancelled" }},
		{"/do/close_batch?ref=b1", "Close the batch", func() bool { return batch("b1").Closed }},
		{"/do/reopen_batch?ref=b1", "Reopen the batch", func() bool { return !batch("b1").Closed }},
		{"/do/receive_batch?ref=batch-0474&qty=28", "Receive the batch", func() bool { return batch("batch-0474").ETA == "" && batch("batch-0474").Qty == 28 }},
		{"/do/describe_product?sku=LAMP&description=A+lamp", "Save the description", func() bool {
			var p struct{ Description string }
			s.get("/v1/products/LAMP", &p)
			return p.Description == "A lamp"
		}},
		{"/do/set_policy?sku=LAMP&policy=first_expired&safety_stock=1", "Change the policy", func() bool {
			var p struct {
				Policy      string
				SafetyStock int `json:"safety_stock"`
			}
			s.get("/v1/products/LAMP", &p)
			return p.Policy == "first_expired" && p.SafetyStock == 1
		}},
	} {
		v.open(c.form)
		v.until("offer to "+c.button, `(document.querySelector('button.main')?.textContent ?? '').startsWith('`+c.button+`')`)
		if seen := eval[bool](v, `!!document.querySelector('input[name=seen]')`); seen {
			v.run(clickFirst(`input[name=seen]`))
		}
		v.run(clickFirst(`button.main`))
		v.until("be done with "+c.form, `!location.pathname.startsWith('/do/') && document.readyState === 'complete'`)
		if !c.is() {
			t.Errorf("%s has not done what it says", c.form)
		}
	}
	v.atEase()
}

// park makes what failed look as it does half a day later, when it has failed
// often enough to be parked.
func (s *shop) park() {
	s.t.Helper()
	s.stop()
	dir := s.args[slices.Index(s.args, "--data")+1]
	db, err := sql.Open("sqlite", filepath.Join(dir, "allot.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = db.Exec(`UPDATE failures SET attempts = 25, parked = 1 WHERE attempts > 0`)
	if err = errors.Join(err, db.Close()); err != nil {
		s.t.Fatal(err)
	}
	s.start()
}

// Operator: what is parked is tried again, one and all, without a mouse and
// without script.
func TestWhatIsParkedIsTriedAgain(t *testing.T) {
	h := newHook(t)
	s := furnished(t, "--webhook-allow-private")
	s.tell(h)
	h.fails(true)
	for _, order := range []string{"order-8000", "order-8001", "order-8002"} {
		s.do(`{"op":"allocate","order_id":"` + order + `","sku":"POPULAR-CURTAINS","qty":1}`)
	}
	v := visit(t, s)
	count := func(state string) int {
		v.open("/deliveries?subscription=webhook-1")
		return strings.Count(strings.Join(v.rows("main"), "|"), state)
	}
	await(t, "three events have failed", func() bool { return count(" Again ") == 3 })
	s.park()
	if n := count("Parked"); n != 3 {
		t.Fatalf("%d events are parked: %q", n, v.rows("main"))
	}
	v.says("500")
	h.fails(false)

	v.tabTo(`document.activeElement.textContent.startsWith('Retry ') && document.activeElement.textContent.endsWith('to webhook-1')`)
	v.keys(kb.Enter)
	v.says("1 event is delivered again")
	await(t, "it is delivered", func() bool { return h.count() == 1 })
	await(t, "two are left", func() bool { return count("Parked") == 2 })

	v.run(emulation.SetScriptExecutionDisabled(true))
	v.open("/deliveries?subscription=webhook-1")
	v.click("button", "Retry all that is parked of webhook-1")
	await(t, "all are delivered", func() bool { return h.count() == 3 })
	await(t, "none is parked", func() bool { return count("Parked") == 0 })
}

// Anyone whose system has colours of its own: nothing is told by colour alone,
// and the focus is seen.
func TestPagesGetAlongWithForcedColours(t *testing.T) {
	v := visit(t, furnished(t))
	v.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}))
	for _, path := range []string{"/", "/products/SMALL-TABLE", "/batches/batch-0461", "/do/change_batch?ref=batch-0461&qty=0", "/deliveries"} {
		v.open(path)
		if !eval[bool](v, `matchMedia('(forced-colors: active)').matches`) {
			t.Fatal("the browser has not taken the colours")
		}
		v.keys(kb.Tab)
		if !eval[bool](v, `getComputedStyle(document.activeElement).outlineStyle !== 'none'`) {
			t.Errorf("%s: the focus can't be seen", path)
		}
		if unseen := eval[[]string](v, `[...document.querySelectorAll('svg.chart .supply, svg.chart .promised')].filter(e => getComputedStyle(e).stroke === getComputedStyle(document.body).backgroundColor).map(e => e.className.baseVal)`); len(unseen) > 0 {
			t.Errorf("%s: in the chart %q can't be seen", path, unseen)
		}
		if bare := eval[int](v, `[...document.querySelectorAll('.chip')].filter(e => !e.innerText.trim()).length`); bare > 0 {
			t.Errorf("%s: %d marks have no words", path, bare)
		}
	}
	v.open("/do/change_batch?ref=batch-0461&qty=0")
	v.run(chromedp.Evaluate(axe, nil))
	for _, found := range eval[[]string](v, `axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag22aa']}).then(r => r.violations.map(f => f.id + ': ' + f.help))`) {
		t.Error(found)
	}
}
