// Package client speaks to a server of Allot over HTTP, for programs in Go.
//
//	client.go      a Client, and how it asks
//	error.go       what a server refuses
//	stock.go       batches and products
//	orders.go      order lines, orders, backorders
//	events.go      the event log
//	life.go        what happens to batches and lines later; whole orders
//	answers.go     what is available and when, what is late
//	terms.go       what a command may depend on
//	bulk.go        many commands in one request
//	whatif.go      several commands as one, tried and made
//	policy.go      how lines are placed
//	deliveries.go  what could not be delivered yet, and having it delivered again
//
// It knows the wire format and nothing else of the program: it may be imported
// from other modules. Dates are texts, YYYY-MM-DD, empty if there is none;
// quantities are units.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Options are what may be said about a Client. The zero Options are valid.
type Options struct {
	Token   string        // sent with every request; empty: none
	HTTP    *http.Client  // nil: one like http.DefaultClient
	Timeout time.Duration // of one try, but of Bulk; 0: DefaultTimeout
	Retries int           // how often a request is sent again that a server has no room for; 0: DefaultRetries, negative: never
}

// What Options are if they say nothing.
const (
	DefaultTimeout = 10 * time.Second
	DefaultRetries = 3
)

// longestWait is the longest pause that a server may ask for before a retry.
const longestWait = 30 * time.Second

// Client asks one server. Any number of goroutines may use it.
//
// Requests that the server has no room for, or gives up on (503, 429), are sent
// again after the pause that it asks for. That is safe: a command that was done
// is not done twice.
type Client struct {
	base string
	o    Options
}

// New returns a client of the server at an address such as
// "http://127.0.0.1:5005". It doesn't connect yet.
func New(address string, o Options) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("read the address of the server: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return nil, fmt.Errorf("the address of the server is %q; it must be like http://127.0.0.1:5005", address)
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{}
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Retries == 0 {
		o.Retries = DefaultRetries
	}
	return &Client{base: strings.TrimSuffix(address, "/"), o: o}, nil
}

// call makes a request with a body, if there is one, and reads the answer into
// out. What the server refuses is an *Error.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, header http.Header, body, out any) error {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write a request: %w", err)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	for try := 0; ; try++ {
		wait, err := c.try(ctx, method, path, header, content, out)
		if err == nil || wait < 0 || wait > longestWait || try >= c.o.Retries {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("%s %s: %w, while waiting to try again after: %w", method, path, context.Cause(ctx), err)
		}
	}
}

// get asks a question.
func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.call(ctx, http.MethodGet, path, query, nil, nil, out)
}

// command has something done, on terms.
func (c *Client) command(ctx context.Context, method, path string, t Terms, body, out any) error {
	return c.call(ctx, method, path, t.query(), t.header(), body, out)
}

// try makes a request once. If that may be repeated, it returns how long to
// wait before, else a negative time.
func (c *Client) try(ctx context.Context, method, path string, header http.Header, content []byte, out any) (wait time.Duration, _ error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	r, err := c.request(ctx, method, path, bytes.NewReader(content))
	if err != nil {
		return -1, err
	}
	maps.Copy(r.Header, header)
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w, err := c.o.HTTP.Do(r)
	if err != nil {
		return -1, err // it says method and address
	}
	defer w.Body.Close()
	if w.StatusCode >= 300 {
		return pause(w), readError(w)
	}
	if err := json.NewDecoder(w.Body).Decode(out); err != nil {
		return -1, fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	return -1, nil
}

func (c *Client) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	if c.o.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.o.Token)
	}
	return r, nil
}

// pause is how long to wait before a request is sent again; negative if that
// makes no sense.
func pause(w *http.Response) time.Duration {
	if w.StatusCode != http.StatusServiceUnavailable && w.StatusCode != http.StatusTooManyRequests {
		return -1
	}
	asked := w.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(asked); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(asked); err == nil {
		return max(0, time.Until(at))
	}
	return time.Second
}

// pages yields the items of a list, which is read page by page as they are
// wanted. An error is the last thing that it yields.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if len(query) > 0 {
			path += "?" + query.Encode()
		}
		for next := path; next != ""; {
			var page struct {
				Items []T
				Next  string
			}
			if err := c.get(ctx, next, nil, &page); err != nil {
				yield(*new(T), err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			next = page.Next
		}
	}
}

// values are parameters, given as names and values in turn. Empty ones are left
// out.
func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}
