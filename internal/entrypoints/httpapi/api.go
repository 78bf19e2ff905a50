// Package httpapi is the way in over HTTP: the routes of the book's service,
// many commands in one request, and what whoever runs a server asks of it.
//
//	api.go       the table of routes
//	book.go      the book's routes, byte for byte
//	batches.go   /v1, a resource a file: orders.go, products.go, availability.go;
//	             what happens to batches and lines later: batches_life.go,
//	             orders_life.go
//	perform.go   how commands are done, and on what conditions
//	query.go     what may be said behind the question mark: pages, dry runs
//	openapi.go   what the API says of itself, from the table and the types;
//	             operation.go has what it says of a route
//	guard.go     who may use a route
//	bulk.go      commands as NDJSON, answered line by line; intake.go reads them,
//	             outflow.go writes the answers
//	whatif.go    several commands as one, tried, saved and made
//	body.go      bodies, and what they say they are
//	guard.go     who may come in, and how often; guard_pages.go: who may see pages
//	tokens.go    what they show for it
//	health.go    whether the server lives and is ready
//	live.go      the event log as it grows, as server-sent events
//	mails.go     mails about what ran out, sent or kept
//	overload.go  what happens when more comes than can be done
//	observe.go   around every request: its id, panics, the access log
//	redelivery.go  events that could not be delivered, and those to deliver again
//	problems.go  errors as application/problem+json
//	server.go    a server with limits that stops without losing anything;
//	             certificate.go has it speak TLS
//	webhooks.go  who events are posted to
//
// It turns requests into commands and questions, and answers and errors into
// HTTP. How they are written is package wire's to know, what they mean the
// domain's; it doesn't know where anything is stored.
package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

const (
	// MaxBody is how large the body of a request may be, in bytes, but for bulk.
	MaxBody = 64 << 10

	// DefaultDeadline is how long a request may take, but for bulk.
	DefaultDeadline = 5 * time.Second
)

// Options are what may be said about the API. The zero Options are valid.
type Options struct {
	Log      *slog.Logger                // nil: discard
	Version  string                      // of the program
	Stopping <-chan struct{}             // closed when the server is about to stop, and no longer ready; nil: never
	Deadline time.Duration               // how long a request may take, but for bulk; 0: DefaultDeadline
	DryRun   time.Duration               // how long a dry run of bulk may take; 0: DefaultDryRun
	Access   slog.Level                  // of the lines of the access log; those of health and metrics are for debugging
	Observe  Observer                    // told of every request; nil: nobody wants to know
	Metrics  http.Handler                // answers GET /metrics; nil: nothing does
	Writable func(context.Context) error // why the store can't be written to; nil: it always can
	Pages    http.Handler                // what people see at all other paths; nil: nothing
	Echo     bool                        // have POST /echo, which does all that /allocate does but the command, to measure against
	Guard    Guard
	Today    func() domain.Date        // what day it is; nil: as in UTC
	Webhooks *service.Webhooks         // who events are posted to
	WhatIfs  *service.WhatIfs          // where what-ifs are saved
	Again    *service.Redelivery       // what has events delivered again
	Commits  *service.Pulse            // beats when events were committed; nil: live feeds look by themselves, once a second
	Types    []string                  // of events that there are; nil: any
	Progress func() []service.Progress // how far each way out of the log has come; nil: there is none
	Unsafe   string                    // what the database may lose of what it has acknowledged; empty: nothing
}

type api struct {
	bus      *service.Bus
	views    views.Reader
	log      *slog.Logger
	version  string
	today    func() domain.Date
	webhooks *service.Webhooks
	whatIfs  *service.WhatIfs
	again    *service.Redelivery
	commits  *service.Pulse
	types    []string
	progress func() []service.Progress
	streams  chan struct{} // room for live feeds
	paused   chan struct{} // room for refusals that take their time
	bulks    chan struct{} // room for bulk requests
	dryRuns  chan struct{} // room for those of them that are dry runs
	dryRun   time.Duration
	stopping <-chan struct{}
	deadline time.Duration
	access   slog.Level
	told     Observer
	writable func(context.Context) error
	gate     *gate
	metrics  http.Handler
	openAPI  func() ([]byte, error) // of its routes, written once
	unsafe   string
}

