package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// Error is a request that a server refused. docs/reference/errors.md lists the
// codes.
type Error struct {
	Status    int    `json:"status"` // of HTTP
	Code      string `json:"code"`   // stable: what programs go by; empty if something else than Allot answered
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Field     string `json:"field"` // the member or parameter that it is about; may be empty
	Hint      string `json:"hint"`  // what to do next; may be empty
	Now       *Now   `json:"now"`   // how things are, of "plan_changed" and "version_changed"
	RequestID string `json:"request_id"`
}

func (e *Error) Error() string {
	text := e.Detail
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	if e.RequestID != "" {
		text += fmt.Sprintf(" (%s, request %s)", e.Code, e.RequestID)
	}
	return text
}

// CodeOf is the code of an *Error in err, "" if there is none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// readError reads what a server says of a request that it refused.
func readError(w *http.Response) error {
	const most = 16 << 20
	e := &Error{}
	body, err := io.ReadAll(io.LimitReader(w.Body, most))
	kind, _, _ := mime.ParseMediaType(w.Header.Get("Content-Type"))
	if err != nil || kind != "application/problem+json" || json.Unmarshal(body, e) != nil || e.Detail == "" {
		e = &Error{Detail: fmt.Sprintf("the server answered with %s, and didn't say why", w.Status)}
	}
	e.Status = w.StatusCode
	if e.RequestID == "" {
		e.RequestID = w.Header.Get("X-Request-Id")
	}
	return e
}
