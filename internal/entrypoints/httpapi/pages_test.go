package httpapi_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"allot/internal/adapters/memory"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
)

func TestPagesAreTakenForThePatternOfTheirRoutes(t *testing.T) {
	mux := http.NewServeMux()
	for _, pattern := range []string{"GET /orders/{id}", "POST /do/{op}", "/"} {
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	}
	var routes []string
	observe := func(_ context.Context, route, _ string, _ int, _ time.Time) { routes = append(routes, route) }
	store := memory.New()
	bus := service.NewBus(service.NewTransactor(store, 4096, time.Now, nil))
	service.Register(bus)
	s := &shop{t: t, store: store, log: &transcript{}, bus: bus}
	ctx, cancel := context.WithCancel(t.Context())
	s.listen(ctx, cancel, httpapi.New(bus, store, httpapi.Options{Pages: mux, Observe: observe}), httpapi.ServeOptions{})
	s.ask("GET", "/orders/o1", "", "Accept", "text/html")
	s.ask("POST", "/do/allocate", "", "Accept", "text/html")
	s.ask("GET", "/nothing/here", "", "Accept", "text/html")
	s.ask("GET", "/v1/orders/o1", "")
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"/orders/{id}", "/do/{op}", "/", "/v1/orders/{order_id}"}; !slices.Equal(routes, want) {
		t.Errorf("got %q, want %q", routes, want)
	}
}
