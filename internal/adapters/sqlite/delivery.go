package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"allot/internal/adapters/eventjson"
	"allot/internal/service"
)

// delivery is what is known of subscriptions. The file has one writer, so a
// mutex is enough to be alone with one of them.
type delivery struct {
	mu   sync.Mutex
	subs map[string]*subscription
}

type subscription struct {
	sync.Mutex       // held while somebody delivers to it
	known      bool  // what follows is as in the database, or better
	position   int64 // it has no use for anything up to here, or had it

	done, kept int64 // what was delivered last, now and as in the database
	keptAt     time.Time
}

// keepPause is the least time between two times that a subscription's position
// is kept while it moves on. Each costs the writer a commit, which commands
// would wait for. If we die meanwhile, what was delivered since comes again.
const keepPause = time.Second

func (d *delivery) of(name string) *subscription {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.subs == nil {
		d.subs = map[string]*subscription{}
	}
	if d.subs[name] == nil {
		d.subs[name] = &subscription{}
	}
	return d.subs[name]
}

// Deliver implements service.Store. There is one writer, so events are numbered
// in the order of their commits, and none appears behind one that was read.
func (s *Store) Deliver(ctx context.Context, sub service.Subscription, limit int, fn func(context.Context, []service.Envelope) (int, error)) (int, error) {
	at := s.delivery.of(sub.Name)
	at.Lock()
	defer at.Unlock()
	if err := s.recall(ctx, sub, at); err != nil {
		return 0, err
	}
	end := s.end()
	events, err := s.undelivered(ctx, sub, at.position, end, limit)
	if err != nil {
		return 0, err
	}
	if len(events) == 0 {
		at.position = end // need not be kept: looking again is all it costs
		return 0, s.keep(sub.Name, at, keepPause)
	}
	done, err := fn(ctx, events)
	if done == 0 {
		return 0, err
	}
	at.done = events[done-1].Position
	at.position = at.done
	if done == len(events) && done < limit {
		at.position = end // those were all
	}
	return done, errors.Join(err, s.keep(sub.Name, at, keepPause))
}

// keep keeps the position of a subscription, if it has moved on and was not
// kept for so long.
func (s *Store) keep(name string, at *subscription, pause time.Duration) error {
	if at.done == at.kept || time.Since(at.keptAt) < pause {
		return nil
	}
	if err := s.change(moveOn, name, at.done); err != nil {
		return err
	}
	at.kept, at.keptAt = at.done, time.Now()
	return nil
}

// keepPositions keeps the positions of all subscriptions.
func (s *Store) keepPositions() error {
	s.delivery.mu.Lock()
	defer s.delivery.mu.Unlock()
	var errs []error
	for name, at := range s.delivery.subs {
		at.Lock()
		errs = append(errs, s.keep(name, at, 0))
		at.Unlock()
	}
	return errors.Join(errs...)
}

// forget forgets a subscription, which nothing is delivered to any more.
func (d *delivery) forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.subs, name)
}

func (s *Store) recall(ctx context.Context, sub service.Subscription, at *subscription) error {
	if at.known {
		return nil
	}
	position := int64(-1) // it has none yet
	err := s.readers.QueryRowContext(ctx, `SELECT coalesce(max(position), -1) FROM subscriptions WHERE name = ?`, sub.Name).Scan(&position)
	if err != nil {
		return fmt.Errorf("read the position of %s: %w", sub.Name, err)
	}
	if position < 0 && sub.FromNow {
		position = s.end()
		if err := s.change(moveOn, sub.Name, position); err != nil {
			return fmt.Errorf("give %s a position: %w", sub.Name, err)
		}
	}
	at.known, at.position = true, max(position, 0)
	at.done, at.kept = at.position, at.position
	return nil
}

// end is the position of the last event that is committed.
func (s *Store) end() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.position
}

