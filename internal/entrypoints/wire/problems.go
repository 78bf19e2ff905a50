package wire

import (
	"context"
	"errors"
	"fmt"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Codes of problems that the domain doesn't know. They are part of the wire
// format, as those of the domain are.
const (
	CodeOutOfStock           = "out_of_stock"
	CodeMalformedJSON        = "malformed_json"
	CodeNotFound             = "not_found"
	CodeMethodNotAllowed     = "method_not_allowed"
	CodeTooLarge             = "too_large"
	CodeUnsupportedMediaType = "unsupported_media_type"
	CodeOutcomeUnknown       = service.CodeOutcomeUnknown
	CodeUnknownHost          = "unknown_host"
	CodeForeignOrigin        = "foreign_origin"
	CodeRateLimited          = "rate_limited"
	CodeInternal             = "internal"
)

// Exit codes of commands on the command line.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitUsage       = 2 // what was asked for can't be right
	ExitNotFound    = 3
	ExitRefused     = 4 // there is no stock, and the line was not to wait for it
	ExitConflict    = 5
	ExitPartly      = 6 // some rows or lines were refused
	ExitDenied      = 7 // no token, or one that doesn't allow it
	ExitUnavailable = 8 // try again later
	ExitInterrupted = 130
)

// meaning is what a code means to those who get it.
type meaning struct {
	code   string
	kind   domain.Kind
	status int // of HTTP
	exit   int
	title  string
}

// meanings has every code there is. A code that is not in it, of an importer or
// a newer server, means what the first one of its kind does.
var meanings = []meaning{
	{domain.CodeValidationFailed, domain.Invalid, 422, ExitUsage, "A value can't be used"},
	{CodeMalformedJSON, domain.Invalid, 400, ExitUsage, "The JSON can't be read"},
	{CodeMethodNotAllowed, domain.Invalid, 405, ExitUsage, "The method is not allowed here"},
	{CodeTooLarge, domain.Invalid, 413, ExitUsage, "What was sent is too large"},
	{CodeUnsupportedMediaType, domain.Invalid, 415, ExitUsage, "The content type can't be read"},

	{access.CodeUnauthorized, domain.Invalid, 401, ExitDenied, "A token is needed that is in use"},
	{access.CodeForbidden, domain.Invalid, 403, ExitDenied, "The token lacks a scope"},
	{CodeForeignOrigin, domain.Invalid, 403, ExitDenied, "A page of another site may change nothing"},
	{CodeUnknownHost, domain.Invalid, 421, ExitUsage, "This server doesn't have that name"},

	{CodeNotFound, domain.NotFound, 404, ExitNotFound, "There is nothing here"},
	{domain.CodeUnknownSKU, domain.NotFound, 422, ExitNotFound, "There is no such product"},
	{domain.CodeUnknownBatch, domain.NotFound, 404, ExitNotFound, "There is no such batch"},
	{domain.CodeUnknownLine, domain.NotFound, 404, ExitNotFound, "The order has no such line"},
	{access.CodeUnknownToken, domain.NotFound, 404, ExitNotFound, "There is no such token"},

	{domain.CodeLineConflict, domain.Conflict, 409, ExitConflict, "The order has another line of this SKU"},
	{domain.CodeLineCancelled, domain.Conflict, 409, ExitConflict, "The line was cancelled"},
	{domain.CodeBatchConflict, domain.Conflict, 409, ExitConflict, "The batch exists with other content"},
	{access.CodeTokenConflict, domain.Conflict, 409, ExitConflict, "There is a token of this name"},
	{domain.CodeBatchArrived, domain.Conflict, 409, ExitConflict, "The batch has arrived already"},
	{domain.CodeBatchNotArrived, domain.Conflict, 409, ExitConflict, "The batch has not arrived yet"},
	{domain.CodeBelowShipped, domain.Conflict, 409, ExitConflict, "More was shipped already"},
	{domain.CodeTooManyUnits, domain.Conflict, 409, ExitConflict, "The line has fewer units"},
	{domain.CodeNothingToShip, domain.Conflict, 409, ExitConflict, "The line has no stock to ship"},
	{domain.CodeLineShipped, domain.Conflict, 409, ExitConflict, "The line was shipped"},
	{domain.CodeLineWouldMove, domain.Conflict, 409, ExitConflict, "The line would lose its place"},
	{domain.CodeHoldEnded, domain.Conflict, 409, ExitConflict, "The hold has ended"},
	{domain.CodeNotHeld, domain.Conflict, 409, ExitConflict, "The line is no hold"},
	{domain.CodeOrderIncomplete, domain.Conflict, 409, ExitRefused, "Not all lines can be allocated now"},
	{service.CodePlanChanged, domain.Conflict, 412, ExitConflict, "It would do something else by now"},
	{service.CodeVersionChanged, domain.Conflict, 412, ExitConflict, "The product has changed since"},
	{service.CodeKeyReused, domain.Invalid, 422, ExitUsage, "The key belongs to another request"},
	{CodeOutOfStock, domain.Conflict, 409, ExitRefused, "No batch can take the whole line"},

	{service.CodeUnavailable, domain.Unavailable, 503, ExitUnavailable, "It doesn't work at present"},
	{service.CodeOverloaded, domain.Unavailable, 503, ExitUnavailable, "Too many wait already"},
	{service.CodeTimedOut, domain.Unavailable, 503, ExitUnavailable, "Its turn did not come in time"},
	{service.CodeStorageFull, domain.Unavailable, 503, ExitUnavailable, "No space is left on the disk"},
	{service.CodeReadOnly, domain.Unavailable, 503, ExitUnavailable, "The disk can't be written to"},
	{CodeOutcomeUnknown, domain.Unavailable, 503, ExitUnavailable, "It is not known whether it was done"},
	{CodeRateLimited, domain.Unavailable, 429, ExitUnavailable, "There are too many requests"},

	{CodeInternal, domain.Internal, 500, ExitFailed, "Something broke on our side"},
}

