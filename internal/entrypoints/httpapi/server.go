package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// ServeOptions are what may be said about a server. The zero ServeOptions are
// valid.
type ServeOptions struct {
	Log   *slog.Logger  // nil: discard
	Grace time.Duration // how long requests may go on when the server stops; 0: DefaultGrace
}

// DefaultGrace is how long requests may go on when the server stops.
const DefaultGrace = 10 * time.Second

// Serve answers requests on l until ctx ends, and closes l. Then it stops
// accepting connections, lets requests that were accepted finish, and returns
// nil. Those that take longer than the grace are cut off, and it says so.
//
// When it returns no handler runs any more: what handlers use may be closed.
func Serve(ctx context.Context, l net.Listener, h http.Handler, o ServeOptions) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	requests, giveUp := context.WithCancel(context.WithoutCancel(ctx)) // they outlive ctx
	defer giveUp()
	var open sync.WaitGroup // connections
	srv := newServer(requests, h, o.Log, &open)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()

	var err error
	select {
	case err = <-served:
		err = fmt.Errorf("serve %s: %w", l.Addr(), err)
		giveUp()
		_ = srv.Close() // it has failed, and is only tidied up
	case <-ctx.Done():
		err = stop(srv, o.Grace, giveUp)
		if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
			err = errors.Join(err, ended)
		}
	}
	open.Wait()
	return err
}

func newServer(requests context.Context, h http.Handler, log *slog.Logger, open *sync.WaitGroup) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second, // of headers and body; bulk sees to itself
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Done()
			default: // it is still open
			}
		},
	}
}

// stop lets requests finish, and gives up those that take too long.
func stop(srv *http.Server, grace time.Duration, giveUp func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := srv.Shutdown(ctx)
	if err == nil {
		return nil
	}
	giveUp()
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("requests were still running after %v, and were cut off", grace)
	}
	return errors.Join(err, srv.Close())
}
