package httpapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// example is a request and its answer. Examples are made one after the other on
// a shop that is empty at first: a test makes them, and writes what is answered
// with -update.
type example struct {
	Operation string          `json:"operation"`
	Name      string          `json:"name"`
	Method    string          `json:"method"`
	Path      string          `json:"path"`
	Body      json.RawMessage `json:"body,omitempty"` // a text if it is NDJSON
	Status    int             `json:"status"`
	Answer    json.RawMessage `json:"answer"` // likewise
}

//go:embed examples.json
var examples []byte

func readExamples() (out []example, err error) {
	if err := json.Unmarshal(examples, &out); err != nil {
		return nil, fmt.Errorf("read examples.json: %w", err)
	}
	return out, nil
}

// request is the first line of the example's request.
func (e example) request() string { return e.Method + " " + e.Path }

// plain is what is sent for a body or an answer: NDJSON is kept as a text.
func plain(body json.RawMessage) string {
	var text string
	if json.Unmarshal(body, &text) == nil {
		return text
	}
	return string(body)
}
