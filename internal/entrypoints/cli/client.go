package cli

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/http"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

// client has commands done by a server. Any number of them passes through a few
// megabytes of memory: a request is written while its answer is read.
type client struct {
	url       string // without a slash at its end
	advice    string // what to do if it can't be reached
	dryRun    bool
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
