package client

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// Subscription is where events go, and how far the server that was asked has come.
type Subscription struct {
	Name        string    `json:"subscription"`
	Position    int64     `json:"position"`     // of the last event that it is done with; 0 if it had none
	BehindSince time.Time `json:"behind_since"` // when the oldest event happened that it is at, or stuck at; zero if it is through
	Trouble     string    `json:"trouble"`      // why it is held up; empty if it is not
}

// Delivery is an event that could not be delivered to a subscription yet.
type Delivery struct {
	Subscription string    `json:"subscription"`
	Position     int64     `json:"position"` // of the event
	Type         string    `json:"type"`     // of the event
	SKU          string    `json:"sku"`
	Attempts     int       `json:"attempts"` // that failed; 0: it was put off on purpose
	Error        string    `json:"error"`    // the last one
	Next         time.Time `json:"next"`     // when it is tried again, unless it is parked
	Parked       bool      `json:"parked"`   // tried again only when somebody asks for it
}

// ParkedMessage is a message from Redis that could not be done.
type ParkedMessage struct {
	Number   int64     `json:"number"` // the one parked first has the smallest
	ID       string    `json:"id"`     // where it came from, and its name there
	Body     string    `json:"body"`   // the first 64 KiB of it
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"` // the last one
	At       time.Time `json:"at"`    // when it was parked
}

// Redelivered is how many events are delivered again, or would be.
type Redelivered struct {
	Events int  `json:"events"`
	DryRun bool `json:"dry_run"`
}

// Range is a part of the event log, both ends included.
type Range struct {
	From int64 `json:"from"` // position, from 1
	To   int64 `json:"to"`
}

// Subscriptions yields where events go.
func (c *Client) Subscriptions(ctx context.Context) iter.Seq2[Subscription, error] {
	return pages[Subscription](ctx, c, "/v1/subscriptions", nil)
}

// Deliveries yields what could not be delivered yet, by subscription and
// position; that of one subscription if it is given.
func (c *Client) Deliveries(ctx context.Context, subscription string) iter.Seq2[Delivery, error] {
	return pages[Delivery](ctx, c, "/v1/deliveries", values("subscription", subscription))
}

// ParkedMessages yields the messages from Redis that could not be done, the one
// parked first first.
func (c *Client) ParkedMessages(ctx context.Context) iter.Seq2[ParkedMessage, error] {
	return pages[ParkedMessage](ctx, c, "/v1/parked-messages", nil)
}

// DiscardMessage takes a message off the list of those that could not be done.
// Sent again, it is a new one. An unknown number is "not_found".
func (c *Client) DiscardMessage(ctx context.Context, number int64) error {
	return c.call(ctx, http.MethodDelete, "/v1/parked-messages/"+strconv.FormatInt(number, 10), nil, nil, nil, nil)
}

// Retry has what is parked delivered again: all of it, or that of a
// subscription if it is given, or only the event at a position if that isn't 0.
func (c *Client) Retry(ctx context.Context, subscription string, position int64) (out Redelivered, _ error) {
	body := struct {
		Subscription string `json:"subscription,omitempty"`
		Position     int64  `json:"position,omitempty"`
	}{subscription, position}
	return out, c.command(ctx, http.MethodPost, "/v1/deliveries/retry", Terms{}, body, &out)
}

// Replay has the events of a range that a subscription wants delivered to it
// again, or only says how many they are.
func (c *Client) Replay(ctx context.Context, subscription string, r Range, dryRun bool) (out Redelivered, _ error) {
	body := struct {
		Subscription string `json:"subscription"`
		Range
	}{subscription, r}
	return out, c.command(ctx, http.MethodPost, "/v1/deliveries/replay", Terms{DryRun: dryRun}, body, &out)
}
