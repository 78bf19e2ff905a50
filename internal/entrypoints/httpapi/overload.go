package httpapi

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"allot/internal/access"
	"allot/internal/entrypoints/wire"
)

const (
	// leastPause and mostPause are how long a request waits before it is refused
	// for want of room. A client that comes back at once, whatever Retry-After
	// says, so costs no more than a few requests a second.
	leastPause = 100 * time.Millisecond
	mostPause  = 200 * time.Millisecond

	// MaxPaused is how many requests wait that way at once; others are refused as
	// they come. Who waits takes a connection, and some kilobytes.
	MaxPaused = 4096
)

// waitsForWriter reports whether what a route does takes a place in the queue
// in front of the writer.
func (r route) waitsForWriter() bool {
	return r.method != http.MethodGet && (r.scope == access.Allocate || r.scope == access.Stock)
}

// ifRoom is h while the queue has room. A request that finds none, and none
// after a pause, is refused before anything of it is looked at or read. Dry runs
// wait for nobody, and are let through.
func (a *api) ifRoom(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := a.bus.Room()
		if err != nil && !strings.Contains(r.URL.RawQuery, "dry_run") {
			a.pause(r.Context())
			if err = a.bus.Room(); err != nil {
				writeProblem(w, wire.ProblemOf(err))
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

// pause returns after a while, if there is room for those who wait.
func (a *api) pause(ctx context.Context) {
	select {
	case a.paused <- struct{}{}:
		defer func() { <-a.paused }()
	default:
		return
	}
	over := time.NewTimer(leastPause + rand.N(mostPause-leastPause))
	defer over.Stop()
	select {
	case <-over.C:
	case <-ctx.Done():
	case <-a.stopping:
	}
}
