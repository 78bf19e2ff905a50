package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// requestIDHeader has the id of a request in its answer. That is where those
// who handle it find it as well.
const requestIDHeader = "X-Request-Id"

// maxRequestID is how long an id may be that a client gives, in bytes.
const maxRequestID = 128

// observe gives a request its id, sees to it that a panic harms no other, and
// logs what became of it.
func (a *api) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &observed{ResponseWriter: w}
		w.Header()[requestIDHeader] = []string{idFor(r)}
		if len(r.TransferEncoding) > 0 {
			// It may have had a Content-Length besides, which we are not told: what
			// follows on the connection might be what a proxy took for its body.
			w.Header()["Connection"] = []string{"close"}
		}
		defer func() {
			p := recover()
			if p != nil {
				p = a.caught(seen, r, p)
			}
			a.done(seen, r, began)
			if p != nil {
				panic(p)
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// caught answers a request whose handler panicked. If that has answered
// already, it returns what to panic with, so that the client sees the answer
// break off.
func (a *api) caught(w *observed, r *http.Request, p any) any {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return p
	}
	a.log.ErrorContext(r.Context(), "handler panicked", "panic", p, "method", r.Method, "path", r.URL.Path,
		"request_id", requestID(w), "stack", string(debug.Stack()))
	if w.status != 0 {
		return http.ErrAbortHandler
	}
	writeProblem(w, wire.ProblemOf(&domain.Error{Kind: domain.Internal}))
	return nil
}

// Observer is told of a request that was answered: the pattern of the route that
// it took, its method, the status of the answer, and when it came. It must be
// quick.
type Observer func(ctx context.Context, route, method string, status int, began time.Time)

// done logs what became of a request, and tells who wants to know.
func (a *api) done(w *observed, r *http.Request, began time.Time) {
	if a.told != nil {
		a.told(r.Context(), w.route, r.Method, w.status, began)
	}
	level := a.access
	if isProbe(w.route) {
		level = min(level, slog.LevelDebug)
	}
	if !a.log.Enabled(r.Context(), level) {
		return
	}
	// The path alone: a query may have what is nobody's business, headers do.
	a.log.LogAttrs(r.Context(), level, "request",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("route", w.route), slog.Int("status", w.status),
		slog.Int64("bytes", w.bytes), slog.Float64("took_ms", float64(time.Since(began).Microseconds())/1000), slog.String("from", r.RemoteAddr),
		slog.String("actor", w.actor), slog.String("request_id", requestID(w)))
}

// isProbe reports whether machines ask for a route again and again.
func isProbe(route string) bool {
	return route == "/healthz" || route == "/readyz" || route == "/metrics"
}

// marked notes for the log which route a request took, which is known in here
// and not further out.
func marked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen, ok := w.(*observed); ok {
			defer func() { seen.route = routeOf(r.Pattern) }()
		}
		if r.URL.Path == "" { // of CONNECT, to which a mux would answer in its own way
			r.URL.Path = "/"
		}
		next.ServeHTTP(w, r)
	})
}

// routeOf is a pattern without its method.
func routeOf(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		return path
	}
	return pattern
}

// observed is a ResponseWriter that remembers what there is to say of a request
// and its answer.
type observed struct {
	http.ResponseWriter
	status int   // 0: not answered yet
	bytes  int64 // of the body of the answer
	route  string
	actor  string // "" if nobody said
}

func (w *observed) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *observed) Write(body []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(body)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (w *observed) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// idFor is the id that a client gave its request, or a new one.
func idFor(r *http.Request) string {
	if given := r.Header[requestIDHeader]; len(given) == 1 && isRequestID(given[0]) {
		return given[0]
	}
	return uuid.Must(uuid.NewV7()).String()
}

func isRequestID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxRequestID
}

func requestID(w http.ResponseWriter) string { return w.Header()[requestIDHeader][0] }

// originOf is the origin of commands that come of a request.
func originOf(w http.ResponseWriter, r *http.Request) domain.Origin {
	return domain.Origin{Actor: access.CallerOf(r.Context()).Actor, Correlation: requestID(w), Trace: traceOf(r)}
}

// traceparent is a header of W3C Trace Context, of any version.
var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// traceOf is where a request stands in the traces of its sender, or in ours;
// empty if nobody traces it. What makes no sense is passed over, as the standard
// has it.
func traceOf(r *http.Request) string {
	if at := r.Header.Get("traceparent"); at != "" && traceparent.MatchString(at) {
		return at
	}
	return ""
}
