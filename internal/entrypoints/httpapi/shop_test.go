package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
	"allot/internal/views"
)

// shop is a server over a store in memory.
type shop struct {
	t       testing.TB
	url     string
	store   *memory.Store
	bus     *service.Bus
	log     *transcript
	commits *service.Pulse
	whatIfs *service.WhatIfs
	stop    func() error // once: has the server stop, and returns what Serve does
}

// open starts a server on a listener of its own.
func open(tb testing.TB) *shop {
	tb.Helper()
	s := &shop{t: tb, store: memory.New(), log: &transcript{}}
	s.serve(s.store, s.store)
	return s
}

// serve starts a server over a store and a reader that may have their troubles.
func (s *shop) serve(store service.Store, reader views.Reader) {
	s.t.Helper()
	s.commits = &service.Pulse{}
	s.bus = service.NewBus(service.NewTransactor(store, 4096, time.Now, s.commits.Beat))
	service.Register(s.bus)
	s.whatIfs = service.NewWhatIfs(s.store, time.Now, service.NewWhatIfID)
	s.host(reader)
}

// host starts a server over the bus of the shop.
func (s *shop) host(reader views.Reader) {
	s.t.Helper()
	level := slog.LevelDebug
	if _, measured := s.t.(*testing.B); measured {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: level}))
	ctx, cancel := context.WithCancel(s.t.Context())
	h := httpapi.New(s.bus, reader, httpapi.Options{Log: log, Version: "1.2.3", Commits: s.commits, WhatIfs: s.whatIfs, Stopping: ctx.Done(), Echo: true,
		Again: service.NewRedelivery(s.store, time.Now), Types: []string{"allocated", "line_cancelled"}, Progress: someProgress})
	s.listen(ctx, cancel, h, httpapi.ServeOptions{Log: log})
}

func (s *shop) listen(ctx context.Context, cancel func(), h http.Handler, o httpapi.ServeOptions) {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- httpapi.Serve(ctx, l, h, o) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-served })
	s.t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		_ = s.stop() // tests that care have looked at it
	})
}

// in is the shop for a subtest.
func (s *shop) in(t *testing.T) *shop {
	t.Helper()
	same := *s
	same.t = t
	return &same
}

// answer is what tests look at of an answer.
type answer struct {
	Status      int
	ContentType string
	Body        string
	Header      http.Header
}

// ask makes a request. headers are names and values in turn.
func (s *shop) ask(method, path, body string, headers ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w, err := http.DefaultTransport.RoundTrip(r) // which follows no redirects
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(w)
}

func (s *shop) read(w *http.Response) answer {
	s.t.Helper()
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header.Get("Content-Type"), string(text), w.Header}
}

// post posts JSON.
func (s *shop) post(path, body string) answer {
	s.t.Helper()
	return s.ask(http.MethodPost, path, body, "Content-Type", "application/json")
}

func (s *shop) get(path string) answer {
	s.t.Helper()
	return s.ask(http.MethodGet, path, "")
}

// expect compares status, content type, body and the named headers, which are
// names and values in turn.
func (s *shop) expect(got answer, status int, contentType, body string, headers ...string) {
	s.t.Helper()
	if got.Status != status || got.ContentType != contentType {
		s.t.Errorf("status %d, content type %q; want %d, %q", got.Status, got.ContentType, status, contentType)
	}
	if diff := cmp.Diff(body, got.Body); diff != "" {
		s.t.Error(diff)
	}
	for i := 0; i < len(headers); i += 2 {
		if value := got.Header.Get(headers[i]); value != headers[i+1] {
			s.t.Errorf("header %s is %q, want %q", headers[i], value, headers[i+1])
		}
	}
}

// do has commands done, past the API.
func (s *shop) do(commands ...domain.Message) {
	s.t.Helper()
	send := func(yield func(domain.Message) bool) {
		for _, cmd := range commands {
			if !yield(cmd) {
				return
			}
		}
	}
	for o := range service.SendEach(s.t.Context(), s.bus, send) {
		if o.Err != nil {
			s.t.Fatal(o.Err)
		}
	}
}

func (s *shop) events() int64 {
	s.t.Helper()
	stats, err := s.store.Stats(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return stats.Events
}

// transcript is a log that may be read while it is written.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// someProgress is how far events have come: one way out is through, and one is
// held up.
func someProgress() []service.Progress {
	return []service.Progress{
		{Subscription: "out-of-stock-notices", Position: 42},
		{Subscription: "redis-stream", Position: 40, Behind: time.Date(2026, 12, 1, 8, 26, 0, 0, time.UTC), Failed: 3,
			Trouble: "append to redis-stream: look where stream allot:events ends: dial tcp 127.0.0.1:6379: connect: connection refused"},
	}
}
