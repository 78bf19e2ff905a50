package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Customer service: "Where is order 7005, what do I tell the customer?"
func TestAnOrderIsFoundByTypingItsName(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/")
	v.keys("/")
	v.until("focus the search", `document.activeElement.id === 'q'`)
	v.keys("order-7005" + kb.Enter)
	v.at("/orders/order-7005")
	v.says("The line has stock; it arrives")
	v.says("What to tell the customer")
	v.click("button", "Copy")
	v.until("copy", `document.querySelector('[data-copy]').textContent === 'Copied'`)
	told := eval[string](v, `navigator.clipboard.readText()`)
	when, err := time.Parse(time.DateOnly, day(16))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told, when.Format("Monday 2 January")) {
		t.Errorf("on the clipboard is %q", told)
	}
	v.atEase()
}

func TestATypingErrorIsNoDeadEnd(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/orders/order-70O5")
	v.says("Closest: order-7001 order-7002 order-7005")
	v.click("link", "order-7005")
	v.at("/orders/order-7005")
}

// Buyer: batch-0461 arrives with 10 of 40.
func TestWhatAChangeWouldDoIsWhatItDoes(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	v.open("/batches/batch-0461")
	v.click("link", "Change quantity or ETA")
	v.at("/do/change_batch")
	v.fill("spinbutton", "Quantity", "10")
	v.says("3 lines would change: 3 later, 0 earlier, 0 without stock. 33 units in all.")
	v.until("keep the focus", `document.activeElement.name === 'qty'`)
	foreseen := v.rows("#preview")
	if len(foreseen) != 3 {
		t.Fatalf("the preview has %q", foreseen)
	}
	v.click("button", "Change the batch and 3 lines")
	v.at("/batches/batch-0461")
	v.says("Saved. 3 lines changed.")
	for i, order := range []string{"order-7010", "order-7011", "order-7012"} {
		var batches []struct{ Batchref string }
		s.get("/allocations/"+order, &batches)
		if len(batches) != 1 || !strings.HasPrefix(foreseen[i], order+" SMALL-TABLE") || !strings.Contains(foreseen[i], " "+batches[0].Batchref+" ") {
			t.Errorf("%s is in %v; it was foreseen that %q", order, batches, foreseen[i])
		}
	}
	v.atEase()
}

func TestWithoutScriptAllIsDoneByLinksAndForms(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	v.run(emulation.SetScriptExecutionDisabled(true))
	v.open("/")
	v.fill("searchbox", "Find an order, SKU or batch", "batch-0461"+kb.Enter)
	v.click("link", "Change quantity or ETA")
	v.fill("spinbutton", "Quantity", "10")
	v.click("button", "Preview")
	v.find("button", "Change the batch and 3 lines")
	v.click("button", "Change the batch and 3 lines")
	v.find("link", "Change quantity or ETA")
	var batches []struct{ Batchref string }
	if s.get("/allocations/order-7012", &batches); len(batches) != 1 || batches[0].Batchref != "batch-0470" {
		t.Errorf("order-7012 is in %v", batches)
	}
}

func TestEverythingIsReachedByKeyboard(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/")
	v.keys("gb")
	v.at("/batches")
	v.keys("jj" + kb.Enter)
	v.at("/batches/batch-0449")
	v.keys("gw")
	v.at("/backorders")
	v.keys("?")
	v.at("/help")
	v.click("checkbox", "Single keys are shortcuts")
	v.on(v.find("heading", "Keys"), `function() { document.activeElement.blur() }`)
	v.keys("go")
	v.at("/help")
}

func TestAThemeThatWasChosenStays(t *testing.T) {
	v := visit(t, furnished(t))
	v.dark(false)
	v.open("/")
	v.click("button", "Dark theme")
	v.open("/orders")
	v.find("button", "Light theme")
	v.until("be dark", `getComputedStyle(document.body).backgroundColor === 'rgb(14, 17, 19)'`)
}

