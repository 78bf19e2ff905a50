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
}

// decoded is an event with its data.
type decoded struct {
	event
	Data json.RawMessage `json:"data"`
}

// Encode returns e as a CloudEvent, on one line. The same event always gives
// the same bytes.
func Encode(e views.Event) ([]byte, error) {
	body, err := json.Marshal(event{
		SpecVersion: "1.0", ID: strconv.FormatInt(e.Position, 10), Source: Source, Type: prefix + e.Type + version,
		Subject: e.SKU, Time: e.At.UTC(), DataContentType: "application/json", Sequence: fmt.Sprintf("%019d", e.Position), Version: e.Version,
		Command: e.Command, Actor: e.Actor, Reason: e.Reason, Note: e.Note, Correlation: e.Correlation, Cause: e.Cause,
	})
	if err != nil {
		return nil, fmt.Errorf("encode event %d as a CloudEvent: %w", e.Position, err)
	}
	// The data is JSON already, which encoding/json would read and write anew.
	body = append(body[:len(body)-1], `,"data":`...)
	return append(append(body, e.Data...), '}'), nil
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
		Actor: e.Actor, Reason: e.Reason, Note: e.Note, Correlation: e.Correlation, Cause: e.Cause, Data: e.Data,
	}, nil
}
