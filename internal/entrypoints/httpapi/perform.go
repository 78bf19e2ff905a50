package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// The headers of requests that depend on something.
const (
	KeyHeader      = "Idempotency-Key"
	ReplayedHeader = "Idempotency-Replayed"
	MatchHeader    = "If-Match"
)

// writeQuery are the parameters of routes that write.
var writeQuery = []string{"dry_run", "plan"}

// conditions are what a request asks for besides its command.
type conditions struct {
	dryRun bool
	service.Terms
}

// conditionsOf reads the conditions of a request whose body may be so large. If
// it has a key, its body is read as well, and put back.
func conditionsOf(w http.ResponseWriter, r *http.Request, q query, limit int64) (c conditions, err error) {
	if c.dryRun, err = q.dryRun(); err != nil {
		return c, err
	}
	c.Plan = q["plan"]
	if c.Version, err = versionIn(r); err != nil {
		return c, err
	}
	if keys := r.Header[KeyHeader]; len(keys) > 0 && !c.dryRun { // what does nothing may be repeated anyway
		c.Once, err = once(w, r, keys, limit)
	}
	return c, err
}

// versionIn is the version of the product that a request is meant for; 0 if it
// doesn't say.
func versionIn(r *http.Request) (int64, error) {
	given := r.Header[MatchHeader]
	if len(given) == 0 || len(given) == 1 && given[0] == "*" {
		return 0, nil
	}
	text := strings.Join(given, ", ")
	digits, quoted := strings.CutPrefix(text, `"`)
	digits, closed := strings.CutSuffix(digits, `"`)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !quoted || !closed || err != nil || n < 1 {
		return 0, badParameter(MatchHeader, `send the ETag that came with the answer, quotes included: "15"`, "%s is %s; it must be the version of a product, in quotes", MatchHeader, text)
	}
	return n, nil
}

