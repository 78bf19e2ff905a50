package httpapi

import (
	"bytes"
	"encoding/json"
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

// What a body may be said to be.
var (
	jsonTypes   = []string{"application/json"}
	patchTypes  = []string{"application/json", "application/merge-patch+json"}
	ndjsonTypes = []string{"application/x-ndjson", "application/ndjson"}
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

// writeJSON answers with v as JSON.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if err := encodeTo(body, v); err != nil {
		return err
	}
	write(w, status, jsonType, body.Bytes())
	return nil
}

func encodeTo(body *bytes.Buffer, v any) error {
	to := json.NewEncoder(body)
	to.SetEscapeHTML(false)
	if err := to.Encode(v); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// encode is v as writeJSON answers with it.
func encode(v any) ([]byte, error) {
	var body bytes.Buffer
	err := encodeTo(&body, v)
	return body.Bytes(), err
}

// decode reads the JSON in a request's body.
func decode[C any](w http.ResponseWriter, r *http.Request, read func([]byte, domain.Origin) (C, error)) (cmd C, _ error) {
	return decodeUpTo(MaxBody, w, r, read)
}

// decodeUpTo is decode for a body of at most so many bytes.
func decodeUpTo[C any](limit int64, w http.ResponseWriter, r *http.Request, read func([]byte, domain.Origin) (C, error)) (cmd C, _ error) {
	types := jsonTypes
	if r.Method == http.MethodPatch {
		types = patchTypes
	}
	if err := checkType(r, types...); err != nil {
		return cmd, err
	}
	if r.ContentLength > limit { // don't have it sent first
		return cmd, unreadable(&http.MaxBytesError{Limit: limit})
	}
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		return cmd, unreadable(err)
	}
	return read(body.Bytes(), originOf(w, r))
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
