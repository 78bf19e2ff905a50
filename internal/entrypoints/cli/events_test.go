package cli_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"allot/internal/entrypoints/cli"
)

func TestEventsAreListedAndShown(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add b1 LAMP 3")
	s.must(t, "batch add b2 CHAIR 3")
	s.must(t, "allocate o1 LAMP 2")
	for line, want := range map[string]string{
		"events list --output name":                                       "1\n2\n3\n",
		"events list --output name --sku LAMP":                            "1\n3\n",
		"events list --output name --sku LAMP --limit 1":                  "1\n",
		"events list --output name --after 1":                             "2\n3\n",
		"events list --output name --type allocated":                      "3\n",
		"events list --output name --type allocated,out_of_stock":         "3\n",
		"events list --output name --type batch_created --type allocated": "1\n2\n3\n",
		"events list --output name --after 3":                             "",
		"events parked --output name":                                     "",
		"events list --output name --type allocated --sku CHAIR":          "",
	} {
		if out := s.must(t, line); out != want {
			t.Errorf("%s printed %q, want %q", line, out, want)
		}
	}
	if out := s.must(t, "events show 3"); !strings.Contains(out, "allocated") || !strings.Contains(out, `"order_id":"o1"`) || !strings.Contains(out, "nina") {
		t.Errorf("shown is %s", out)
	}
	s.fails(t, "events show 4", 3, "there is no event 4")
	s.fails(t, "events show x", 2, "POSITION")
	s.fails(t, "events list --after -1", 2, "--after")
	s.fails(t, "events list --type sold", 2, `"sold" is no type of events`, "hint: there are allocated, ")
}

func TestEventsAreDeliveredAgain(t *testing.T) {
	for _, served := range []bool{false, true} {
		s := newShell(t)
		url, posts := takePosts(t)
		s.must(t, "webhook add "+url)
		s.must(t, "batch add b1 LAMP 3")
		s.must(t, "allocate o1 LAMP 2")
		server := s.serve(t, "serve --addr 127.0.0.1:0 --webhook-allow-private")
		<-posts
		<-posts
		if !served {
			server.stop()
		}
		if out := s.must(t, "events replay --subscription webhook-1 --from 1 --to 9 --dry-run"); out != "2 events would be delivered again\n" {
			t.Errorf("served %v: tried was %s", served, out)
		}
		if out := s.must(t, "events replay --subscription webhook-1 --from 2 --to 2"); out != "1 event will be delivered again\n" {
			t.Errorf("served %v: said was %s", served, out)
		}
		if !served {
			s.serve(t, "serve --addr 127.0.0.1:0 --webhook-allow-private")
		}
		if got := <-posts; got.header.Get("webhook-id") != "2" {
			t.Errorf("served %v: posted again was %s", served, got.body)
		}
		if out := s.must(t, "events retry --all"); out != "0 events will be delivered again\n" {
			t.Errorf("served %v: retried was %s", served, out)
		}
		for line, exit := range map[string]int{
			"events retry": 2, "events retry --all --subscription webhook-1": 2, "events retry --subscription webhook-9": 2,
			"events replay --from 1 --to 2": 2, "events replay --subscription webhook-9 --from 1 --to 2": 2, "events replay --subscription webhook-1 --from 2 --to 1": 2,
		} {
			if r := s.run(t, line); r.exit != exit || r.err == "" {
				t.Errorf("served %v: %s: exit %d, want %d: %s", served, line, r.exit, exit, r.err)
			}
		}
	}
}

func TestATailGoesOnAfterARestart(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add b1 LAMP 9")
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	lines := make(chan string, 9)
	done := make(chan int, 1)
	go func() { done <- s.tail(ctx, t, "events tail --after 0 --output ndjson", lines) }()
	expect := func(want string) {
		t.Helper()
		select {
		case line := <-lines:
			if !strings.Contains(line, want) {
				t.Errorf("printed was %s, want %s", line, want)
			}
		case <-ctx.Done():
			t.Fatalf("nothing was printed, want %s", want)
		}
	}
	expect(`"position":1,`)
	server.stop()
	s.must(t, "allocate o1 LAMP 2")
	s.serve(t, "serve --addr 127.0.0.1:0")
	s.must(t, "allocate o2 LAMP 2")
	expect(`"position":2,`)
	expect(`"position":3,`)
	cancel()
	if exit := <-done; exit != 0 {
		t.Errorf("ended with exit %d", exit)
	}
}