// once has a request done once. The answer has yet to be said.
func once(w http.ResponseWriter, r *http.Request, keys []string, limit int64) (*service.Once, error) {
	key := keys[0]
	if n := utf8.RuneCountInString(key); len(keys) > 1 || n == 0 || n > domain.MaxIdentifier || !utf8.ValidString(key) {
		return nil, badParameter(KeyHeader, "make one up for each request, a UUID for example", "%s must be sent once, with 1 to %d characters", KeyHeader, domain.MaxIdentifier)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return nil, unreadable(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	same := sha256.New()
	for _, part := range []string{r.URL.EscapedPath(), r.URL.RawQuery, strings.Join(r.Header[MatchHeader], ", ")} {
		fmt.Fprintf(same, "%q\n", part)
	}
	same.Write(body)
	return &service.Once{
		AnswerID: service.AnswerID{Scope: access.CallerOf(r.Context()).Actor + " " + r.Method + " " + r.Pattern, Key: key},
		Request:  hex.EncodeToString(same.Sum(nil)),
	}, nil
}

// obey answers a request whose body says the command. tell makes the answer.
func obey[C domain.Command[R], R any](a *api, w http.ResponseWriter, r *http.Request, read func([]byte, domain.Origin) (C, error),
	tell func(C, service.Effect[R], bool) (reply, error),
) error {
	return obeyUpTo(MaxBody, a, w, r, read, tell)
}

// obeyUpTo is obey for bodies of other sizes.
func obeyUpTo[C domain.Command[R], R any](limit int64, a *api, w http.ResponseWriter, r *http.Request, read func([]byte, domain.Origin) (C, error),
	tell func(C, service.Effect[R], bool) (reply, error),
) error {
	q, err := parameters(r, writeQuery...)
	if err != nil {
		return err
	}
	c, err := conditionsOf(w, r, q, limit)
	if err != nil {
		return err
	}
	cmd, err := decodeUpTo(limit, w, r, read)
	if err != nil {
		return err
	}
	return carryOut(a, w, r, c, cmd, tell)
}

// carryOut has a command done, or finds out what it would do, and answers.
func carryOut[C domain.Command[R], R any](a *api, w http.ResponseWriter, r *http.Request, c conditions, cmd C,
	tell func(C, service.Effect[R], bool) (reply, error),
) error {
	if c.Once != nil {
		c.Once.Answer = func(result any, events []service.Envelope, err error) []byte {
			var told reply
			if err == nil {
				told, err = tell(cmd, service.Effect[R]{Result: result.(R), Events: events}, false)
			}
			return keep(told, err)
		}
	}
	effect, err := perform(r.Context(), a, c, cmd)
	if err != nil {
		return err
	}
	if effect.Kept != nil {
		return repeat(w, effect.Kept)
	}
	told, err := tell(cmd, effect, c.dryRun)
	if err != nil {
		return err
	}
	return told.send(w)
}

func perform[R any](ctx context.Context, a *api, c conditions, cmd domain.Command[R]) (service.Effect[R], error) {
	switch {
	case c.dryRun:
		return service.PreviewOn(ctx, a.bus, cmd, c.Terms)
	case c.Terms == service.Terms{}:
		return service.Perform(ctx, a.bus, cmd)
	default:
		return service.PerformOn(ctx, a.bus, cmd, c.Terms)
	}
}

// reply is the answer to a command that was done, or would be.
type reply struct {
	status   int
	location string // where what was created is; empty: nowhere new
	version  int64  // of the product; 0: not known, or of several
	body     any
}

func (p reply) send(w http.ResponseWriter) error {
	p.head(w)
	return writeJSON(w, p.status, p.body)
}

func (p reply) head(w http.ResponseWriter) {
	if p.location != "" {
		w.Header()["Location"] = []string{p.location}
	}
	if p.version > 0 {
		w.Header()["Etag"] = []string{etag(p.version)}
	}
}

// etag is the ETag of what has the version of a product.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// after is the version of the one product that a command is about, after what
// it did; or as it is, if nothing was done. It is 0 if nothing was to be done.
func after(events []service.Envelope, dryRun bool) int64 {
	switch {
	case len(events) == 0:
		return 0
	case dryRun:
		return events[0].Version - 1
	}
	return events[len(events)-1].Version
}

// kept is an answer as it is stored.
type kept struct {
	Status   int           `json:"status"`
	Location string        `json:"location,omitempty"`
	Version  int64         `json:"version,omitempty"`
	Body     []byte        `json:"body,omitempty"`
	Problem  *wire.Problem `json:"problem,omitempty"` // in place of all else
}

// keep is an answer as it is stored: a reply, or an error in its place.
func keep(told reply, err error) []byte {
	if err == nil {
		var body []byte
		if body, err = encode(told.body); err == nil {
			return storable(kept{Status: told.status, Location: told.location, Version: told.version, Body: body})
		}
	}
	p := wire.ProblemOf(err)
	return storable(kept{Problem: &p})
}

func storable(k kept) []byte {
	text, err := json.Marshal(k)
	if err != nil {
		panic(err) // it is texts and numbers
	}
	return text
}

// repeat answers as was answered before.
func repeat(w http.ResponseWriter, answer []byte) error {
	var k kept
	if err := json.Unmarshal(answer, &k); err != nil {
		return fmt.Errorf("read the answer that was kept: %w", err)
	}
	w.Header().Set(ReplayedHeader, "true")
	if k.Problem != nil {
		writeProblem(w, *k.Problem)
		return nil
	}
	reply{location: k.Location, version: k.Version}.head(w)
	write(w, k.Status, jsonType, k.Body)
	return nil
}

// orEmpty has a request without a body be one with an empty object.
func orEmpty(do action) action {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.ContentLength == 0 && r.Header.Get("Content-Type") == "" {
			r.Header.Set("Content-Type", jsonTypes[0])
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{}")), 2
		}
		return do(w, r)
	}
}
