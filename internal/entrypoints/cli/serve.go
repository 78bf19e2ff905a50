package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"allot/docs"
	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/web"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) serve() *cobra.Command {
	echo := false
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Take commands and answer questions over HTTP",
		Long: "Opens the database, or creates it, and serves it over HTTP until Ctrl-C. Requests\n" +
			"that were accepted are finished first; a second Ctrl-C ends the server at once.\n\n" +
			"Other commands that write find the server by its data directory and go through it.",
		Example: examples(
			"allot serve", "on 127.0.0.1:5005, with the data in ./allot-data",
			"allot serve --addr 127.0.0.1:0 --data /srv/allot", "on a free port, which it prints",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			fresh := bootstrap.Missing(r.config.Database())
			e, err := r.takeAddress(cmd.Context())
			if err != nil {
				return err
			}
			defer e.Close() // whoever has served has closed it already
			watch, err := r.startWatch(cmd.Context())
			if err != nil {
				return err
			}
			defer watch.stop()
			app, err := r.openToServe(cmd.Context(), watch)
			if err != nil {
				return err
			}
			s := server{App: app, exposure: e, watch: watch, fresh: fresh, echo: echo}
			return errors.Join(r.serveUntilStopped(cmd.Context(), s), app.Close())
		},
	}
	cmd.Flags().BoolVar(&echo, "bench", false, "have POST /echo as well, which does all but the work, to measure against")
	return r.takes(cmd, serverSettings...)
}

var serverSettings = []string{
	"addr", "auth", "insecure", "tls-cert", "tls-key", "behind-proxy", "host", "rate-limit", "rate-limit-per-token",
	"shutdown-timeout", "log-level", "log-format", "access-log", "group", "queue", "request-timeout",
	"redis-url", "redis-keep", "redis-availability", "smtp-url", "smtp-tls", "mail-from", "mail-to", "webhook-allow-private",
	"timezone",
}

// takeAddress has a listener on the address that is to be served, before
// anything is opened or created. Who is not let do that has changed nothing.
func (r *run) takeAddress(ctx context.Context) (exposure, error) {
	if err := cmp.Or(r.checkRedisSettings(), r.checkNotServed()); err != nil {
		return exposure{}, err
	}
	l, err := listen(ctx, r.config.Addr)
	if err != nil {
		return exposure{}, err
	}
	e, err := r.expose(l)
	if err != nil {
		return exposure{}, errors.Join(err, l.Close())
	}
	return e, nil
}

// openToServe opens the database for a server.
func (r *run) openToServe(ctx context.Context, w *watch) (*bootstrap.App, error) {
	if err := r.checkNotServed(); err != nil {
		return nil, err
	}
	o := r.options()
	o.Log, o.Queue, o.Observer = r.log(), r.config.Queue, w.observer()
	var err error
	if o.Notifier, err = bootstrap.Mail(r.config, r.Now); err != nil {
		return nil, err
	}
	for _, stray := range r.strayVariables() {
		r.say("warning: %s", stray)
	}
	if o.Notifier == nil && len(r.config.MailTo) > 0 {
		r.say("warning: mails are only kept, to be read with allot mails: --mail-to is set, and --smtp-url is not")
	}
	return bootstrap.Open(ctx, r.config.Database(), r.command, o)
}

// checkNotServed refuses a database that has a server: unlike a command, it is
// not worth waiting for.
func (r *run) checkNotServed() error {
	file := r.config.Database()
	if owner, ok := bootstrap.OwnerOf(file); ok && owner.URL != "" {
		return &bootstrap.InUseError{File: file, Owner: owner}
	}
	return nil
}

// server is what is served.
type server struct {
	*bootstrap.App
	exposure exposure
	watch    *watch
	fresh    bool // the database was just created
	echo     bool
	try      func(url string) string // what to try; nil: nothing special
}

// serveUntilStopped serves until ctx ends, which is no error.
func (r *run) serveUntilStopped(ctx context.Context, s server) error {
	e := s.exposure
	urls := e.urls()
	if err := s.Announce(urls[0], e.key); err != nil {
		return err
	}
	if err := errors.Join(r.warn(ctx, s, e), r.greet(ctx, s, urls)); err != nil {
		return err
	}
	takeIn, intake, err := r.withRedis(s.App)
	if err != nil {
		return err
	}
	relaying, stopRelay := context.WithCancel(context.WithoutCancel(ctx)) // it goes on until no request can add to its work
	var relay sync.WaitGroup
	relay.Go(func() { s.Run(relaying) })
	if takeIn != nil {
		relay.Go(func() { takeIn(ctx) })
	}

	log := r.log()
	guard := r.guard(e, s.Tokens)
	again := service.NewRedelivery(s.Store, r.Now)
	pages := web.New(s.Bus, s.Store, web.Options{Log: log, Version: r.Version, Docs: docs.Files, Now: r.Now, Zone: r.config.Timezone,
		Sessions: guard.Sessions, Secure: guard.Secure, WhatIfs: s.WhatIfs, Redelivery: again, Progress: s.Progress})
	defer pages.Close() // at worst a file stays behind in the temporary directory
	s.watch.look(s.App, intake)
	api := s.watch.around(httpapi.New(s.Bus, s.Store, httpapi.Options{
		Log: log, Version: r.Version, Stopping: ctx.Done(), Deadline: r.config.RequestTimeout, Access: r.accessLevel(),
		Observe: s.watch.request, Metrics: s.watch.metrics.Handler(), Writable: s.Writable, Pages: pages, Echo: s.echo, Guard: guard,
		Types: bootstrap.EventTypes(), Progress: s.Progress,
		Webhooks: s.Webhooks, WhatIfs: s.WhatIfs, Again: again, Commits: s.Commits, Unsafe: s.Unsafe, Today: func() domain.Date { return domain.NewDate(r.Now().In(r.config.Timezone).Date()) },
	}))
	err = httpapi.Serve(ctx, e, api, httpapi.ServeOptions{Log: log, Grace: max(r.config.ShutdownTimeout, time.Nanosecond)}) // 0 would be the default
	stopRelay()
	relay.Wait()
	if err == nil {
		r.say("stopped: all that was accepted is done")
	}
	return err
}

