package service

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"allot/internal/domain"
	"allot/internal/views"
)

// WebhookStore keeps webhooks, with their secrets.
type WebhookStore interface {
	// AddWebhook keeps a webhook and gives it an id that none had before. Its
	// subscription begins after the last event there is.
	AddWebhook(ctx context.Context, w views.Webhook) (views.Webhook, error)

	// RemoveWebhook forgets a webhook, its subscription and what could not be
	// delivered to it. If there is none it returns views.ErrNotFound.
	RemoveWebhook(ctx context.Context, id int64) error

	// Webhooks returns all webhooks by id.
	Webhooks(ctx context.Context) ([]views.Webhook, error)
}

// WebhookSubscription is the subscription of a webhook.
func WebhookSubscription(w views.Webhook) Subscription {
	return Subscription{Name: WebhookName(w.ID), Events: w.Events}
}

// WebhookName is the name of a webhook's subscription.
func WebhookName(id int64) string { return fmt.Sprintf("webhook-%d", id) }

// Webhooks delivers events to webhooks, which come and go. Each has a relay of
// its own, so that none is held up by another.
type Webhooks struct {
	o       WebhookOptions
	changed chan struct{}

	managing sync.Mutex // held while webhooks are started and stopped

	mu      sync.Mutex // guards running, and is never held for long: commits wake us
	running map[int64]*posting
}

// WebhookOptions are what Webhooks works with.
type WebhookOptions struct {
	Store interface {
		Store
		WebhookStore
	}
	Prepare func(views.Webhook) (views.Webhook, error) // refuses one that can't work; gives it a secret if it has none
	To      func(views.Webhook) Deliverer
	Events  []string // the types of events there are
	Log     *slog.Logger
	Now     func() time.Time
}

// posting is a webhook that is delivered to.
type posting struct {
	*Relay
	stop func() // and wait until it has stopped
}

// NewWebhooks returns Webhooks that deliver nothing until Run.
func NewWebhooks(o WebhookOptions) *Webhooks {
	return &Webhooks{o: o, changed: make(chan struct{}, 1), running: map[int64]*posting{}}
}

// Preview is Add without effect: it returns what would be added, without id and
// secret.
func (w *Webhooks) Preview(hook views.Webhook) (views.Webhook, error) {
	hook, err := w.prepare(hook)
	hook.Secret = ""
	return hook, err
}

// Add adds a webhook. What it returns has its secret.
func (w *Webhooks) Add(ctx context.Context, hook views.Webhook) (views.Webhook, error) {
	hook, err := w.prepare(hook)
	if err != nil {
		return hook, err
	}
	if hook, err = w.o.Store.AddWebhook(ctx, hook); err != nil {
		return hook, err
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
	return hook, nil
}

// prepare refuses a webhook that can't work, and completes it.
func (w *Webhooks) prepare(hook views.Webhook) (views.Webhook, error) {
	slices.Sort(hook.Events)
	hook.Events = slices.Compact(hook.Events)
	if err := CheckTypes("events", hook.Events, w.o.Events); err != nil {
		return hook, err
	}
	hook, err := w.o.Prepare(hook)
	hook.At = micros(w.o.Now())
	return hook, err
}

// CheckTypes refuses names in a field that are no types of events; known are
// those that there are.
func CheckTypes(field string, names, known []string) error {
	for _, name := range names {
		if !slices.Contains(known, name) {
			return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field,
				Message: fmt.Sprintf("%q is no type of events", name), Hint: "there are " + strings.Join(known, ", ")}
		}
	}
	return nil
}

// Remove removes a webhook. When it returns, nothing is posted to it any more.
// If there is none it returns views.ErrNotFound.
func (w *Webhooks) Remove(ctx context.Context, id int64) error {
	w.managing.Lock()
	defer w.managing.Unlock()
	w.stop(id)
	return w.o.Store.RemoveWebhook(ctx, id) // if it fails, the webhook is started again
}

// Find returns a webhook without its secret. If there is none it returns
// views.ErrNotFound.
func (w *Webhooks) Find(ctx context.Context, id int64) (views.Webhook, error) {
	hooks, err := w.List(ctx)
	if err != nil {
		return views.Webhook{}, err
	}
	i := slices.IndexFunc(hooks, func(h views.Webhook) bool { return h.ID == id })
	if i < 0 {
		return views.Webhook{}, views.ErrNotFound
	}
	return hooks[i], nil
}

// List returns all webhooks, without their secrets.
func (w *Webhooks) List(ctx context.Context) ([]views.Webhook, error) {
	hooks, err := w.o.Store.Webhooks(ctx)
	for i := range hooks {
		hooks[i].Secret = ""
	}
	return hooks, err
}

// Wake says that events were committed.
func (w *Webhooks) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.running {
		p.Wake()
	}
}

// webhookPoll is how soon a webhook is noticed that another process added.
const webhookPoll = 5 * time.Second

// Run delivers until ctx ends, and returns when all deliveries have stopped.
func (w *Webhooks) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := w.follow(ctx); err != nil && ctx.Err() == nil {
			w.o.Log.WarnContext(ctx, "webhooks can't be read", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-w.changed:
		case <-time.After(webhookPoll):
		}
	}
	w.managing.Lock()
	defer w.managing.Unlock()
	for _, id := range w.ids() {
		w.stop(id)
	}
}

// follow starts webhooks that are new, and stops those that are gone.
func (w *Webhooks) follow(ctx context.Context) error {
	w.managing.Lock()
	defer w.managing.Unlock()
	hooks, err := w.o.Store.Webhooks(ctx)
	if err != nil {
		return err
	}
	running := w.ids()
	for _, hook := range hooks {
		if i := slices.Index(running, hook.ID); i >= 0 {
			running = slices.Delete(running, i, i+1)
		} else {
			w.start(ctx, hook)
		}
	}
	for _, gone := range running {
		w.stop(gone)
	}
	return nil
}

func (w *Webhooks) ids() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Keys(w.running))
}

// Progress returns how far each webhook that is delivered to has come, by id.
func (w *Webhooks) Progress() (out []Progress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(w.running)) {
		out = append(out, w.running[id].Relay.Progress()...)
	}
	return out
}

func (w *Webhooks) start(ctx context.Context, hook views.Webhook) {
	ctx, cancel := context.WithCancel(ctx)
	p := &posting{Relay: NewRelay(w.o.Store, w.o.Log, w.o.Now)}
	p.Forward(WebhookSubscription(hook), w.o.To(hook))
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	p.stop = func() {
		cancel()
		running.Wait()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[hook.ID] = p
}

// stop stops a webhook if it is running.
func (w *Webhooks) stop(id int64) {
	w.mu.Lock()
	p := w.running[id]
	delete(w.running, id)
	w.mu.Unlock()
	if p != nil {
		p.stop()
	}
}
