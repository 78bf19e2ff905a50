package client

import (
	"context"
	"encoding/json"
	"iter"
	"strconv"
	"time"
)

// Event is an entry of the event log. docs/reference/events.md lists the types
// and what their data is.
type Event struct {
	Position    int64           `json:"position"`
	At          time.Time       `json:"at"`
	Type        string          `json:"type"`
	SKU         string          `json:"sku"`
	Version     int64           `json:"product_version"`
	Command     string          `json:"command"`
	Actor       string          `json:"actor"`
	Reason      string          `json:"reason"`
	Note        string          `json:"note"`
	Correlation string          `json:"correlation"`
	Cause       string          `json:"cause"`
	Trace       string          `json:"traceparent"` // the request in its sender's traces
	Data        json.RawMessage `json:"data"`
}

// Events yields the event log behind a position, 0 being its start, up to its
// end.
func (c *Client) Events(ctx context.Context, after int64) iter.Seq2[Event, error] {
	if after == 0 {
		return pages[Event](ctx, c, "/v1/events", nil)
	}
	return pages[Event](ctx, c, "/v1/events", values("cursor", strconv.FormatInt(after, 10)))
}
