package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// fail answers a request with a problem. What is no fault of the client is
// logged with its cause.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error, p wire.Problem) {
	if p.Status >= 500 && p.Code != service.CodeOverloaded && p.Code != service.CodeTimedOut { // under overload the access log is enough
		level := slog.LevelError
		if p.Status == http.StatusServiceUnavailable {
			level = slog.LevelWarn
		}
		a.log.Log(r.Context(), level, "request failed", "error", err, "method", r.Method, "path", r.URL.Path,
			"status", p.Status, "request_id", requestID(w))
	}
	if p.Code == service.CodeOverloaded { // the last place was taken since it was looked for
		a.pause(r.Context())
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p wire.Problem) {
	p.RequestID = requestID(w)
	var body bytes.Buffer
	to := json.NewEncoder(&body)
	to.SetEscapeHTML(false)
	_ = to.Encode(p) // texts and a number: there is nothing that can't be encoded
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(p.Code)))
	}
	write(w, p.Status, problemType, body.Bytes())
}

// retryAfter is when to send the same again, in seconds: not all at once.
func retryAfter(code string) int {
	if code == service.CodeStorageFull || code == service.CodeReadOnly {
		return 5 + rand.IntN(6)
	}
	return 1 + rand.IntN(3)
}

// methods is a resource: what it does by method. HEAD does as GET.
type methods map[string]http.Handler

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if h, ok := m[method]; ok {
		h.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Allow", m.allowed())
	if method == http.MethodOptions {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		return
	}
	writeProblem(w, wire.ProblemOf(&domain.Error{Kind: domain.Invalid, Code: wire.CodeMethodNotAllowed,
		Message: r.Method + " is not possible on " + r.URL.Path, Hint: "it takes " + m.allowed()}))
}

func (m methods) allowed() string {
	names := append(slices.Collect(maps.Keys(m)), http.MethodOptions)
	if _, ok := m[http.MethodGet]; ok {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func nothingHere(_ http.ResponseWriter, r *http.Request) error {
	return &domain.Error{Kind: domain.NotFound, Code: wire.CodeNotFound, Message: "there is nothing at " + r.URL.Path,
		Hint: "look at the address: case and slashes matter"}
}

// missing says that what an address names does not exist.
func missing(format, name, hint string) error {
	return &domain.Error{Kind: domain.NotFound, Code: wire.CodeNotFound, Message: fmt.Sprintf(format, name), Hint: hint}
}
