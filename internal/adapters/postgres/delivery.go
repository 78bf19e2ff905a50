package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allot/internal/adapters/eventjson"
	"allot/internal/service"
)

// Deliver implements service.Store. If another process delivers to the
// subscription, it does nothing.
func (s *Store) Deliver(ctx context.Context, sub service.Subscription, limit int, fn func(context.Context, []service.Envelope) (int, error)) (int, error) {
	l := s.leases.of(sub.Name)
	l.turn.Lock()
	defer l.turn.Unlock()
	if err := s.begin(ctx, l, sub); err != nil {
		return 0, err
	}
	if ours, err := s.hold(ctx, l); !ours || err != nil {
		return 0, err
	}
	end, err := s.sequence(ctx)
	if err != nil {
		return 0, err
	}
	term, after := l.place()
	events, err := s.undelivered(ctx, sub, after, end, limit)
	if err != nil {
		return 0, err
	}
	if len(events) == 0 {
		l.skip(end)
		return 0, nil
	}
	done, err := l.during(ctx, events, fn)
	if done == 0 {
		return 0, err
	}
	moved := s.moveOn(context.WithoutCancel(ctx), l, term, events[done-1].Position)
	return done, errors.Join(err, moved)
}

// place is the present term, and after which position to go on.
func (l *lease) place() (term, after int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.term, max(l.position, l.seen)
}

// skip notes that there is nothing up to a position to deliver. It need not be
// stored: looking again is all it costs.
func (l *lease) skip(upTo int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = upTo
}

const (
	eventColumns = `SELECT c.position + e.n` + restOfEvent
	restOfEvent  = `, e.at, e.sku, e.version, e.name, e.body, e.command, e.actor, e.reason, e.note, e.correlation, e.cause, e.trace `
	selectEvent  = eventColumns + `FROM commits c JOIN events e ON e.commit = c.id `

	// The log from a position on begins with the commit that has it.
	fromPosition = `WHERE c.position >= (SELECT coalesce(max(position), 0) FROM commits WHERE position <= $1 + 1) AND c.position + e.n > $1 `
	atPosition   = `WHERE c.position = (SELECT max(position) FROM commits WHERE position <= $1) AND e.n = $1 - c.position`

	selectUndelivered = selectEvent + fromPosition + `AND c.position <= $2 AND (cardinality($3::text[]) = 0 OR e.name = ANY($3))
		ORDER BY c.position, e.n LIMIT $4`
)

func (s *Store) undelivered(ctx context.Context, sub service.Subscription, after, upTo int64, limit int) ([]service.Envelope, error) {
	names := append([]string{}, sub.Events...)
	events, err := query(ctx, s.reads, scanEnvelope, selectUndelivered, after, upTo, names, limit)
	if err != nil {
		return nil, fmt.Errorf("read the log for %s: %w", sub.Name, err)
	}
	return events, nil
}

// scanEnvelope scans a row of selectEvent.
func scanEnvelope(scan func(...any) error) (e service.Envelope, err error) {
	var name, body string
	o := &e.Origin
	if err := scan(&e.Position, &e.At, &e.SKU, &e.Version, &name, &body, &e.Command, &o.Actor, &o.Reason, &o.Note, &o.Correlation, &o.Cause, &o.Trace); err != nil {
		return e, err
	}
	e.At = e.At.UTC()
	e.Event, err = eventjson.Decode(name, []byte(body))
	return e, err
}

const (
	postpone = `INSERT INTO failures (subscription, position, attempts, error, next, parked) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (subscription, position) DO UPDATE SET attempts = excluded.attempts, error = excluded.error, next = excluded.next, parked = excluded.parked`
	forget    = `DELETE FROM failures WHERE subscription = $1 AND position = $2`
	selectDue = `SELECT f.attempts, f.error, f.next, f.position FROM failures f
		WHERE f.subscription = $1 AND NOT f.parked AND f.next <= $2 ORDER BY f.next, f.position LIMIT $3`
)

// Postpone implements service.Store.
func (s *Store) Postpone(ctx context.Context, f service.Failure) error {
	_, err := s.writes.Exec(ctx, postpone, f.Subscription, f.Event.Position, f.Attempts, storable(f.Error), f.Next, f.Parked)
	return s.shed(classify(err))
}

// Delivered implements service.Store.
func (s *Store) Delivered(ctx context.Context, subscription string, position int64) error {
	_, err := s.writes.Exec(ctx, forget, subscription, position)
	return s.shed(classify(err))
}

// Due implements service.Store. If another process delivers to the
// subscription, nothing is due here.
func (s *Store) Due(ctx context.Context, subscription string, now time.Time, limit int) ([]service.Failure, error) {
	l := s.leases.of(subscription)
	l.turn.Lock()
	defer l.turn.Unlock()
	if ours, err := s.hold(ctx, l); !ours || err != nil {
		return nil, err
	}
	due, err := query(ctx, s.reads, func(scan func(...any) error) (service.Failure, error) {
		f := service.Failure{Subscription: subscription}
		err := scan(&f.Attempts, &f.Error, &f.Next, &f.Event.Position)
		f.Next = f.Next.UTC()
		return f, err
	}, selectDue, subscription, now, limit)
	if err != nil {
		return nil, err
	}
	for i := range due {
		events, err := query(ctx, s.reads, scanEnvelope, selectEvent+atPosition, due[i].Event.Position)
		if err != nil {
			return nil, err
		}
		due[i].Event = events[0]
	}
	return due, nil
}
