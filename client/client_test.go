package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"allot/client"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		os.Exit(code)
	}))
}

func connect(t *testing.T, h http.HandlerFunc, o client.Options) *client.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return to(t, server.URL, o)
}

func to(t *testing.T, url string, o client.Options) *client.Client {
	t.Helper()
	c, err := client.New(url, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shop is a server that does what it should.
func shop(t *testing.T) *client.Client {
	t.Helper()
	server := serve()
	t.Cleanup(server.Close)
	return to(t, server.URL+"/", client.Options{})
}

func TestEveryRouteCanBeCalled(t *testing.T) {
	c, ctx := shop(t), t.Context()
	const sku, order, ref = "LAMP/É 1", "o/1//../x", "b 1/?"
	steps := []struct {
		name string
		do   func() (any, error)
		want string
	}{
		{"describe", func() (any, error) { return c.DescribeProduct(ctx, sku, client.ProductChange{Description: "Lamp"}) }, "Lamp"},
		{"create", func() (any, error) { return c.CreateBatch(ctx, client.NewBatch{Ref: ref, SKU: sku, Qty: 9}) }, "Qty:9"},
		{"allocate", func() (any, error) { return c.Allocate(ctx, order, client.NewLine{SKU: sku, Qty: 3}) }, "Status:allocated"},
		{"wait", func() (any, error) { return c.Allocate(ctx, "o2", client.NewLine{SKU: sku, Qty: 8}) }, "LargestFit:6"},
		{"batch", func() (any, error) { return c.Batch(ctx, ref) }, "Allocated:3 Shipped:0 Available:6"},
		{"product", func() (any, error) { return c.Product(ctx, sku) }, "Backordered:8"},
		{"line", func() (any, error) { return c.Line(ctx, order, sku) }, "BatchRef:b 1/?"},
		{"explain", func() (any, error) { l, err := c.Explain(ctx, order, sku); return *l.Why, err }, "Rule:earliest Cause:ordered"},
		{"order", func() (any, error) { return c.Order(ctx, order) }, "OrderID:o/1//../x"},
		{"orders", func() (any, error) { return collect(c.Orders(ctx, client.Backordered)) }, "OrderID:o2 Lines:1"},
		{"backorders", func() (any, error) { return collect(c.Backorders(ctx, sku)) }, "OrderID:o2"},
		{"batches", func() (any, error) { return collect(c.Batches(ctx, sku)) }, "Ref:b 1/?"},
		{"batch lines", func() (any, error) { return collect(c.BatchLines(ctx, ref)) }, "OrderID:o/1//../x"},
		{"products", func() (any, error) { return collect(c.Products(ctx)) }, "Description:Lamp"},
		{"policy", func() (any, error) { return c.SetPolicy(ctx, sku, client.Policy{Name: "first_expired"}) }, "Policy:first_expired"},
		{"batches at a location", func() (any, error) { return collect(c.BatchesAt(ctx, "nowhere", sku)) }, "[]"},
		{"dry run", func() (any, error) {
			return c.Cancel(ctx, order, sku, client.Cancellation{Terms: client.Terms{DryRun: true}})
		}, "Moves:[{OrderID:o2"},
		{"cancel", func() (any, error) {
			return c.Cancel(ctx, order, sku, client.Cancellation{Reason: "changed mind", Note: "by phone"})
		}, "{DryRun:false Plan: Moves:[{OrderID:o2"},
		{"change", func() (any, error) { return c.ChangeBatch(ctx, ref, client.BatchChange{Qty: new(7)}) }, "From:b 1/?"},
		{"events", func() (any, error) { return collect(c.Events(ctx, 2)) }, "Reason:changed mind Note:by phone"},
	}
	for _, s := range steps {
		got, err := s.do()
		if text := fmt.Sprintf("%+v", got); err != nil || !strings.Contains(text, s.want) {
			t.Errorf("%s: got %s, %v; want %s in it", s.name, text, err, s.want)
		}
	}
}

func collect[T any](seq func(func(T, error) bool)) (all []T, err error) {
	for item, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, item)
	}
	return all, nil
}

