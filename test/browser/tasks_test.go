package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
	"time"
)

// Customer service: "Where is order 7005, what do I tell the customer?"
func TestAnOrderIsFoundByTypingItsName(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/")
	v.keys("/")
	v.until("focus the search", `document.activeElement.id === 'q'`)
	v.keys("order-7005" + kb.Enter)
	v.at("/orders/order-7005")
	v.says("The line has stock; the last arrives")
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
	v.click("link", "Change quantity")
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
	v.click("link", "Change quantity")
	v.fill("spinbutton", "Quantity", "10")
	v.click("button", "Preview")
	v.find("button", "Change the batch and 3 lines")
	v.click("button", "Change the batch and 3 lines")
	v.find("link", "Change quantity")
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
