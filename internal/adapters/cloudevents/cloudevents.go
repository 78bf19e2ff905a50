// Package cloudevents writes events as CloudEvents 1.0 in JSON, for whoever
// takes them out of the program. It knows the log as readers see it, and
// nothing of where the events go.
package cloudevents

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"allot/internal/views"
)

// Source is the source of every event. With the id it names an event: an event
// that comes twice has the same two.
const Source = "/allot"

// MediaType is the content type of an event.
const MediaType = "application/cloudevents+json"

const (
	prefix  = "allot."
	version = ".v1"
)

// event is the JSON of an event: attributes of CloudEvents first, then its
// extensions, which have names in lower case.
type event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"` // the position
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"` // the SKU
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Sequence        string    `json:"sequence"` // the position, such that texts sort as numbers
	Version         int64     `json:"aggregateversion"`
	Command         string    `json:"command,omitempty"`
	Actor           string    `json:"actor,omitempty"`
	Reason          string    `json:"reason,omitempty"`
	Note            string    `json:"note,omitempty"`
	Correlation     string    `json:"correlationid,omitempty"`
	Cause           string    `json:"causationid,omitempty"`
	Trace           string    `json:"traceparent,omitempty"`
}

// decoded is an event with its data.
type decoded struct {
	event
	Data json.RawMessage `json:"data"`
}

// Encode returns e as a CloudEvent, on one line. The same event always gives
// the same bytes.
func Encode(e views.Event) ([]byte, error) {
	b := make([]byte, 0, roomForAttributes+len(e.Data))
	b = strconv.AppendInt(append(b, `{"specversion":"1.0","id":"`...), e.Position, 10)
	b = appendText(append(b, `","source":"`+Source+`","type":`...), prefix+e.Type+version)
	b = appendText(append(b, `,"subject":`...), e.SKU)
	b, err := e.At.UTC().AppendText(append(b, `,"time":"`...))
	if err != nil {
		return nil, fmt.Errorf("encode event %d as a CloudEvent: %w", e.Position, err)
	}
	b = appendSequence(append(b, `","datacontenttype":"application/json","sequence":"`...), e.Position)
	b = strconv.AppendInt(append(b, `","aggregateversion":`...), e.Version, 10)
	for _, extension := range [...]struct{ name, value string }{
		{`,"command":`, e.Command}, {`,"actor":`, e.Actor}, {`,"reason":`, e.Reason}, {`,"note":`, e.Note},
		{`,"correlationid":`, e.Correlation}, {`,"causationid":`, e.Cause}, {`,"traceparent":`, e.Trace},
	} {
		if extension.value != "" {
			b = appendText(append(b, extension.name...), extension.value)
		}
	}
	b = append(append(b, `,"data":`...), e.Data...) // which is JSON already
	return append(b, '}'), nil
}

// roomForAttributes is as long as most events are but for their data.
const roomForAttributes = 448

// appendSequence appends a position with so many digits as the highest has.
func appendSequence(b []byte, position int64) []byte {
	const digits = "0000000000000000000"
	n := strconv.FormatInt(position, 10)
	return append(append(b, digits[min(len(n), len(digits)):]...), n...)
}

// appendText appends a text as encoding/json writes it, which is slow.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if special(s[i]) {
			text, _ := json.Marshal(s) // a text has no errors
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// special is true for what may not stand for itself in JSON.
func special(c byte) bool {
	return c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&'
}

// Decode is the inverse of Encode.
func Decode(body []byte) (views.Event, error) {
	var e decoded
	if err := json.Unmarshal(body, &e); err != nil {
		return views.Event{}, fmt.Errorf("decode a CloudEvent: %w", err)
	}
	position, err := strconv.ParseInt(e.ID, 10, 64)
	name, ours := strings.CutPrefix(e.Type, prefix)
	name, known := strings.CutSuffix(name, version)
	if err != nil || !ours || !known || e.Source != Source {
		return views.Event{}, fmt.Errorf("decode a CloudEvent: %q of %q, type %q, is none of ours", e.ID, e.Source, e.Type)
	}
	return views.Event{
		Position: position, At: e.Time, Type: name, SKU: e.Subject, Version: e.Version, Command: e.Command,
		Actor: e.Actor, Reason: e.Reason, Note: e.Note, Correlation: e.Correlation, Cause: e.Cause, Trace: e.Trace, Data: e.Data,
	}, nil
}
