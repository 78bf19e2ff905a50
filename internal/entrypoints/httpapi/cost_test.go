package httpapi_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"allot/internal/access"
	"allot/internal/adapters/memory"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/metrics"
	"allot/internal/service"
)

// BenchmarkCostOfAnEcho is what an echo costs without a connection, beside a
// handler that reads the body and answers the same; with a token, with metrics,
// and with an access log.
func BenchmarkCostOfAnEcho(b *testing.B) {
	store := memory.New()
	bus := service.NewBus(service.NewTransactor(store, 1, time.Now, nil))
	service.Register(bus)
	tokens := access.NewRegistry(store, time.Now)
	_, secret, err := tokens.Issue(b.Context(), access.Token{Name: "till", Scopes: access.Scopes})
	if err != nil {
		b.Fatal(err)
	}
	m := metrics.New("1.2.3")
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header()["Content-Type"] = []string{"text/html; charset=utf-8"}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "OK")
	})
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	guard := httpapi.Guard{Tokens: tokens, Required: true}
	for _, v := range []struct {
		name   string
		h      http.Handler
		secret string
	}{
		{"bare", bare, ""},
		{"echo", httpapi.New(bus, store, httpapi.Options{Echo: true}), ""},
		{"and a token", httpapi.New(bus, store, httpapi.Options{Echo: true, Guard: guard}), secret},
		{"and metrics", httpapi.New(bus, store, httpapi.Options{Echo: true, Guard: guard, Observe: m.Request}), secret},
		{"and a log", httpapi.New(bus, store, httpapi.Options{Echo: true, Guard: guard, Observe: m.Request, Log: log}), secret},
	} {
		b.Run(v.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := echoed(b.Context(), v.h, v.secret); got != http.StatusAccepted {
					b.Fatalf("status %d", got)
				}
			}
		})
	}
}

func echoed(ctx context.Context, h http.Handler, secret string) int {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/echo", strings.NewReader(`{"orderid":"order-1","sku":"SKU-1","qty":3}`))
	r.Host = "localhost"
	r.Header["Content-Type"] = []string{plain}
	if secret != "" {
		r.Header["Authorization"] = []string{"Bearer " + secret}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}
