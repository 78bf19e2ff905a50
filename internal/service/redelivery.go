package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"allot/internal/domain"
	"allot/internal/views"
)

// Redelivery has events delivered again when somebody asks for it: what was
// parked, or a range of the log. It notes them as due, where the relay of their
// subscription finds them; receivers may get them more than once. Subscriptions
// that are delivered to in order have nothing to deliver again.
type Redelivery struct {
	store interface {
		Store
		views.Reader
		WebhookStore
	}
	now func() time.Time
}

// NewRedelivery returns a Redelivery of what is in a store.
func NewRedelivery(store interface {
	Store
	views.Reader
	WebhookStore
}, now func() time.Time) *Redelivery {
	return &Redelivery{store, now}
}

// MostReplayed is how many events are replayed at once.
const MostReplayed = 10_000

// Subscriptions returns those that events can be delivered to again.
func (r *Redelivery) Subscriptions(ctx context.Context) (out []Subscription, _ error) {
	for _, topic := range Topics {
		out = append(out, topic.Subscription)
	}
	hooks, err := r.store.Webhooks(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the subscriptions: %w", err)
	}
	for _, hook := range hooks {
		out = append(out, WebhookSubscription(hook))
	}
	return out, nil
}

// Retry has what is parked of a subscription tried again, or only the event at a
// position if that isn't 0. It returns how many events that are. What fails once
// more is parked again.
func (r *Redelivery) Retry(ctx context.Context, subscription string, position int64) (n int, _ error) {
	if subscription != "" {
		if _, err := r.Find(ctx, subscription); err != nil {
			return 0, err
		}
	}
	for page := (views.Page{Limit: views.MaxPage}); ; {
		list, err := r.store.Failures(ctx, subscription, page)
		if err != nil {
			return n, fmt.Errorf("look for what is parked: %w", err)
		}
		for _, f := range list.Items {
			if !f.Parked || position != 0 && f.Position != position {
				continue
			}
			again := Failure{Subscription: f.Subscription, Event: Envelope{Position: f.Position}, Attempts: f.Attempts, Error: f.Error, Next: r.due()}
			if err := r.store.Postpone(ctx, again); err != nil {
				return n, fmt.Errorf("have event %d delivered to %s again: %w", f.Position, f.Subscription, err)
			}
			n++
		}
		if page.After = list.Next; page.After == "" {
			return n, nil
		}
	}
}

// Discard takes a message off the list of those that could not be done: somebody
// has looked at it. Sent again, it is a new one. If there is none of that number
// it returns views.ErrNotFound.
func (r *Redelivery) Discard(ctx context.Context, number int64) error {
	return r.store.Discard(ctx, number)
}

// Replay has the events of a range that a subscription wants delivered to it
// again, or only counts them.
func (r *Redelivery) Replay(ctx context.Context, subscription string, from, to int64, dryRun bool) (int, error) {
	sub, err := r.Find(ctx, subscription)
	if err != nil {
		return 0, err
	}
	if from < 1 || to < from {
		return 0, cantReplay("to", "give positions of events, the smaller one first", "events %d to %d are no range", from, to)
	}
	positions, err := r.wanted(ctx, sub, from, to)
	if err != nil || dryRun {
		return len(positions), err
	}
	for i, position := range positions {
		if err := r.store.Postpone(ctx, Failure{Subscription: sub.Name, Event: Envelope{Position: position}, Error: "it is to be delivered again", Next: r.due()}); err != nil {
			return i, fmt.Errorf("have event %d delivered to %s again: %w", position, sub.Name, err)
		}
	}
	return len(positions), nil
}

// wanted are the positions of the events of a range that a subscription wants.
func (r *Redelivery) wanted(ctx context.Context, sub Subscription, from, to int64) (out []int64, _ error) {
	for page := (views.Page{After: CursorAtNumber(from - 1), Limit: views.MaxPage}); ; {
		list, err := r.store.Events(ctx, page)
		if err != nil {
			return nil, fmt.Errorf("read the events of the range: %w", err)
		}
		for _, e := range list.Items {
			if e.Position > to {
				return out, nil
			}
			if sub.wants(e.Type) {
				out = append(out, e.Position)
			}
			if len(out) > MostReplayed {
				return nil, cantReplay("to", "replay it in parts", "the range has more than %d events for %s", MostReplayed, sub.Name)
			}
		}
		if page.After = list.Next; page.After == "" {
			return out, nil
		}
	}
}

// Find returns the subscription of a name. One that events can't be delivered to
// again is refused, with the names of those that there are.
func (r *Redelivery) Find(ctx context.Context, name string) (Subscription, error) {
	all, err := r.Subscriptions(ctx)
	if err != nil {
		return Subscription{}, err
	}
	var known []string
	for _, sub := range all {
		if sub.Name == name {
			return sub, nil
		}
		known = append(known, sub.Name)
	}
	return Subscription{}, cantReplay("subscription", "choose one of "+strings.Join(known, ", ")+"; what goes to Redis waits until it is there, and is never parked", "subscription is %q, which is none that events are parked for or delivered to again", name)
}

// due is the time from which the relay delivers again, as stores keep it.
func (r *Redelivery) due() time.Time { return r.now().UTC().Truncate(time.Microsecond) }

func cantReplay(field, hint, format string, args ...any) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: field, Message: fmt.Sprintf(format, args...), Hint: hint}
}