// meaningOf is the meaning of a code of some kind.
func meaningOf(code string, kind domain.Kind) meaning {
	for _, m := range meanings {
		if m.code == code {
			return m
		}
	}
	for _, m := range meanings {
		if m.kind == kind {
			m.code, m.title = code, "It can't be done as it was asked for"
			return m
		}
	}
	return meanings[len(meanings)-1]
}

// Problem is an error as the HTTP API tells it (RFC 9457).
type Problem struct {
	Type      string `json:"type"`  // where the code is explained, on the same server
	Title     string `json:"title"` // the same for all problems of a code
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
	Field     string `json:"field,omitempty"` // the member that it is about
	Hint      string `json:"hint,omitempty"`  // what to do next
	Now       *Now   `json:"now,omitempty"`   // how things are, if they are not as the sender saw them
	RequestID string `json:"request_id,omitempty"`
}

// ProblemOf is what the world is told of an error. Errors that are nobody's
// business are "internal" and keep their text to themselves.
func ProblemOf(err error) Problem {
	e := told(err)
	m := meaningOf(e.Code, e.Kind)
	p := Problem{
		Type: "/docs/errors/" + m.code, Title: m.title, Status: m.status, Code: m.code,
		Detail: e.Message, Field: e.Field, Hint: e.Hint,
	}
	if stale, ok := errors.AsType[*service.StaleError](err); ok {
		p.Now = nowOf(stale)
	}
	return p
}

// told is the error that is told in place of err, which is not nil.
func told(err error) *domain.Error {
	e, ok := errors.AsType[*domain.Error](err)
	switch {
	case ok && e.Kind != domain.Internal:
		return e
	case errors.Is(err, views.ErrNotFound):
		return &domain.Error{Kind: domain.NotFound, Code: CodeNotFound, Message: "what was asked for does not exist"}
	case errors.Is(err, service.ErrStorage):
		return &domain.Error{Kind: domain.Unavailable, Code: service.CodeUnavailable, Message: "the database can't be used at present",
			Hint: "send the same again in a moment; if it goes on, look at the database and its disk"}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &domain.Error{Kind: domain.Unavailable, Code: CodeOutcomeUnknown, Message: "it took too long, and may yet be done",
			Hint: "send the same again: what was done already is not done twice"}
	}
	return &domain.Error{Kind: domain.Internal, Code: CodeInternal, Message: "it was not done because of a fault of ours",
		Hint: "look for the request id in the log of the server"}
}

// Err is the error that p tells of, for clients: a *domain.Error.
func (p Problem) Err() error {
	e := &domain.Error{Code: p.Code, Field: p.Field, Message: p.Detail, Hint: p.Hint}
	e.Kind = meaningOf(p.Code, kindOf(p.Status)).kind
	if e.Message == "" {
		e.Message = fmt.Sprintf("the server answered with status %d", p.Status)
	}
	if e.Kind == domain.Internal && p.RequestID != "" {
		e.Message += fmt.Sprintf(" (request %s)", p.RequestID)
	}
	return e
}

// kindOf is the kind of problems with a status, for codes that a newer server
// may have.
func kindOf(status int) domain.Kind {
	switch {
	case status == 404 || status == 410:
		return domain.NotFound
	case status == 409 || status == 412:
		return domain.Conflict
	case status == 429 || status == 503:
		return domain.Unavailable
	case status >= 400 && status < 500:
		return domain.Invalid
	}
	return domain.Internal
}

// ExitCode is the exit code of a command that ends with err.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	}
	e := told(err)
	return meaningOf(e.Code, e.Kind).exit
}

func malformed(hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: CodeMalformedJSON, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func invalid(field, hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field,
		Message: field + " " + fmt.Sprintf(format, args...), Hint: hint}
}

// Meaning is what a code means to those who get it, for the reference.
type Meaning struct {
	Code   string
	Status int // of HTTP
	Exit   int
	Title  string
}

// Meanings lists every code there is.
func Meanings() (out []Meaning) {
	for _, m := range meanings {
		out = append(out, Meaning{m.code, m.status, m.exit, m.title})
	}
	return out
}
