// Package cloudevents writes events as CloudEvents 1.0, for everybody outside
// alike. It knows events and their place in history, and nothing of how they
// travel.
package cloudevents

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"allot/internal/adapters/eventjson"
	"allot/internal/service"
)

// ContentType is what Encode returns.
const ContentType = "application/cloudevents+json"

// event is a CloudEvent in its structured form. Receivers know two of the same
// by source and id. Names and members are for ever.
type event struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"` // its position in the log
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject"` // the SKU
	Time            string          `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Version         int64           `json:"aggregateversion"` // of the product, with this event
	Correlation     string          `json:"correlationid,omitempty"`
	Cause           string          `json:"causationid,omitempty"`
	Data            json.RawMessage `json:"data"`
}

// Type is the type of events with a name.
func Type(name string) string { return "allot." + name + ".v1" }

// Encode returns an event of the log as a CloudEvent in structured JSON. source
// is the URI of the shop that it happened in.
func Encode(env service.Envelope, source string) ([]byte, error) {
	data, err := eventjson.Encode(env.Event)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(event{
		SpecVersion: "1.0", ID: strconv.FormatInt(env.Position, 10), Source: source, Type: Type(env.Event.EventName()), Subject: env.SKU,
		Time: env.At.UTC().Format(time.RFC3339Nano), DataContentType: "application/json",
		Version: env.Version, Correlation: env.Origin.Correlation, Cause: env.Origin.Cause, Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("encode event %d as a CloudEvent: %w", env.Position, err)
	}
	return body, nil
}
