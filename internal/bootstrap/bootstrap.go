// Package bootstrap is the composition root (ch. 13): the one place that knows
// the inside and the outside, and puts them together.
package bootstrap

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"allot/internal/adapters/notify"
	"allot/internal/service"
	"allot/internal/views"
)

// Store is what a database has to be: both sides of CQRS, and open to audit.
type Store interface {
	service.Store
	service.Audited
	views.Reader
	Close() error
}

// App is the program, put together, without its doors.
type App struct {
	Bus   *service.Bus
	Relay *service.Relay
	Store Store

	announce func(url string) error // nil if nobody else can write
	closers  []func() error         // of what was opened besides the store
}

// Options are what can be chosen about an App.
type Options struct {
	Group    int              // most commands in one transaction; 0: DefaultGroup
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: discard
	Notifier service.Notifier // nil: notices go to the log
}

// DefaultGroup is the most commands in one transaction. Imports gain up to it:
// larger groups touch each product and page fewer times.
const DefaultGroup = 4096

// New puts an App together over a store. It is not running: commands may be
// sent, but events wait in the log until Run.
func New(store Store, o Options) *App {
	o = o.withDefaults()
	relay := service.NewRelay(store, o.Log, o.Now)
	relay.Forward(service.OutOfStockNotices, service.SendOutOfStockNotice(o.Notifier))

	bus := service.NewBus(service.NewTransactor(store, o.Group, o.Now, relay.Wake))
	service.Register(bus)
	return &App{Bus: bus, Relay: relay, Store: store}
}

func (o Options) withDefaults() Options {
	if o.Group == 0 {
		o.Group = DefaultGroup
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Notifier == nil {
		o.Notifier = notify.Log{To: o.Log}
	}
	return o
}

// Run delivers events to the outside until ctx ends.
func (a *App) Run(ctx context.Context) { a.Relay.Run(ctx) }

// Close waits until the commands that were sent are done, and closes the store.
func (a *App) Close() error {
	a.Bus.Close()
	var errs []error
	for _, c := range a.closers {
		errs = append(errs, c())
	}
	return errors.Join(append(errs, a.Store.Close())...)
}
