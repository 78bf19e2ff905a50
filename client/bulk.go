package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
)

// Command is a line of a bulk request. Which members it needs depends on Op:
// docs/reference/http.md lists them.
type Command struct {
	Op          string   `json:"op"` // such as allocate
	OrderID     string   `json:"order_id,omitempty"`
	Ref         string   `json:"ref,omitempty"`
	SKU         string   `json:"sku,omitempty"`
	Qty         *int     `json:"qty,omitempty"`
	ETA         string   `json:"eta,omitempty"`
	OnShortage  Shortage `json:"on_shortage,omitempty"`
	Priority    *int     `json:"priority,omitempty"`
	RequiredBy  string   `json:"required_by,omitempty"`
	HoldUntil   string   `json:"hold_until,omitempty"`
	MayMove     bool     `json:"may_move,omitempty"`
	Shipped     int      `json:"shipped,omitempty"`
	Returned    int      `json:"returned,omitempty"`
	BatchRef    string   `json:"batch_ref,omitempty"`
	Lines       []Wanted `json:"lines,omitempty"`
	Mode        Mode     `json:"mode,omitempty"`
	Description string   `json:"description,omitempty"`
	Location    string   `json:"location,omitempty"`
	UseBy       string   `json:"use_by,omitempty"`
	Policy      string   `json:"policy,omitempty"`
	SafetyStock *int     `json:"safety_stock,omitempty"`
	Wishes
	Reason string `json:"reason,omitempty"`
	Note   string `json:"note,omitempty"`
}

// Answer is what became of one command of many.
type Answer struct {
	Line       int `json:"line"`        // of the command, the first being 1
	HTTPStatus int `json:"http_status"` // that it would have got by itself: 400 and above if it was refused

	Code   string `json:"code"`
	Field  string `json:"field"`
	Detail string `json:"detail"`
	Hint   string `json:"hint"`

	OrderID     string `json:"order_id"`
	Ref         string `json:"ref"`
	SKU         string `json:"sku"`
	Qty         int    `json:"qty"`
	ETA         string `json:"eta"`
	Allocated   int    `json:"allocated"`
	Available   int    `json:"available"`
	Status      Status `json:"status"`
	BatchRef    string `json:"batch_ref"`
	Promise     string `json:"promise"`
	Why         *Why   `json:"why"`
	LargestFit  int    `json:"largest_fit"`
	HeldUntil   string `json:"held_until"`
	Shipped     int    `json:"shipped"`
	Closed      bool   `json:"closed"`
	Description string `json:"description"`
	Location    string `json:"location"`
	UseBy       string `json:"use_by"`
	Policy      string `json:"policy"`
	SafetyStock int    `json:"safety_stock"`
	Replayed    bool   `json:"replayed"`

	Lines []OrderedLine `json:"lines"` // of an order
}

// Err is nil if the command was done, else an *Error.
func (a Answer) Err() error {
	if a.HTTPStatus < http.StatusBadRequest {
		return nil
	}
	return &Error{Status: a.HTTPStatus, Code: a.Code, Detail: a.Detail, Field: a.Field, Hint: a.Hint}
}

// Bulk has commands done in order and yields the answers in the same order,
// while further ones are being sent: many times faster than one by one. One
// that is refused doesn't keep the others from being done.
//
// An error is the last thing that it yields: then not all was answered, and
// what wasn't may yet be done. Sending all of it again is safe. A request may
// have 256 MiB, and take as long as ctx lets it.
func (c *Client) Bulk(ctx context.Context, commands iter.Seq[Command]) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		body, to := io.Pipe()
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			to.CloseWithError(send(to, commands))
		}()
		defer func() {
			cancel()
			_ = body.Close() // which ends sending, if it goes on
			<-sent
		}()
		if err := c.exchange(ctx, body, func(a Answer) bool { return yield(a, nil) }); err != nil {
			yield(Answer{}, err)
		}
	}
}

func send(to io.Writer, commands iter.Seq[Command]) error {
	lines := bufio.NewWriter(to)
	line := json.NewEncoder(lines)
	for cmd := range commands {
		if err := line.Encode(cmd); err != nil {
			return fmt.Errorf("write a command: %w", err)
		}
	}
	return lines.Flush()
}

// exchange sends a body and yields the answers to its lines.
func (c *Client) exchange(ctx context.Context, body io.Reader, yield func(Answer) bool) error {
	r, err := c.request(ctx, http.MethodPost, "/v1/bulk", body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	w, err := c.o.HTTP.Do(r)
	if err != nil {
		return err // it says method and address
	}
	defer w.Body.Close()
	if w.StatusCode >= 300 {
		return readError(w)
	}
	answers := json.NewDecoder(w.Body)
	for {
		var line struct {
			Answer
			Summary *struct{} `json:"summary"`
		}
		if err := answers.Decode(&line); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("the answer broke off: %w", err)
		}
		if line.Summary != nil || !yield(line.Answer) {
			return nil
		}
	}
}
