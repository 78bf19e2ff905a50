package cli_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"allot/internal/entrypoints/wire"
)

func TestEventsAreForwardedToAReceiver(t *testing.T) {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	posted := make(chan string, 9)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = check.VerifyIgnoringTimestamp(body, r.Header)
		}
		if err != nil {
			t.Error(err)
		}
		if posted <- string(body); strings.Contains(string(body), "batch_created") {
			http.Error(w, "not yet", http.StatusTeapot)
		}
	}))
	defer receiver.Close()
	s := newShell(t)
	s.must(t, "batch add b1 LAMP 9")
	s.fails(t, "listen", wire.ExitUsage, "--forward-to is missing")
	s.fails(t, "listen --forward-to ftp://x", wire.ExitUsage, "url is")
	s.fails(t, "listen --forward-to "+receiver.URL, wire.ExitUnavailable, "no server runs")
	s.serve(t, "serve --addr 127.0.0.1:0")
	s.must(t, "allocate o1 LAMP 2")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	lines, done := make(chan string, 9), make(chan int, 1)
	go func() {
		done <- s.tail(ctx, t, "listen --after 0 --output table --secret "+secret+" --forward-to "+receiver.URL, lines)
	}()
	for _, want := range []string{"1\tbatch_created\tLAMP\tpost to ", "2\tallocated\tLAMP\ttaken"} {
		select {
		case line := <-lines:
			if !strings.HasPrefix(line, want) {
				t.Errorf("printed was %q, want %q", line, want)
			}
		case <-ctx.Done():
			t.Fatalf("nothing was printed, want %q", want)
		}
	}
	if first := <-posted; !strings.Contains(first, `"type":"allot.batch_created.v1"`) {
		t.Errorf("posted was %s", first)
	}
	cancel()
	if exit := <-done; exit != 0 {
		t.Errorf("ended with exit %d", exit)
	}
}
