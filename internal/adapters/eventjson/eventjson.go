// Package eventjson turns events into JSON and back, for every store alike.
// It knows the domain, and nothing of where the JSON is kept.
package eventjson

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// decoders has every event there is and ever was: what was written once must
// be readable for ever.
var decoders = map[string]func([]byte) (domain.Event, error){
	"product_described":      decode[domain.ProductDescribed],
	"batch_created":          decode[domain.BatchCreated],
	"batch_quantity_changed": decode[domain.BatchQuantityChanged],
	"allocated":              decode[domain.Allocated],
	"deallocated":            decode[domain.Deallocated],
	"backordered":            decode[domain.Backordered],
	"line_cancelled":         decode[domain.LineCancelled],
	"out_of_stock":           decode[domain.OutOfStock],
	"batch_eta_changed":      decode[domain.BatchETAChanged],
	"batch_received":         decode[domain.BatchReceived],
	"batch_closed":           decode[domain.BatchClosed],
	"batch_reopened":         decode[domain.BatchReopened],
	"filling_began":          decode[domain.FillingBegan],
	"filling_ended":          decode[domain.FillingEnded],
	"promise_changed":        decode[domain.PromiseChanged],
	"line_shipped":           decode[domain.LineShipped],
	"line_returned":          decode[domain.LineReturned],
	"line_amended":           decode[domain.LineAmended],
	"line_terms_changed":     decode[domain.LineTermsChanged],
	"hold_extended":          decode[domain.HoldExtended],
	"hold_confirmed":         decode[domain.HoldConfirmed],
	"hold_ended":             decode[domain.HoldEnded],
	"batch_relabelled":       decode[domain.BatchRelabelled],
	"policy_set":             decode[domain.PolicySet],
}

// Names returns the names of all events, sorted.
func Names() []string { return slices.Sorted(maps.Keys(decoders)) }

func decode[E domain.Event](body []byte) (domain.Event, error) {
	var e E
	err := json.Unmarshal(body, &e)
	return e, err
}

// Encode returns e as JSON.
func Encode(e domain.Event) ([]byte, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.EventName(), err)
	}
	return body, nil
}

// Decode is the inverse of Encode. An event that is not known is an error: it
// was written by a newer version of the program.
func Decode(name string, body []byte) (domain.Event, error) {
	d, ok := decoders[name]
	if !ok {
		return nil, fmt.Errorf("decode event: %q is not known; a newer allot wrote it", name)
	}
	e, err := d(body)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", name, err)
	}
	return e, nil
}

// View returns an event of the log as readers see it.
func View(e service.Envelope) (views.Event, error) {
	body, err := Encode(e.Event)
	return views.Event{
		Position: e.Position, At: e.At, Type: e.Event.EventName(), SKU: e.SKU, Version: e.Version, Command: e.Command,
		Actor: e.Origin.Actor, Reason: e.Origin.Reason, Note: e.Origin.Note, Correlation: e.Origin.Correlation, Cause: e.Origin.Cause, Trace: e.Origin.Trace,
		Data: body,
	}, err
}
