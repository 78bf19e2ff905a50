package httpapi

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// Content types, ready to be put in a header.
var (
	jsonType    = []string{"application/json"}
	htmlType    = []string{"text/html; charset=utf-8"}
	ndjsonType  = []string{"application/x-ndjson"}
	problemType = []string{"application/problem+json"}
)

// write answers with a body.
func write(w http.ResponseWriter, status int, contentType []string, body []byte) {
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // if nobody listens any more there is nobody to tell
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// decode reads the JSON in a request's body.
func decode[C any](w http.ResponseWriter, r *http.Request, read func([]byte, domain.Origin) (C, error)) (cmd C, _ error) {
	if err := checkType(r, "application/json"); err != nil {
		return cmd, err
	}
	if r.ContentLength > MaxBody { // don't have it sent first
		return cmd, unreadable(&http.MaxBytesError{Limit: MaxBody})
	}
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, MaxBody)); err != nil {
		return cmd, unreadable(err)
	}
	return read(body.Bytes(), originOf(w))
}

// checkType refuses a body that isn't said to be of one of the types. It is
// also what keeps other sites from sending us forms in a visitor's name.
func checkType(r *http.Request, types ...string) error {
	given := r.Header.Get("Content-Type")
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return unsupported("send the body as it is", "the Content-Encoding is %q, which can't be read", encoding)
	}
	if slices.Contains(types, given) { // which it nearly always is
		return nil
	}
	name, params, err := mime.ParseMediaType(given)
	charset := params["charset"]
	if err != nil || !slices.Contains(types, name) || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return unsupported("send it as "+types[0]+", in UTF-8", "the Content-Type is %q; it must be %s", given, strings.Join(types, " or "))
	}
	return nil
}

func unsupported(hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: wire.CodeUnsupportedMediaType, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// unreadable is the error of a body that could not be read to its end.
func unreadable(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge("the body is too large", tooLarge.Limit, "send less, or many commands as NDJSON to /v1/bulk")
	}
	return &domain.Error{Kind: domain.Invalid, Code: wire.CodeMalformedJSON, Message: "the body broke off: " + err.Error(), Hint: "send all of it, in time"}
}

func errTooLarge(what string, limit int64, hint string) error {
	return &domain.Error{Kind: domain.Invalid, Code: wire.CodeTooLarge, Message: fmt.Sprintf("%s: at most %d bytes are read", what, limit), Hint: hint}
}