// Buyer: someone else was faster.
func TestIfSomebodyWasFasterNothingIsSaved(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	v.open("/do/change_batch?ref=batch-0461&qty=10")
	v.find("button", "Change the batch and 3 lines")
	s.do(`{"op":"cancel","order_id":"order-7010","sku":"SMALL-TABLE"}`)
	v.click("button", "Change the batch and 3 lines")
	v.says("Somebody changed this product while you were looking")
	v.until("focus the message", `document.activeElement.id === 'problem'`)
	v.click("button", "Change the batch and 2 lines")
	v.at("/batches/batch-0461")
	v.says("Saved. 2 lines changed.")
}

// Buyer: the ETA slips 10 days.
func TestASlipMovesThePromiseAndKeepsTheFirst(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	v.open("/do/change_batch?ref=batch-0474&eta=" + day(26))
	v.click("button", "Change the batch and 1 line")
	v.at("/batches/batch-0474")
	v.open("/orders/order-7005")
	first, err := time.Parse(time.DateOnly, day(16))
	if err != nil {
		t.Fatal(err)
	}
	v.says("first said " + first.Format("Mon 2 Jan"))
	v.says("(in 26 days, first said ")
	v.says(first.Format("not on Monday 2 January as we said first."))
}

// Planner: what is wrong today?
func TestTheOverviewCountsWhatNeedsAttention(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/")
	v.says("Needs attention")
	v.click("link", "1 at risk")
	v.at("/at-risk")
	if rows := v.rows("main"); len(rows) != 1 || !strings.HasPrefix(rows[0], "order-7002 SMALL-TABLE 58") {
		t.Errorf("at risk: %q", rows)
	}
	v.open("/")
	v.click("link", "1 backordered")
	v.at("/backorders")
	if rows := v.rows("main"); len(rows) != 1 || !strings.HasPrefix(rows[0], "order-7051 SMALL-TABLE 90") {
		t.Errorf("backordered: %q", rows)
	}
}

// Planner: 12,000 rows, 60 of them bad, and all of it twice.
func TestAFileIsCheckedAndApplied(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	file := filepath.Join(t.TempDir(), "orders.csv")
	var rows strings.Builder
	rows.WriteString("orderid,sku,qty\n")
	for i := range 12_000 {
		sku := "POPULAR-CURTAINS"
		if i%200 == 0 {
			sku = "CURTIANS"
		}
		fmt.Fprintf(&rows, "web-%05d,%s,1\n", i, sku)
	}
	if err := os.WriteFile(file, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func() {
		v.open("/import")
		v.run(chromedp.SetUploadFiles("#file", []string{file}, chromedp.ByQuery))
		v.click("button", "Check the file")
		v.says("Download all 60 rejected rows")
	}
	check()
	rejected := eval[string](v, `fetch(document.querySelector('a[href$="rejected.csv"]').href, { headers: { Accept: 'text/html' } }).then(r => r.text())`)
	if lines := strings.Count(rejected, "\n"); lines != 61 || strings.Count(rejected, "CURTIANS") < 60 {
		t.Errorf("the file of refused rows has %d lines: %.300s", lines, rejected)
	}
	v.click("button", "Apply 11\u2009940 rows")
	v.says("Done.")
	after := s.events()
	check()
	v.says("were so already")
	v.click("button", "Apply 11\u2009940 rows")
	v.says("Done.")
	if s.events() != after {
		t.Errorf("the same file again made %d events", s.events()-after)
	}
}

// Everybody has one live feed for all of their tabs.
func TestTabsShareOneLiveFeed(t *testing.T) {
	s := furnished(t)
	v := visit(t, s)
	v.open("/")
	v.until("be live", `document.querySelector('#live').textContent === 'Live'`)
	s.do(`{"op":"allocate","order_id":"order-8000","sku":"SMALL-TABLE","qty":500}`)
	v.until("count anew", `document.querySelector('[data-live=backordered]').textContent === '2'`)
}