// New returns the API over a bus and the views of what it changes.
func New(bus *service.Bus, reader views.Reader, o Options) http.Handler {
	a := &api{bus: bus, views: reader, log: o.Log, version: o.Version, stopping: o.Stopping,
		deadline: cmp.Or(o.Deadline, DefaultDeadline), access: o.Access, told: o.Observe, writable: o.Writable, metrics: o.Metrics,
		gate: newGate(o.Guard), webhooks: o.Webhooks, whatIfs: o.WhatIfs, again: o.Again, commits: cmp.Or(o.Commits, &service.Pulse{}), streams: make(chan struct{}, MaxStreams), paused: make(chan struct{}, MaxPaused),
		bulks: make(chan struct{}, MaxBulks), dryRuns: make(chan struct{}, MaxDryRuns), dryRun: cmp.Or(o.DryRun, DefaultDryRun), unsafe: o.Unsafe, types: o.Types, progress: o.Progress}
	if a.today = o.Today; a.today == nil {
		a.today = todayInUTC
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.metrics == nil {
		a.metrics = a.brief(nothingHere, wire.ProblemOf)
	}
	a.openAPI = sync.OnceValues(func() ([]byte, error) { return describe(a.routes()) })
	mux := http.NewServeMux()
	routes := a.routes()
	if o.Echo {
		routes = append(routes, route{http.MethodPost, "/echo", access.Allocate, a.brief(a.echo, wire.BookProblem), nil})
	}
	resources := map[string]methods{}
	for _, r := range routes {
		if resources[r.pattern] == nil {
			resources[r.pattern] = methods{}
		}
		h := a.guard(r.scope, r.handler)
		if r.waitsForWriter() {
			h = a.ifRoom(h)
		}
		resources[r.pattern][r.method] = h
	}
	allocations := resources[allocationsPath]
	delete(resources, allocationsPath)
	for pattern, resource := range resources {
		mux.Handle(pattern, resource)
	}
	nothing := a.brief(nothingHere, wire.ProblemOf)
	mux.Handle("/", pagesOr(a.guardPages(o.Pages), nothing))
	h := a.observe(marked(a.admit(verbatim(allocationsPath, allocations, tidy(mux, nothing)))))
	if o.Guard.BehindProxy {
		return forwarded(h)
	}
	return h
}

// route is a line of the table of routes. None has a default: what a route is
// for, and who may use it, has to be said.
type route struct {
	method, pattern string
	scope           access.Scope
	handler         http.Handler
	doc             *operation // nil: a route of the book's, which OpenAPI can't say byte by byte
}

// routes is all that the API can be asked for, but for the echo.
func (a *api) routes() []route {
	return []route{
		{http.MethodPost, "/add_batch", access.Stock, a.brief(a.addBatch, wire.BookProblem), nil},
		{http.MethodPost, "/allocate", access.Allocate, a.brief(a.allocate, wire.BookProblem), nil},
		{http.MethodGet, allocationsPath, access.Read, a.brief(a.allocations, wire.BookProblem), nil},

		{http.MethodPost, "/v1/batches", access.Stock, a.v1(a.createBatch), &createBatchDoc},
		{http.MethodGet, "/v1/batches", access.Read, a.v1(list(a.listBatches, "sku", "location")), &listBatchesDoc},
		{http.MethodGet, "/v1/batches/{ref}", access.Read, a.v1(a.getBatch), &getBatchDoc},
		{http.MethodPatch, "/v1/batches/{ref}", access.Stock, a.v1(a.changeBatch), &changeBatchDoc},
		{http.MethodPost, "/v1/batches/{ref}/receive", access.Stock, a.v1(orEmpty(a.receiveBatch)), &receiveBatchDoc},
		{http.MethodPost, "/v1/batches/{ref}/close", access.Stock, a.v1(orEmpty(a.closeBatch)), &closeBatchDoc},
		{http.MethodPost, "/v1/batches/{ref}/reopen", access.Stock, a.v1(orEmpty(a.reopenBatch)), &reopenBatchDoc},
		{http.MethodGet, "/v1/batches/{ref}/lines", access.Read, a.v1(list(a.listBatchLines)), &listBatchLinesDoc},
		{http.MethodGet, "/v1/batches/{ref}/history", access.Read, a.v1(a.batchHistory), &batchHistoryDoc},

		{http.MethodPost, "/v1/orders", access.Allocate, a.v1(a.createOrder), &createOrderDoc},
		{http.MethodGet, "/v1/orders", access.Read, a.v1(list(a.listOrders, "status")), &listOrdersDoc},
		{http.MethodGet, "/v1/orders/{order_id}", access.Read, a.v1(a.getOrder), &getOrderDoc},
		{http.MethodPost, "/v1/orders/{order_id}/lines", access.Allocate, a.v1(a.createLine), &createLineDoc},
		{http.MethodGet, "/v1/orders/{order_id}/lines/{sku}", access.Read, a.v1(a.getLine), &getLineDoc},
		{http.MethodPatch, "/v1/orders/{order_id}/lines/{sku}", access.Allocate, a.v1(a.amendLine), &amendLineDoc},
		{http.MethodDelete, "/v1/orders/{order_id}/lines/{sku}", access.Allocate, a.v1(a.cancelLine), &cancelLineDoc},
		{http.MethodPost, "/v1/orders/{order_id}/lines/{sku}/ship", access.Stock, a.v1(orEmpty(a.shipLine)), &shipLineDoc},
		{http.MethodPost, "/v1/orders/{order_id}/lines/{sku}/return", access.Stock, a.v1(a.returnLine), &returnLineDoc},
		{http.MethodPost, "/v1/orders/{order_id}/lines/{sku}/confirm", access.Allocate, a.v1(orEmpty(a.confirmHold)), &confirmHoldDoc},
		{http.MethodPost, "/v1/orders/{order_id}/lines/{sku}/release", access.Allocate, a.v1(orEmpty(a.releaseHold)), &releaseHoldDoc},
		{http.MethodGet, "/v1/orders/{order_id}/lines/{sku}/explanation", access.Read, a.v1(a.explainLine), &explainLineDoc},
		{http.MethodGet, "/v1/orders/{order_id}/lines/{sku}/history", access.Read, a.v1(a.lineHistory), &lineHistoryDoc},
		{http.MethodGet, "/v1/late", access.Read, a.v1(a.late), &lateDoc},
		{http.MethodGet, "/v1/at-risk", access.Read, a.v1(a.atRisk), &atRiskDoc},
		{http.MethodGet, "/v1/backorders", access.Read, a.v1(list(a.listBackorders, "sku")), &listBackordersDoc},

		{http.MethodGet, "/v1/products", access.Read, a.v1(list(a.listProducts)), &listProductsDoc},
		{http.MethodGet, "/v1/products/{sku}", access.Read, a.v1(a.getProduct), &getProductDoc},
		{http.MethodPost, "/v1/products/{sku}/replan", access.Stock, a.v1(orEmpty(a.replan)), &replanDoc},
		{http.MethodGet, "/v1/products/{sku}/availability", access.Read, a.v1(a.availability), &availabilityDoc},
		{http.MethodGet, "/v1/availability", access.Read, a.v1(a.availabilities), &availabilitiesDoc},
		{http.MethodPatch, "/v1/products/{sku}", access.Stock, a.v1(a.setPolicy), &setPolicyDoc},
		{http.MethodPut, "/v1/products/{sku}", access.Stock, a.v1(a.describeProduct), &describeProductDoc},

		{http.MethodGet, "/v1/events", access.Read, a.v1(list(a.listEvents, "after", "types", "sku")), &listEventsDoc},
		{http.MethodPost, "/v1/bulk", perLine, http.HandlerFunc(a.bulk), &bulkDoc},
		{http.MethodPost, "/v1/what-if", perLine, a.v1(a.tryChanges), &tryChangesDoc},
		{http.MethodGet, "/v1/what-if/{id}", access.Read, a.v1(a.getWhatIf), &getWhatIfDoc},
		{http.MethodPost, "/v1/what-if/apply", perLine, a.v1(a.makeChanges), &makeChangesDoc},

		{http.MethodGet, "/v1/events/stream", access.Read, http.HandlerFunc(a.live), &liveDoc},
		{http.MethodGet, "/v1/stream", access.Read, http.HandlerFunc(a.live), &shortLiveDoc},

		{http.MethodGet, "/v1/mails", access.Read, a.v1(list(a.mails)), &listMailsDoc},
		{http.MethodGet, "/v1/mails/{id}", access.Read, a.v1(a.mail), &getMailDoc},
		{http.MethodGet, "/v1/webhooks", access.Admin, a.v1(a.listWebhooks), &listWebhooksDoc},
		{http.MethodPost, "/v1/webhooks", access.Admin, a.v1(a.addWebhook), &addWebhookDoc},
		{http.MethodDelete, "/v1/webhooks/{id}", access.Admin, a.v1(a.removeWebhook), &removeWebhookDoc},

		{http.MethodGet, "/v1/subscriptions", access.Read, a.v1(a.listSubscriptions), &listSubscriptionsDoc},
		{http.MethodGet, "/v1/deliveries", access.Read, a.v1(list(a.listDeliveries, "subscription")), &listDeliveriesDoc},
		{http.MethodPost, "/v1/deliveries/retry", access.Admin, a.v1(a.retry), &retryDoc},
		{http.MethodPost, "/v1/deliveries/replay", access.Admin, a.v1(a.replay), &replayDoc},

		{http.MethodGet, "/v1/parked-messages", access.Read, a.v1(list(a.listParkedMessages)), &listParkedMessagesDoc},

		{http.MethodGet, "/v1/tokens", access.Admin, a.v1(a.listTokens), &listTokensDoc},
		{http.MethodPost, "/v1/tokens", access.Admin, a.v1(a.issueToken), &issueTokenDoc},
		{http.MethodDelete, "/v1/tokens/{name}", access.Admin, a.v1(a.revokeToken), &revokeTokenDoc},

		{http.MethodGet, "/healthz", public, a.brief(a.alive, wire.ProblemOf), &aliveDoc},
		{http.MethodGet, "/readyz", public, a.brief(a.ready, notReady), &readyDoc},
		{http.MethodGet, "/metrics", access.Read, a.metrics, &metricsDoc},
		{http.MethodGet, "/version", access.Read, a.brief(a.tellVersion, wire.ProblemOf), &versionDoc},
		{http.MethodGet, "/openapi.json", public, a.brief(a.tellOpenAPI, wire.ProblemOf), &openAPIDoc},
	}
}

// v1 makes a handler of a route of /v1.
func (a *api) v1(do action) http.Handler { return a.brief(do, wire.ProblemOf) }

// tidy has nothing found at an address that mux would tidy up and send clients
// on from.
func tidy(mux, nothing http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked := r.URL.EscapedPath(); path.Clean(asked) != strings.TrimSuffix(asked, "/") && asked != "/" {
			nothing.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// verbatim has paths that begin with prefix handled as they are, and others by
// mux. An order id may have slashes, two of them together, and dots between
// them: mux would tidy them up.
func verbatim(prefix string, h, mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, prefix) {
			r.Pattern = prefix + "{orderid}"
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
		ctx, cancel := context.WithTimeout(r.Context(), a.deadline)
		defer cancel()
		if err := do(w, r.WithContext(ctx)); err != nil {
			a.fail(w, r, err, told(err))
		}
	}
}
