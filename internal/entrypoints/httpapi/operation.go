package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// operation is what OpenAPI says of a route beyond its line in the table.
type operation struct {
	id       string
	summary  string
	detail   string        // in Markdown; may be empty
	query    []string      // parameters, by name
	many     []string      // those of them that may come more than once
	noMatch  bool          // it writes, and takes no If-Match
	tagged   bool          // it reads what has an ETag: If-None-Match spares the answer
	body     []wire.Member // nil: there is none, or it is NDJSON
	ndjson   bool          // body and answer are NDJSON
	text     string        // the content type of the answer, if it is neither that nor JSON
	answers  answers
	problems []string // codes, beyond those that follow from the rest
}

// writes reports whether the route has a command done.
func (o *operation) writes() bool { return slices.Contains(o.query, "plan") }

// headers are what a request may have besides, by name.
func (o *operation) headers() []string {
	switch {
	case o.tagged:
		return []string{UnlessHeader}
	case !o.writes():
		return nil
	case o.noMatch:
		return []string{KeyHeader}
	}
	return []string{KeyHeader, MatchHeader}
}

// answers are the types of the answers that are no problem, by status.
type answers map[int]any

// problemsOf are the problems that a route may answer with, by status: those it
// names, those that follow from what it takes, and others.
func problemsOf(r route, others ...string) map[int][]string {
	codes := slices.Concat(r.doc.problems, others)
	if r.scope != public {
		codes = append(codes, service.CodeUnavailable, wire.CodeOutcomeUnknown, wire.CodeInternal, domain.CodeValidationFailed)
	}
	if r.scope != public && r.method != http.MethodGet {
		codes = append(codes, service.CodeOverloaded, service.CodeTimedOut, service.CodeStorageFull, service.CodeReadOnly)
	}
	if r.doc.writes() {
		codes = append(codes, service.CodePlanChanged, service.CodeKeyReused)
	}
	if slices.Contains(r.doc.headers(), MatchHeader) {
		codes = append(codes, service.CodeVersionChanged)
	}
	if r.doc.body != nil {
		codes = append(codes, wire.CodeMalformedJSON, wire.CodeTooLarge, wire.CodeUnsupportedMediaType)
	}
	found := map[int][]string{}
	for _, m := range wire.Meanings() {
		if slices.Contains(codes, m.Code) {
			found[m.Status] = append(found[m.Status], fmt.Sprintf("`%s`: %s", m.Code, m.Title))
		}
	}
	return found
}

// statuses are the statuses of problems, in order.
func statuses(problems map[int][]string) []int { return slices.Sorted(maps.Keys(problems)) }
