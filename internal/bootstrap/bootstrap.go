// Package bootstrap is the composition root (ch. 13): the one place that knows
// the inside and the outside, and puts them together.
package bootstrap

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"allot/internal/access"
	"allot/internal/adapters/notify"
	"allot/internal/service"
	"allot/internal/views"
)

// Store is what a database has to be: both sides of CQRS, and open to audit.
type Store interface {
	service.Store
	service.Audited
	service.Mailbox
	service.WebhookStore
	service.WhatIfStore
	views.Reader
	access.Tokens
	Close() error
}

// App is the program, put together, without its doors.
type App struct {
	Bus      *service.Bus
	Relay    *service.Relay
	Webhooks *service.Webhooks
	Holds    *service.HoldClock
	Fills    *service.FillClock
	Commits  *service.Pulse // beats when events were committed
	Store    Store
	Tokens   *access.Registry
	WhatIfs  *service.WhatIfs

	// Unsafe says what the database may lose, if it may; else it is empty.
	Unsafe string

	announce func(url, key string) error     // nil if nobody else would wait for us
	writable func(ctx context.Context) error // nil if it always is
	stream   service.Journal                 // in Redis; nil if events aren't sent there
	closers  []func() error                  // of what was opened besides the store
	now      func() time.Time
}

// Options are what can be chosen about an App.
type Options struct {
	Group    int              // most commands in one transaction; 0: DefaultGroup
	Queue    int              // most commands that wait for one; 0: as the service layer has it
	Observer service.Observer // told what becomes of commands
	Now      func() time.Time // in the zone whose days count; nil: time.Now, in UTC
	Log      *slog.Logger     // nil: discard
	Notifier service.Notifier // nil: mails are kept, and notices go to the log

	WebhooksAnywhere bool // let webhooks go to addresses that are not public

	// AllowLoss uses a PostgreSQL that may lose what it has acknowledged.
	AllowLoss bool
}

// DefaultGroup is the most commands in one transaction. Imports gain up to it:
// larger groups touch each product and page fewer times.
const DefaultGroup = 4096

// New puts an App together over a store. It is not running: commands may be
// sent, but events wait in the log until Run.
func New(store Store, o Options) *App {
	o = o.withDefaults()
	relay := service.NewRelay(store, o.Log, o.Now)
	for _, topic := range service.Topics {
		relay.Forward(topic.Subscription, service.SendNotices(topic, store, o.Notifier, o.Now))
	}

	hooks, closeHooks := webhooks(store, o)
	commits := &service.Pulse{}
	work := service.NewTransactor(store, o.Group, o.Now, func() {
		relay.Wake()
		hooks.Wake()
		commits.Beat()
	})
	work.Observe(o.Observer)
	if o.Queue > 0 {
		work.LimitQueue(o.Queue)
	}
	bus := service.NewBus(work)
	service.Register(bus)
	return &App{
		Bus: bus, Relay: relay, Webhooks: hooks, Holds: service.NewHoldClock(bus, o.Log, o.Now), Fills: service.NewFillClock(bus, o.Log),
		Commits: commits, Store: store, Tokens: access.NewRegistry(store, o.Now),
		WhatIfs: service.NewWhatIfs(store, o.Now, service.NewWhatIfID), closers: []func() error{closeHooks}, now: o.Now,
	}
}

func (o Options) withDefaults() Options {
	if o.Group == 0 {
		o.Group = DefaultGroup
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Now().UTC() }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Notifier == nil {
		o.Notifier = notify.Log{To: o.Log}
	}
	return o
}

// Run delivers events to the outside, ends holds whose time is up, and goes on
// filling, until ctx ends.
func (a *App) Run(ctx context.Context) {
	var others sync.WaitGroup
	others.Go(func() { a.Holds.Run(ctx) })
	others.Go(func() { a.Fills.Run(ctx) })
	others.Go(func() { a.Webhooks.Run(ctx) })
	a.Relay.Run(ctx)
	others.Wait()
}

// Progress returns how far each way out of the log has come, in this process.
func (a *App) Progress() []service.Progress {
	return slices.Concat(a.Relay.Progress(), a.Webhooks.Progress())
}

// Close waits until the commands that were sent are done, and closes the store.
func (a *App) Close() error {
	a.Bus.Close()
	var errs []error
	for _, c := range a.closers {
		errs = append(errs, c())
	}
	return errors.Join(append(errs, a.Store.Close())...)
}