func TestListsGoOnOverPages(t *testing.T) {
	c := shop(t)
	const n = 120
	for i := range n {
		if _, err := c.DescribeProduct(t.Context(), fmt.Sprintf("SKU-%03d", i), client.ProductChange{Description: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := collect(c.Products(t.Context()))
	if err != nil || len(all) != n || all[n-1].SKU != "SKU-119" {
		t.Errorf("%d products, %v", len(all), err)
	}
	events, err := collect(c.Events(t.Context(), 100))
	if err != nil || len(events) != n-100 || events[0].Position != 101 {
		t.Errorf("%d events, %v", len(events), err)
	}
	for range c.Products(t.Context()) {
		break // which must not go on
	}
}

func TestARefusalSaysAllThatTheServerDoes(t *testing.T) {
	c := shop(t)
	_, err := c.Allocate(t.Context(), "o1", client.NewLine{SKU: "LAMP", Qty: -1})
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.Status != 422 || e.Code != "validation_failed" || e.Field != "qty" || e.Hint == "" || e.RequestID == "" {
		t.Fatalf("got %#v", err)
	}
	if want := fmt.Sprintf("qty is -1; it must lie between 1 and 2147483647; send a whole number in that range (validation_failed, request %s)", e.RequestID); err.Error() != want {
		t.Errorf("it says %q, want %q", err, want)
	}
	if client.CodeOf(fmt.Errorf("order: %w", err)) != "validation_failed" || client.CodeOf(io.EOF) != "" {
		t.Error("CodeOf is wrong")
	}
	if _, err := collect(c.Orders(t.Context(), "waiting")); client.CodeOf(err) != "validation_failed" {
		t.Errorf("a list says %v", err)
	}
}

func TestWhatIsBusyIsAskedAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		status     int
		retryAfter string
		busy       int32 // so many times
		retries    int
		tries      int32
		fails      bool
	}{
		"not at all":         {503, "0", 0, 0, 1, false},
		"once":               {503, "0", 1, 0, 2, false},
		"as often as it may": {503, "0", 3, 0, 4, false},
		"too often":          {503, "0", 4, 0, 4, true},
		"too many requests":  {429, "0", 1, 0, 2, false},
		"by date":            {503, "Wed, 21 Oct 2015 07:28:00 GMT", 1, 0, 2, false},
		"never":              {503, "0", 1, -1, 1, true},
		"for too long":       {503, "3600", 1, 0, 1, true},
		"something else":     {500, "0", 1, 0, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int32
			c := connect(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if tries.Add(1) <= tt.busy {
					w.Header().Set("Retry-After", tt.retryAfter)
					w.WriteHeader(tt.status)
					return
				}
				if string(body) != `{"sku":"LAMP","qty":1}` || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("%s, %v", body, r.Header)
				}
				fmt.Fprint(w, `{"status":"allocated"}`)
			}, client.Options{Retries: tt.retries, Token: "secret"})
			_, err := c.Allocate(t.Context(), "o1", client.NewLine{SKU: "LAMP", Qty: 1})
			if (err != nil) != tt.fails || tries.Load() != tt.tries {
				t.Errorf("%d tries, %v", tries.Load(), err)
			}
		})
	}
}

