// Package webhook posts events to the URLs of others, signed as the Standard
// Webhooks specification has it. It knows events and where they go, and nothing
// of when they are posted again.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"allot/internal/adapters/cloudevents"
	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Options say how events are posted.
type Options struct {
	AllowPrivate bool          // also to addresses that are not public
	Timeout      time.Duration // for a whole request; 0: DefaultTimeout
	Now          func() time.Time
}

const (
	// DefaultTimeout is how long a receiver may take to answer.
	DefaultTimeout = 10 * time.Second

	secretPrefix = "whsec_"
	secretSize   = 32 // bytes, of a new one
	leastSecret  = 24
	mostSecret   = 64
	mostURL      = 2000 // characters
)

// Client posts events to webhooks.
type Client struct {
	now      func() time.Time
	anywhere bool // also to addresses that are not public
	timeout  time.Duration
	http     http.Client
}

// New returns a Client.
func New(o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	dialer := net.Dialer{Timeout: o.Timeout}
	if !o.AllowPrivate {
		dialer.Control = refusePrivate
	}
	return &Client{now: o.Now, anywhere: o.AllowPrivate, timeout: o.Timeout, http: http.Client{
		Timeout:       o.Timeout,
		Transport:     &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute}, // no proxy: it would look addresses up by itself
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close gives connections up that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Prepare refuses a webhook that can't work, and gives one without a secret a
// new one.
func (c *Client) Prepare(w views.Webhook) (views.Webhook, error) {
	u, err := url.Parse(w.URL)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return w, invalid("url", "write for example https://shop.example/events", "is %q; it must have http:// or https:// and a host", w.URL)
	case !goodPort(u):
		return w, invalid("url", "put the port right, or leave it out", "has the port %s; it must be from 1 to 65535", u.Port())
	case !c.anywhere && isPrivate(u.Hostname()):
		return w, invalid("url", "start allot serve with --webhook-allow-private, or set ALLOT_WEBHOOK_ALLOW_PRIVATE=true: then webhooks may go there",
			"is %q, and %s is no public address: nothing would be posted there", w.URL, u.Hostname())
	case u.User != nil, u.Fragment != "":
		return w, invalid("url", "leave that out: requests are signed", "has a user name, a password or a fragment")
	case len(w.URL) > mostURL:
		return w, invalid("url", "shorten it", "has %d characters; at most %d are allowed", len(w.URL), mostURL)
	case w.Secret == "":
		w.Secret = secretPrefix + base64.StdEncoding.EncodeToString(random(secretSize))
		return w, nil
	}
	if _, err := keyOf(w.Secret); err != nil {
		return w, invalid("secret", "leave it out to get a new one", "must be %s and %d to %d bytes in base64", secretPrefix, leastSecret, mostSecret)
	}
	return w, nil
}

func invalid(field, hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field, Message: field + " " + fmt.Sprintf(format, args...), Hint: hint}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// keyOf is the key that a secret stands for.
func keyOf(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	if !ok {
		return nil, errors.New("the secret has no " + secretPrefix)
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err == nil && (len(key) < leastSecret || len(key) > mostSecret) {
		err = fmt.Errorf("the secret has %d bytes", len(key))
	}
	return key, err
}

// To returns what delivers events to a webhook.
func (c *Client) To(w views.Webhook) service.Deliverer {
	return func(ctx context.Context, env service.Envelope) error {
		e, err := eventjson.View(env)
		if err != nil {
			return err
		}
		return c.Post(ctx, w, e)
	}
}

// Post posts an event to a webhook, in one request. Any answer but 2xx is a
// failed attempt.
func (c *Client) Post(ctx context.Context, w views.Webhook, e views.Event) error {
	body, err := cloudevents.Encode(e)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	r.Header.Set("Content-Type", cloudevents.MediaType)
	r.Header.Set("User-Agent", "allot")
	if e.Trace != "" {
		r.Header.Set("traceparent", e.Trace)
	}
	if err := sign(r.Header, w.Secret, strconv.FormatInt(e.Position, 10), c.now(), body); err != nil {
		return fmt.Errorf("sign for %s: %w", server(r.URL), err)
	}
	return c.post(r)
}

// sign puts the headers of Standard Webhooks into a header.
func sign(h http.Header, secret, id string, at time.Time, body []byte) error {
	key, err := keyOf(secret)
	if err != nil {
		return err
	}
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, seconds, body)
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", seconds)
	h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return nil
}

// mostAnswer is how much of an answer is read, in bytes, so that its connection
// can be used again.
const mostAnswer = 4 << 10

func (c *Client) post(r *http.Request) error {
	w, err := c.http.Do(r)
	if err != nil {
		return c.blame(server(r.URL), err)
	}
	defer w.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(w.Body, mostAnswer)) // it is taken or it isn't, whatever it says
	if w.StatusCode >= 200 && w.StatusCode < 300 {
		return nil
	}
	return fmt.Errorf("post to %s: it answered %s %.200q", server(r.URL), w.Status, text)
}

// server is who a URL is asked of. The rest may be a secret between the two, and
// errors are shown to whoever may look.
func server(u *url.URL) string { return u.Scheme + "://" + u.Host }

// blame says what went wrong, and that it is no fault of an event if there was no
// connection.
func (c *Client) blame(to string, err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // it repeats where to
	}
	failed, dialled := errors.AsType[*net.OpError](err)
	_, noName := errors.AsType[*net.DNSError](err)
	timeout, waited := errors.AsType[net.Error](err)
	switch {
	case dialled && failed.Op == "dial", noName:
		return fmt.Errorf("%w: post to %s: %w", service.ErrUnreachable, to, err)
	case waited && timeout.Timeout():
		return fmt.Errorf("post to %s: it didn't answer within %v", to, c.timeout)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("post to %s: it closed the connection without an answer", to)
	}
	return fmt.Errorf("post to %s: %w", to, err)
}
