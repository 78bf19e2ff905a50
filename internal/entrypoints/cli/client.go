package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"time"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// client has commands done by a server. Any number of them passes through a few
// megabytes of memory: a request is written while its answer is read.
type client struct {
	url       string // without a slash at its end
	advice    string // what to do if it can't be reached
	dryRun    bool
	secret    string // a token, or the key of a server of ours; empty: none
	ours      bool   // the server is the one that has our database
	http      http.Client
	keepAlive time.Duration // how often a request shows that it is alive
	request   int           // bytes, after which a request ends and another begins
}

const (
	dialTimeout = 5 * time.Second

	// bytesPerRequest is well below what a server takes.
	bytesPerRequest = 128 << 20

	// mostAsked is how many commands may be without answer, so that they take
	// little memory.
	mostAsked = 16 << 10

	// mostAnswer is how long an answer to one command may be, in bytes.
	mostAnswer = 1 << 20
)

func newClient(url, advice string, dryRun bool) *client {
	dialer := net.Dialer{Timeout: dialTimeout}
	return &client{url: url, advice: advice, dryRun: dryRun, keepAlive: time.Second, request: bytesPerRequest, http: http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext,
	}}}
}

// show shows a server who makes a request, and on whose behalf.
func (c *client) show(request *http.Request, actor string) {
	if c.secret == "" {
		return
	}
	request.Header.Set("Authorization", "Bearer "+c.secret)
	if c.ours && actor != "" {
		request.Header.Set(httpapi.ActorHeader, url.PathEscape(actor))
	}
}

// do makes a request. The error says what to do if there is no answer.
func (c *client) do(request *http.Request) (*http.Response, error) {
	answer, err := c.http.Do(request)
	if cause := context.Cause(request.Context()); err != nil && cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, &failure{wire.ExitUnavailable, fmt.Sprintf("can't reach the server at %s: %v", c.url, innermost(err)), c.advice}
	}
	return answer, nil
}

// problem is the error of an answer that refuses what was asked for.
func (c *client) problem(answer *http.Response) *domain.Error {
	p := wire.Problem{Status: answer.StatusCode}
	if body, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer)); err == nil {
		_ = json.Unmarshal(body, &p) // or the status alone has to do
	}
	e, _ := errors.AsType[*domain.Error](p.Err())
	switch {
	case p.Code == "":
		e.Message = fmt.Sprintf("%s answered %s, as no server of Allot does", c.url, answer.Status)
		e.Hint = "look whether it is one, and what is in between"
	case e.Code == access.CodeUnauthorized && c.ours:
		e.Hint = "run it as the user whose server it is, or name the server with --server and put a token into ALLOT_TOKEN"
	case e.Code == access.CodeUnauthorized:
		e.Hint = "put a token into ALLOT_TOKEN, or name a file that has one with --token-file; allot token create makes one"
	}
	return e
}

func (c *client) close() error {
	c.http.CloseIdleConnections()
	return nil
}

// send is an importer.Sink.
func (c *client) send(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
	return func(yield func(service.Outcome[any]) bool) {
		next, stop := iter.Pull(commands)
		defer stop()
		cmd, ok := next()
		for ok {
			x := &exchange{client: c, first: cmd, next: next, room: make(chan struct{}, mostAsked)}
			if err := x.run(ctx, yield); err != nil {
				if !errors.Is(err, errNoMore) {
					yield(service.Outcome[any]{Err: err})
				}
				return
			}
			cmd, ok = next()
		}
	}
}

// errNoMore says that nobody wants further outcomes.
var errNoMore = errors.New("nobody wants more outcomes")
