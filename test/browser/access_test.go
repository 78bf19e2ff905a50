package browser

import (
	_ "embed"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// all are pages in each of their states.
var all = []string{
	"/", "/products", "/products/SMALL-TABLE", "/orders", "/orders?status=cancelled", "/orders/order-7005", "/orders/order-7051",
	"/batches", "/batches/batch-0461", "/backorders", "/late", "/at-risk", "/overdue", "/arriving", "/sign-in", "/do/receive_batch?ref=batch-0461", "/do/amend?order_id=order-7005&sku=POPULAR-CURTAINS", "/events", "/deliveries", "/mails", "/messages", "/deliveries?subscription=out-of-stock-notices&from=1&to=99", "/deliveries?subscription=out-of-stock-notices&from=9&to=1", "/do/set_policy?sku=SMALL-TABLE", "/search?q=order", "/search?q=zzz", "/help", "/import",
	"/what-if", "/what-if?op=change_batch&ref=batch-0461", "/what-if?change=%7B%22op%22%3A%22change_batch%22%2C%22ref%22%3A%22batch-0461%22%2C%22qty%22%3A0%7D",
	"/docs/", "/docs/errors/out_of_stock", "/do/replan?sku=SMALL-TABLE", "/do/cancel?order_id=order-7001&sku=SMALL-TABLE", "/do/ship?order_id=order-7001&sku=SMALL-TABLE", "/docs/reference/cli", "/docs/reference/http", "/do/add_batch", "/do/change_batch?ref=batch-0461&qty=0", "/do/allocate?order_id=x&sku=SMALL-TABLE&qty=0",
	"/what-if?change=%7B%22op%22%3A%22close_batch%22%2C%22ref%22%3A%22nix%22%7D", "/orders/order-nix", "/nix",
}

func TestPagesHaveNoBarriers(t *testing.T) {
	v := visit(t, furnished(t))
	for _, dark := range []bool{false, true} {
		v.dark(dark)
		for _, path := range all {
			v.open(path)
			v.hasNoBarriers()
		}
	}
}

// hasNoBarriers fails if there are any on the page, with all of it unfolded.
func (v *visitor) hasNoBarriers() {
	v.t.Helper()
	v.run(chromedp.Evaluate(`document.querySelectorAll('details').forEach(d => d.open = true)`, nil), chromedp.Evaluate(axe, nil))
	for _, found := range eval[[]string](v, `axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r =>
		r.violations.map(f => f.id + ': ' + f.help + ': ' + f.nodes.map(n => n.html).slice(0, 3).join(' | ')))`) {
		v.t.Errorf("%s: %s", eval[string](v, `location.pathname + ' ' + (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')`), found)
	}
}

// Pages that only what somebody did brings about: a file that was checked,
// changes that were saved, a mail, a message that something went wrong.
func TestPagesOfWhatSomebodyDidHaveNoBarriers(t *testing.T) {
	v := visit(t, furnished(t))
	file := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(file, []byte("orderid,sku,qty\nweb-1,SMALL-TABLE,1\nweb-2,SMALL-TABLE,x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dark := range []bool{false, true} {
		v.dark(dark)
		v.open("/import")
		v.run(chromedp.SetUploadFiles("#file", []string{file}, chromedp.ByQuery))
		v.click("button", "Check the file")
		v.says("x")
		v.hasNoBarriers()

		v.open("/what-if?change=%7B%22op%22%3A%22change_batch%22%2C%22ref%22%3A%22batch-0461%22%2C%22qty%22%3A0%7D")
		v.click("button", "Save and share")
		v.says("kept until")
		v.hasNoBarriers()

		v.open("/mails/1")
		v.says("All mails")
		v.hasNoBarriers()

		v.open("/do/change_batch?ref=batch-0474&qty=0") // and what is lost was not ticked
		v.click("button", "Change the batch and 1 line")
		v.until("say that nothing was saved", `!!document.querySelector('[role=alert]')`)
		v.hasNoBarriers()
	}
}

func TestPagesFitANarrowWindow(t *testing.T) {
	v := visit(t, furnished(t))
	v.run(chromedp.EmulateViewport(320, 640))
	for _, path := range all {
		v.open(path)
		if wide := eval[int](v, `document.documentElement.scrollWidth`); wide > 320 {
			culprit := eval[string](v, `[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 321 && !e.closest('.scroll')).map(e => e.outerHTML.slice(0, 80)).slice(0, 3).join(' | ')`)
			t.Errorf("%s is %d wide: %s", path, wide, culprit)
		}
	}
}

// Text of twice the size, in a window of twice the width.
func TestPagesFitWithLargeText(t *testing.T) {
	v := visit(t, furnished(t))
	v.run(chromedp.EmulateViewport(640, 800))
	for _, path := range all {
		v.open(path)
		v.run(chromedp.Evaluate(`document.documentElement.style.fontSize = '200%'`, nil))
		if wide := eval[int](v, `document.documentElement.scrollWidth`); wide > 640 {
			t.Errorf("%s is %d wide", path, wide)
		}
	}
}

func TestPagesAskNothingOfOtherServers(t *testing.T) {
	v := visit(t, furnished(t))
	for _, path := range all {
		if res, err := http.Get(v.shop.url + path); err != nil || res.Body.Close() != nil || res.StatusCode >= 400 {
			continue
		}
		v.open(path)
	}
	v.atEase()
}

func TestStyleAndScriptAreSmall(t *testing.T) {
	v := visit(t, furnished(t))
	v.open("/")
	const most = 25 << 10
	size := eval[int](v, `performance.getEntriesByType('resource').filter(e => /css|js/.test(e.name)).reduce((sum, e) => sum + e.decodedBodySize, 0)`)
	if size == 0 || size > most {
		t.Error(fmt.Sprintf("they have %d bytes, uncompressed", size))
	}
}
