// Package httpapi is the way in over HTTP: the routes of the book's service,
// many commands in one request, and what whoever runs a server asks of it.
//
//	api.go       the table of routes
//	book.go      the book's routes, byte for byte
//	bulk.go      commands as NDJSON, answered line by line; intake.go reads them,
//	             outflow.go writes the answers
//	body.go      bodies, and what they say they are
//	health.go    whether the server lives and is ready
//	observe.go   around every request: its id, panics, the access log
//	problems.go  errors as application/problem+json
//	server.go    a server with limits that stops without losing anything
//
// It turns requests into commands and questions, and answers and errors into
// HTTP. How they are written is package wire's to know, what they mean the
// domain's; it doesn't know where anything is stored.
package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

const (
	// MaxBody is how large the body of a request may be, in bytes, but for bulk.
	MaxBody = 64 << 10

	// Deadline is how long a request may take, but for bulk.
	Deadline = 5 * time.Second
)

// Options are what may be said about the API. The zero Options are valid.
type Options struct {
	Log      *slog.Logger    // nil: discard
	Version  string          // of the program
	Stopping <-chan struct{} // closed when the server is about to stop, and no longer ready; nil: never
	Echo     bool            // have POST /echo, which does all that /allocate does but the command, to measure against
	Unsafe   string          // what the database may lose of what it has acknowledged; empty: nothing
}

type api struct {
	bus      *service.Bus
	views    views.Reader
	log      *slog.Logger
	version  string
	stopping <-chan struct{}
	unsafe   string
}

// New returns the API over a bus and the views of what it changes.
func New(bus *service.Bus, reader views.Reader, o Options) http.Handler {
	a := &api{bus: bus, views: reader, log: o.Log, version: o.Version, stopping: o.Stopping, unsafe: o.Unsafe}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	mux.Handle("/add_batch", methods{http.MethodPost: a.brief(a.addBatch, wire.BookProblem)})
	mux.Handle("/allocate", methods{http.MethodPost: a.brief(a.allocate, wire.BookProblem)})
	mux.Handle("/v1/bulk", methods{http.MethodPost: a.bulk})
	mux.Handle("/healthz", methods{http.MethodGet: a.brief(a.alive, wire.ProblemOf)})
	mux.Handle("/readyz", methods{http.MethodGet: a.brief(a.ready, notReady)})
	mux.Handle("/version", methods{http.MethodGet: a.brief(a.tellVersion, wire.ProblemOf)})
	if o.Echo {
		mux.Handle("/echo", methods{http.MethodPost: a.brief(a.echo, wire.BookProblem)})
	}
	mux.Handle("/", a.brief(nothingHere, wire.ProblemOf))
	allocations := methods{http.MethodGet: a.brief(a.allocations, wire.BookProblem)}
	return a.observe(verbatim(allocationsPath, allocations, mux))
}

// verbatim has paths that begin with prefix handled as they are, and others by
// mux. An order id may have slashes, two of them together, and dots between
// them: mux would tidy them up.
func verbatim(prefix string, h, mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, prefix) {
			h.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// action answers a request, or returns an error and has answered nothing.
type action func(w http.ResponseWriter, r *http.Request) error

// brief makes a handler of an action that has to be done within the deadline.
// told is how its errors are told.
func (a *api) brief(do action, told func(error) wire.Problem) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), Deadline)
		defer cancel()
		if err := do(w, r.WithContext(ctx)); err != nil {
			a.fail(w, r, err, told(err))
		}
	}
}
