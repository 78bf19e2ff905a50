package cli_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"allot/docs"
	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/web"
	"allot/internal/service"
)

// bigShop is a shop with many products and many lines, on SQLite.
type bigShop struct {
	skus, orders int // each order has lines of ten products
	today        time.Time
}

const linesOfAnOrder = 10

// commands make the shop: each product has stock in the warehouse and a
// shipment on its way, of every tenth it is overdue; one order in ten is urgent,
// one line in fifty finds no stock.
func (b bigShop) commands(yield func(domain.Message) bool) {
	for i := range b.skus {
		eta := b.day(1 + i%60)
		if i%10 == 0 {
			eta = b.day(-3)
		}
		if !yield(domain.CreateBatch{Ref: fmt.Sprintf("here-%06d", i), SKU: b.sku(i), Qty: 8}) ||
			!yield(domain.CreateBatch{Ref: fmt.Sprintf("ship-%06d", i), SKU: b.sku(i), Qty: 1000, ETA: eta}) {
			return
		}
	}
	for order := range b.orders {
		for n := range linesOfAnOrder {
			line := domain.Allocate{OrderID: fmt.Sprintf("order-%07d", order), SKU: b.sku((order*7919 + n*101) % b.skus), Qty: 1 + n%3}
			if order%10 == 0 {
				line.RequiredBy = b.day(order % 30)
			}
			if (order+n)%50 == 0 {
				line.Qty = 5000
			}
			if !yield(line) {
				return
			}
		}
	}
}

func (b bigShop) day(n int) domain.Date { return domain.NewDate(b.today.AddDate(0, 0, n).Date()) }

func (b bigShop) sku(i int) string { return fmt.Sprintf("SKU-%06d", i) }

// open builds the shop and serves its pages.
func (b bigShop) open(t *testing.T) (url string) {
	t.Helper()
	app, err := bootstrap.Open(t.Context(), filepath.Join(t.TempDir(), "allot.db"), "test", bootstrap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	for outcome := range service.SendEach(t.Context(), app.Bus, iter.Seq[domain.Message](b.commands)) {
		if outcome.Err != nil {
			t.Fatal(outcome.Err)
		}
	}
	pages := web.New(app.Bus, app.Store, web.Options{Docs: docs.Files})
	server := httptest.NewServer(httpapi.New(app.Bus, app.Store, httpapi.Options{Pages: pages}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { pages.Close() })
	return server.URL
}

// asked is an answer to somebody who looks at a page.
type asked struct {
	first time.Duration // until the first byte came
	body  string
	sent  int // bytes, as they were sent
}

func look(t *testing.T, url string) (a asked) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Encoding", "gzip")
	began := time.Now()
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	a.first = time.Since(began)
	defer w.Body.Close()
	sent, err := io.ReadAll(w.Body)
	if err != nil || w.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", url, w.StatusCode, sent, err)
	}
	a.sent, a.body = len(sent), string(sent)
	if w.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := io.ReadAll(plain)
		if err != nil {
			t.Fatal(err)
		}
		a.body = string(whole)
	}
	return a
}

var nextPage = regexp.MustCompile(`href="([^"]*)" rel="next"`)

// deep is the address of the nth page of a list.
func deep(t *testing.T, url, path string, n int) string {
	t.Helper()
	for range n - 1 {
		next := nextPage.FindStringSubmatch(look(t, url+path).body)
		if next == nil {
			t.Fatalf("%s is the last page", path)
		}
		path = strings.ReplaceAll(next[1], "&amp;", "&")
	}
	return path
}

// With 100,000 products and 1,000,000 lines if it is to take long.
func TestSoakPagesOfABigShopComeAtOnce(t *testing.T) {
	b, page, tries := bigShop{skus: 500, orders: 1000, today: time.Now().UTC()}, 15, 5
	soak := os.Getenv("ALLOT_SOAK") != ""
	if soak {
		b.skus, b.orders, page, tries = 100_000, 100_000, 2000, 40
	}
	url := b.open(t)
	paths := []string{
		"/", "/products", "/products/" + b.sku(7), "/orders", "/orders/order-0000500", "/batches", "/batches?sku=" + b.sku(7), "/batches/ship-000007",
		"/late", "/at-risk", "/backorders", "/backorders?sku=" + b.sku(7), "/events", "/events?type=out_of_stock", "/events?order_id=order-0000500",
		"/deliveries", "/search?q=SKU-0001", "/search?q=nothing", "/do/change_batch?ref=ship-000007&qty=0", "/what-if",
		deep(t, url, "/orders", page),
	}
	for _, status := range []string{"allocated", "backordered", "held", "shipped", "cancelled"} {
		paths = append(paths, "/orders?status="+status)
	}
	const mostBytes, mostTime = 30 << 10, 50 * time.Millisecond
	for _, path := range paths {
		var all []time.Duration
		for range tries {
			got := look(t, url+path)
			all = append(all, got.first)
			if got.sent > mostBytes {
				t.Errorf("%s has %d bytes", path, got.sent)
				break
			}
		}
		slices.Sort(all)
		p95 := all[len(all)*95/100]
		t.Logf("%-60s median %v, 95th percentile %v, most %v", path, all[len(all)/2], p95, all[len(all)-1])
		if soak && p95 > mostTime { // a small shop says nothing of that
			t.Errorf("%s takes %v to its first byte", path, p95)
		}
	}
}