func TestAClientThatGivesUpDoesNotWait(t *testing.T) {
	c := connect(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(503)
	}, client.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Product(ctx, "LAMP"); !errors.Is(err, ctx.Err()) || !strings.Contains(err.Error(), "503") {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatIsSilentIsGivenUp(t *testing.T) {
	silent := make(chan struct{})
	c := connect(t, func(http.ResponseWriter, *http.Request) { <-silent }, client.Options{Timeout: time.Millisecond})
	defer close(silent)
	if _, err := c.Product(t.Context(), "LAMP"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNoAnswerOfAllotIsAnError(t *testing.T) {
	for _, tt := range []struct{ status, contentType, body, want string }{
		{"502", "text/html", "<html>", "the server answered with 502 Bad Gateway, and didn't say why"},
		{"404", "application/problem+json", "{", "the server answered with 404 Not Found, and didn't say why"},
		{"200", "text/html", "<html>", "read the answer to GET /v1/products/LAMP: invalid character '<'"},
	} {
		c := connect(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tt.contentType)
			var status int
			_, _ = fmt.Sscan(tt.status, &status)
			w.WriteHeader(status)
			fmt.Fprint(w, tt.body)
		}, client.Options{})
		if _, err := c.Product(t.Context(), "LAMP"); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestAnAddressMustBeOne(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:5005", "ftp://x", "http://", "http://x?y=z", "http://%zz"} {
		if _, err := client.New(address, client.Options{}); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}

func TestManyCommandsAreAnsweredInOrder(t *testing.T) {
	c := shop(t)
	const n = 5000
	commands := func(yield func(client.Command) bool) {
		for i := range n {
			if !yield(client.Command{Op: "add_batch", Ref: fmt.Sprintf("b%d", i+1), SKU: "LAMP", Qty: new(1)}) {
				return
			}
		}
	}
	line := 0
	for a, err := range c.Bulk(t.Context(), commands) {
		if line++; err != nil || a.Err() != nil || a.Line != line || a.Ref != fmt.Sprintf("b%d", line) {
			t.Fatalf("line %d: %+v, %v", line, a, err)
		}
	}
	if line != n {
		t.Errorf("%d answers", line)
	}
	for range c.Bulk(t.Context(), commands) {
		break // which leaves nothing running
	}
}

func TestABulkAnswerThatBreaksOffIsAnError(t *testing.T) {
	none := func(func(client.Command) bool) {}
	for body, want := range map[string]string{
		`{"line":1,"http_status":200}` + "\n": "the answer broke off: unexpected EOF",
		``:                                    "the answer broke off: unexpected EOF",
		`{"summary":{"lines":0}}` + "\n":      "",
	} {
		c := connect(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }, client.Options{})
		var last string
		for _, err := range c.Bulk(t.Context(), none) {
			if err != nil {
				last = err.Error()
			}
		}
		if last != want {
			t.Errorf("%q: got %q, want %q", body, last, want)
		}
	}
}

// The answers that the API is documented with have no member that the client
// doesn't know.
func TestNothingOfAnAnswerIsLost(t *testing.T) {
	types := map[string]func() any{
		"create_batch": of[client.Stocked], "change_batch": of[client.Stocked], "get_batch": of[client.Batch],
		"list_batches": of[page[client.Batch]], "list_batch_lines": of[page[client.Line]],
		"list_orders": of[page[client.OrderSummary]], "get_order": of[client.Order], "allocate_line": of[client.Placed],
		"get_line": of[client.Line], "cancel_line": of[client.Placed], "explain_line": of[client.Line], "list_backorders": of[page[client.Line]],
		"list_products": of[page[client.Product]], "get_product": of[client.Product], "describe_product": of[client.Described], "set_policy": of[client.Ruled],
		"list_events":   of[page[client.Event]],
		"receive_batch": of[client.Stocked], "close_batch": of[client.Stocked], "reopen_batch": of[client.Stocked],
		"allocate_order": of[client.Ordered], "amend_line": of[client.Placed], "ship_line": of[client.Placed], "return_line": of[client.Placed],
		"confirm_hold": of[client.Placed], "release_hold": of[client.Placed], "replan_product": of[client.Replanned], "line_history": of[client.History], "batch_history": of[client.BatchHistory],
		"list_late": of[page[client.LateLine]], "list_at_risk": of[page[client.LateLine]],
		"product_availability": of[client.Availability], "list_availability": of[page[client.Availability]],
		"list_subscriptions": of[page[client.Subscription]], "list_parked_messages": of[page[client.ParkedMessage]],
		"list_deliveries": of[page[client.Delivery]], "retry_deliveries": of[client.Redelivered], "replay_events": of[client.Redelivered],
		"try_changes": of[client.Difference], "make_changes": of[client.Difference], "get_what_if": of[client.SavedWhatIf], "try_changes 201": of[client.SavedWhatIf],
	}
	text, err := os.ReadFile("../internal/entrypoints/httpapi/examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []struct {
		Operation, Path string
		Status          int
		Answer          json.RawMessage
	}
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	for _, e := range examples {
		if !strings.HasPrefix(e.Path, "/v1/") || e.Operation == "bulk" || e.Status >= 400 {
			continue
		}
		as, ok := types[fmt.Sprintf("%s %d", e.Operation, e.Status)]
		if !ok {
			as, ok = types[e.Operation]
		}
		if !ok {
			t.Errorf("the client can't %s", e.Operation)
			continue
		}
		from := json.NewDecoder(bytes.NewReader(e.Answer))
		from.DisallowUnknownFields()
		if err := from.Decode(as()); err != nil {
			t.Errorf("%s: %v", e.Operation, err)
		}
	}
}

type page[T any] struct {
	Items []T
	Next  string
	AsOf  string `json:"as_of"`
}

func of[T any]() any { return new(T) }
