package cli_test

import (
	"bufio"
	"context"
	"io"
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
		"events list --output name":                              "1\n2\n3\n",
		"events list --output name --sku LAMP":                   "1\n3\n",
		"events list --output name --sku LAMP --limit 1":         "1\n",
		"events list --output name --after 1":                    "2\n3\n",
		"events list --output name --type allocated":             "3\n",
		"events list --output name --type sold":                  "",
		"events list --output name --after 3":                    "",
		"events parked --output name":                            "",
		"events list --output name --type allocated --sku CHAIR": "",
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