var (
	moveOn   = statement{`INSERT INTO subscriptions (name, position) VALUES `, `(?, ?)`, ` ON CONFLICT (name) DO UPDATE SET position = excluded.position`}
	postpone = statement{`INSERT INTO failures (subscription, position, attempts, error, next, parked) VALUES `, `(?, ?, ?, ?, ?, ?)`,
		` ON CONFLICT DO UPDATE SET attempts = excluded.attempts, error = excluded.error, next = excluded.next, parked = excluded.parked`}
	forget = statement{`DELETE FROM failures WHERE (subscription, position) IN (VALUES `, `(?, ?)`, `)`}
)

// change writes one thing, in a transaction of its own.
func (s *Store) change(st statement, args ...driver.Value) error {
	if s.writer == nil {
		return errReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.writer.write(st, args...)
	return s.noteTrouble(err)
}

const selectEvent = `SELECT e.position, e.at, e.sku, e.version, e.name, e.body, o.command, o.actor, o.reason, o.note, o.correlation, o.cause, o.trace
	FROM events e JOIN origins o ON o.id = e.origin `

func (s *Store) undelivered(ctx context.Context, sub service.Subscription, after, upTo int64, limit int) (out []service.Envelope, _ error) {
	args := []any{after, upTo}
	names := ""
	if len(sub.Events) > 0 {
		names = `AND e.name IN (?` + strings.Repeat(`, ?`, len(sub.Events)-1) + `) `
		for _, name := range sub.Events {
			args = append(args, name)
		}
	}
	q := selectEvent + `WHERE e.position > ? AND e.position <= ? ` + names + `ORDER BY e.position LIMIT ?`
	return query(ctx, s.readers, envelope, q, append(args, limit)...)
}

// envelope scans a row of selectEvent.
func envelope(scan func(...any) error) (e service.Envelope, err error) {
	var at int64
	var name string
	var body []byte
	o := &e.Origin
	if err := scan(&e.Position, &at, &e.SKU, &e.Version, &name, &body, &e.Command, &o.Actor, &o.Reason, &o.Note, &o.Correlation, &o.Cause, &o.Trace); err != nil {
		return e, err
	}
	e.At = time.UnixMicro(at).UTC()
	e.Event, err = eventjson.Decode(name, body)
	return e, err
}

// Postpone implements service.Store.
func (s *Store) Postpone(_ context.Context, f service.Failure) error {
	return s.change(postpone, f.Subscription, f.Event.Position, int64(f.Attempts), f.Error, f.Next.UnixMicro(), f.Parked)
}

// Delivered implements service.Store.
func (s *Store) Delivered(_ context.Context, subscription string, position int64) error {
	return s.change(forget, subscription, position)
}

// Due implements service.Store.
func (s *Store) Due(ctx context.Context, subscription string, now time.Time, limit int) ([]service.Failure, error) {
	const q = `SELECT f.attempts, f.error, f.next, f.position FROM failures f
		WHERE f.subscription = ? AND f.parked = 0 AND f.next <= ? ORDER BY f.next, f.position LIMIT ?`
	due, err := query(ctx, s.readers, func(scan func(...any) error) (service.Failure, error) {
		f := service.Failure{Subscription: subscription}
		var next int64
		err := scan(&f.Attempts, &f.Error, &next, &f.Event.Position)
		f.Next = time.UnixMicro(next).UTC()
		return f, err
	}, q, subscription, now.UnixMicro(), limit)
	if err != nil {
		return nil, err
	}
	for i := range due {
		events, err := query(ctx, s.readers, envelope, selectEvent+`WHERE e.position = ?`, due[i].Event.Position)
		if err != nil {
			return nil, err
		}
		due[i].Event = events[0]
	}
	return due, nil
}

// readLogEnd returns where things end that are numbered.
func readLogEnd(c *conn) (end logEnd, _ error) {
	const q = `SELECT (SELECT coalesce(max(position), 0) FROM events), (SELECT coalesce(max(id), 0) FROM origins),
		(SELECT coalesce(max(seq), 0) FROM batches), (SELECT coalesce(max(seq), 0) FROM lines)`
	for v, err := range c.scan(q) {
		if err != nil {
			return end, classify(err)
		}
		end.position, end.originID, end.batch, end.line = v[0].(int64), v[1].(int64), v[2].(int64), v[3].(int64)
	}
	return end, nil
}