// listen takes an address. If it is in use, the error names one that isn't.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr)
	if err == nil {
		return l, nil
	}
	f := &failure{exit: wire.ExitFailed, what: fmt.Sprintf("can't serve on %s: %v", addr, innermost(err))}
	if errors.Is(err, syscall.EADDRINUSE) {
		f.what = addr + " is in use"
		f.hint = "stop what listens there, or try --addr " + nextFree(ctx, addr)
	}
	return nil, f
}

// nextFree is the next address of the same host that can be listened on.
func nextFree(ctx context.Context, addr string) string {
	host, port, _ := net.SplitHostPort(addr) // it was checked when it was read
	n, _ := strconv.Atoi(port)
	for next := n + 1; next < 1<<16; next++ {
		candidate := net.JoinHostPort(host, strconv.Itoa(next))
		if l, err := new(net.ListenConfig).Listen(ctx, "tcp", candidate); err == nil {
			l.Close()
			return candidate
		}
	}
	return net.JoinHostPort(host, "0")
}

// urlsOf are the URLs that reach a server, the one on this machine first.
func urlsOf(scheme string, addr *net.TCPAddr) []string {
	url := func(ip net.IP) string { return scheme + "://" + net.JoinHostPort(ip.String(), strconv.Itoa(addr.Port)) }
	if !addr.IP.IsUnspecified() {
		return []string{url(addr.IP)}
	}
	urls := []string{url(net.IPv4(127, 0, 0, 1))}
	others, _ := net.InterfaceAddrs() // without them there are fewer to show
	for _, other := range others {
		if ip, ok := other.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() {
			urls = append(urls, url(ip.IP))
		}
	}
	return urls
}

// started is what a server says when it starts.
type started struct {
	Version  string      `json:"version"`
	URL      string      `json:"url"`
	Database string      `json:"database"`
	Fresh    bool        `json:"fresh"`
	Stats    views.Stats `json:"stats"`
}

// greet says where the server is, and what it serves.
func (r *run) greet(ctx context.Context, s server, urls []string) error {
	stats, err := s.Store.Stats(ctx)
	if err != nil {
		return err
	}
	about := started{r.Version, urls[0], r.config.DatabaseName(), s.fresh, stats}
	return object(r, about, func() error {
		fresh := ""
		if s.fresh {
			fresh = "new, "
		}
		fmt.Fprintf(r.Out, "allot %s\n", r.Version)
		fmt.Fprintf(r.Out, "  Pages   %s\n", urls[0])
		for _, url := range urls {
			fmt.Fprintf(r.Out, "  API     %s  POST /add_batch, /allocate, /v1/bulk; GET /allocations/ORDER\n", url)
		}
		fmt.Fprintf(r.Out, "  Health  %s/readyz, %s/metrics\n", urls[0], urls[0])
		fmt.Fprintf(r.Out, "  Data    %s (%skept between runs)\n", about.Database, fresh)
		fmt.Fprintf(r.Out, "  Shop    %s\n", stock(stats))
		r.greetOthers()
		if s.try != nil {
			fmt.Fprintf(r.Out, "\n%s\n", s.try(urls[0]))
		}
		_, err := fmt.Fprintln(r.Out, "  Stop    Ctrl-C")
		return err
	})
}

// greetOthers says which servers of others are used; whether they can be reached
// the log says, and allot doctor.
func (r *run) greetOthers() {
	if url := r.config.OriginOf("redis-url").Value; url != "" {
		also := ""
		if r.config.RedisAvailability {
			also = ", availability for readers"
		}
		fmt.Fprintf(r.Out, "  Redis   %s: events out, commands in%s\n", url, also)
	}
	if url := r.config.OriginOf("smtp-url").Value; url != "" {
		fmt.Fprintf(r.Out, "  Mail    %s: to %s\n", url, strings.Join(r.config.MailTo, ", "))
	}
}

// stock is what there is in a shop, in words.
func stock(s views.Stats) string {
	if s.Events == 0 {
		return "empty: add stock with allot batch add or allot import, or see allot demo"
	}
	return fmt.Sprintf("%s, %s, %s available, %s in the log", count(s.Products, "product", "products"),
		count(s.Batches, "batch", "batches"), count(s.Available, "unit", "units"), count(int(s.Events), "event", "events"))
}