// tail runs a command, and sends what it prints line by line.
func (s *shell) tail(ctx context.Context, t *testing.T, line string, lines chan<- string) int {
	out, in := io.Pipe()
	go func() {
		for scan := bufio.NewScanner(out); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	defer in.Close()
	return cli.Run(ctx, s.process(t, line, in, io.Discard), strings.Fields(line)...)
}

func TestATailNeedsAServer(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add b1 LAMP 9")
	s.fails(t, "events tail", 8, "no server runs")
	s.fails(t, "events tail --server http://127.0.0.1:1", 8, "can't reach")
}

func TestEventsThatComeArePrintedInEveryForm(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add b1 LAMP 3")
	s.must(t, "allocate o1 LAMP 2")
	s.serve(t, "serve --addr 127.0.0.1:0")
	for form, want := range map[string][]string{
		"csv":    {"position,at,type,sku,command,actor,data", "1,2026-11-24T12:00:00Z,batch_created,LAMP,create_batch,nina,", "2,2026-11-24T12:00:00Z,allocated,LAMP,"},
		"name":   {"1", "2"},
		"ndjson": {`{"position":1,`, `{"position":2,`},
		"table":  {"1\t2026-11-24T12:00:00Z\tbatch_created\tLAMP\t", "2\t"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		lines, done := make(chan string, 9), make(chan int, 1)
		go func() { done <- s.tail(ctx, t, "events tail --after 0 --output "+form, lines) }()
		for _, text := range want {
			select {
			case line := <-lines:
				if !strings.HasPrefix(line, text) {
					t.Errorf("%s: printed was %q, want %q", form, line, text)
				}
			case <-ctx.Done():
				t.Fatalf("%s: nothing was printed, want %q", form, text)
			}
		}
		cancel()
		<-done
	}
}

func TestWhatCantBeFollowedIsRefused(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add b1 LAMP 3")
	s.serve(t, "serve --addr 127.0.0.1:0")
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for line, says := range map[string]string{
		"events tail --type sold":                            "\"sold\" is no type of events\nhint: there are allocated, ",
		"listen --forward-to http://127.0.0.1:1 --type sold": "\"sold\" is no type of events",
		"events tail --server " + other.URL:                  "answered 404 Not Found, as no server of Allot does\nhint: look whether it is one",
		"events subscriptions --server " + other.URL:         "as no server of Allot does",
		"webhook add http://127.0.0.1:3000":                  "127.0.0.1 is no public address: nothing would be posted there\nhint: start allot serve with --webhook-allow-private",
		"webhook add http://shop.example:99999":              "url has the port 99999; it must be from 1 to 65535",
	} {
		if r := s.run(t, line); r.exit == 0 || !strings.Contains(r.err, says) {
			t.Errorf("%s: exit %d, %s", line, r.exit, r.err)
		}
	}
	if out := s.must(t, "events retry --subscription out-of-stock-notices --position 1"); out != "0 events will be delivered again\n" {
		t.Errorf("retried was %s", out)
	}
}

// Who is held up is told where people look for it: where events go, and which
// webhooks there are.
func TestWhereEventsAreHeldUpIsTold(t *testing.T) {
	s := newShell(t)
	s.fails(t, "events subscriptions", 8, "no server runs")
	s.must(t, "webhook add http://127.0.0.1:1/events")
	s.must(t, "batch add b1 LAMP 3")
	if out := s.must(t, "webhook list"); !strings.HasPrefix(out, "ID\tURL\tEVENTS\tAT\n") {
		t.Errorf("without a server it says %s", out)
	}
	server := s.serve(t, "serve --addr 127.0.0.1:0 --webhook-allow-private")
	const trouble = "deliver to webhook-1: unreachable: post to http://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused"
	for _, line := range []string{"webhook list --output json", "webhook list --output json --server " + server.url, "events subscriptions --output json"} {
		soon(t, line+" says who is held up", func() bool {
			out := s.must(t, line)
			return strings.Contains(out, `"behind_since":"2026-11-24T12:00:00Z","trouble":"`+trouble+`"`)
		})
	}
	if out := s.must(t, "events subscriptions"); !strings.Contains(out, "late-promise-notices\t0\t-\t-\n") || !strings.Contains(out, "webhook-1\t0\t2026-11-24T12:00:00Z\t"+trouble+"\n") {
		t.Errorf("it says %s", out)
	}
	if out := s.must(t, "webhook list"); !strings.HasPrefix(out, "ID\tURL\tEVENTS\tAT\tBEHIND SINCE\tTROUBLE\n") {
		t.Errorf("it says %s", out)
	}
	s.must(t, "webhook delete webhook-1")
	if out := s.must(t, "webhook list --output name"); out != "" {
		t.Errorf("left is %s", out)
	}
}
