package httpapi

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
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
		defer func() {
			p := recover()
			if p != nil {
				p = a.caught(seen, r, p)
			}
			a.logAccess(seen, r, began)
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

func (a *api) logAccess(w *observed, r *http.Request, began time.Time) {
	if !a.log.Enabled(r.Context(), slog.LevelDebug) {
		return
	}
	a.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", w.status),
		slog.Duration("took", time.Since(began)), slog.String("from", r.RemoteAddr), slog.String("request_id", requestID(w)))
}

// observed is a ResponseWriter that remembers the status of the answer.
type observed struct {
	http.ResponseWriter
	status int // 0: not answered yet
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
	return w.ResponseWriter.Write(body)
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
	return domain.Origin{Actor: access.CallerOf(r.Context()).Actor, Correlation: requestID(w)}
}
