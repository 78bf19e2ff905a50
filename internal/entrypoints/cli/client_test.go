package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// realServer serves a shop that is kept in memory. Each request is counted.
func realServer(t *testing.T) (c *client, requests *atomic.Int64) {
	t.Helper()
	app := bootstrap.Imagine(bootstrap.Options{})
	requests = new(atomic.Int64)
	api := httpapi.New(app.Bus, app.Store, httpapi.Options{})
	return serverOf(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		api.ServeHTTP(w, r)
	}), requests
}

func serverOf(t *testing.T, handle http.HandlerFunc) *client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	c := newClient(server.URL, "", false)
	t.Cleanup(func() { c.close() })
	return c
}

func commands(n int) []domain.Message {
	all := []domain.Message{domain.CreateBatch{Ref: "batch-1", SKU: "SMALL-TABLE", Qty: n}}
	for i := range n - 1 {
		all = append(all, domain.Allocate{OrderID: fmt.Sprintf("order-%d", i), SKU: "SMALL-TABLE", Qty: 1})
	}
	return all
}

// outcomes has commands sent and returns what became of each, in words.
func outcomes(ctx context.Context, c *client, commands []domain.Message) (all []string) {
	for o := range c.send(ctx, slices.Values(commands)) {
		all = append(all, fmt.Sprintf("%T %v", o.Result, o.Err))
	}
	return all
}

func TestEachCommandIsAnsweredInOrder(t *testing.T) {
	c, _ := realServer(t)
	got := outcomes(t.Context(), c, []domain.Message{
		domain.Allocate{OrderID: "order-1", SKU: "SMALL-TABLE", Qty: 1},
		domain.CreateBatch{Ref: "batch-1", SKU: "SMALL-TABLE", Qty: 20},
		domain.Allocate{OrderID: "order-1", SKU: "SMALL-TABLE", Qty: 0},
		domain.Allocate{OrderID: "order-1", SKU: "SMALL-TABLE", Qty: 1},
		domain.DescribeProduct{SKU: "SMALL-TABLE", Description: "a table"},
	})
	want := []string{
		`<nil> no product has SKU "SMALL-TABLE"`, "domain.Batched <nil>",
		"<nil> qty is 0; it must lie between 1 and 2147483647", "domain.Placement <nil>", "domain.Described <nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoCommandsAreNoRequest(t *testing.T) {
	c, requests := realServer(t)
	if got := outcomes(t.Context(), c, nil); len(got) != 0 || requests.Load() != 0 {
		t.Errorf("%d outcomes, %d requests", len(got), requests.Load())
	}
}

func TestLongListsAreCutIntoRequests(t *testing.T) {
	c, requests := realServer(t)
	c.request = 1000
	if got := outcomes(t.Context(), c, commands(200)); len(got) != 200 || slices.ContainsFunc(got, func(s string) bool { return !strings.HasSuffix(s, "<nil>") }) {
		t.Errorf("%d outcomes: %s", len(got), got)
	}
	if n := requests.Load(); n < 10 || n > 20 {
		t.Errorf("%d requests of some 1000 bytes", n)
	}
}

func TestManyCommandsMayBeOnTheirWay(t *testing.T) {
	c, requests := realServer(t)
	n := 3 * mostAsked / 2
	got := 0
	for o := range c.send(t.Context(), slices.Values(commands(n))) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		got++
	}
	if got != n || requests.Load() != 1 {
		t.Errorf("%d outcomes in %d requests, want %d in one", got, requests.Load(), n)
	}
}

func TestWhoWantsNoMoreEndsTheRequest(t *testing.T) {
	c, _ := realServer(t)
	read := 0
	source := func(yield func(domain.Message) bool) {
		for _, cmd := range commands(100_000) {
			if read++; !yield(cmd) {
				return
			}
		}
	}
	for range c.send(t.Context(), source) {
		break
	}
	seen := read // nothing reads it any more, or the race detector will tell
	if seen == 0 || seen == 100_000 {
		t.Errorf("%d commands were read", seen)
	}
}

func TestASlowSourceKeepsItsRequestAlive(t *testing.T) {
	alive := make(chan struct{})
	c := serverOf(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(http.StatusOK)
		lines := bufio.NewScanner(r.Body)
		var answer []byte
		for n := 1; lines.Scan(); n++ {
			if lines.Text() == "" {
				select {
				case alive <- struct{}{}:
				default:
				}
				continue
			}
			cmd, _ := wire.DecodeCommand(lines.Bytes(), domain.Origin{})
			answer, _ = wire.AppendAnswer(answer, n, cmd, service.Outcome[any]{Result: domain.Placement{Status: domain.StatusAllocated}})
		}
		w.Write(wire.AppendSummary(answer, wire.Summary{Lines: 2}))
	})
	c.keepAlive = time.Millisecond
	source := func(yield func(domain.Message) bool) {
		yield(domain.Allocate{OrderID: "order-1", SKU: "SMALL-TABLE", Qty: 1})
		<-alive // the server hears of us while there is nothing to say
		yield(domain.Allocate{OrderID: "order-2", SKU: "SMALL-TABLE", Qty: 1})
	}
	n := 0
	for o := range c.send(t.Context(), source) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d outcomes", n)
	}
}

func TestTroubleIsNoFaultOfACommand(t *testing.T) {
	answer := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, body)
		}
	}
	const done = `{"line":1,"http_status":201,"ref":"batch-1","sku":"SMALL-TABLE","qty":1}` + "\n"
	for name, tt := range map[string]struct {
		handle http.HandlerFunc
		exit   int
		says   string
	}{
		"refused as a whole": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			io.WriteString(w, `{"status":413,"code":"too_large","detail":"too much"}`)
		}, wire.ExitUsage, "refused: too much"},
		"refused without a word": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
			wire.ExitUnavailable, "answered 503 Service Unavailable, as no server of Allot does"},
		"something else answers": {answer("<html>hello</html>"), wire.ExitUnavailable, "broke off"},
		"nothing answers":        {answer(""), wire.ExitUnavailable, "broke off: unexpected EOF"},
		"half an answer":         {answer(done), wire.ExitUnavailable, "broke off"},
		"no summary":             {answer(done + strings.Replace(done, ":1,", ":2,", 1)), wire.ExitUnavailable, "broke off"},
		"another line":           {answer(strings.Replace(done, ":1,", ":7,", 1)), wire.ExitUnavailable, "line 7 was answered, not line 1"},
		"another count": {answer(done + strings.Replace(done, ":1,", ":2,", 1) + `{"summary":{"lines":3,"ok":3,"failed":0}}`),
			wire.ExitUnavailable, "it counts 3 commands, not 2"},
	} {
		t.Run(name, func(t *testing.T) {
			c := serverOf(t, tt.handle)
			var last service.Outcome[any]
			for o := range c.send(t.Context(), slices.Values(commands(2))) {
				last = o
			}
			f, ok := errors.AsType[*failure](last.Err)
			if !ok || f.exit != tt.exit || !strings.Contains(f.what, tt.says) {
				t.Errorf("got %v, want exit %d, %q", last.Err, tt.exit, tt.says)
			}
		})
	}
}
