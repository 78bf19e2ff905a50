package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"allot/internal/service"
)

// A lease says which process delivers to a subscription. It runs out unless it
// is renewed, by the database's clock, and it has a term: who has lost it
// without noticing, because it hung, can move nothing on with the old term. A
// lock of a session would be held for as long as TCP takes to notice that the
// other end is gone.

// leases are those that this process holds, or has held.
type leases struct {
	time   time.Duration
	mu     sync.Mutex
	byName map[string]*lease
	stop   context.CancelFunc
	done   chan struct{}
}

// lease is the right to deliver to a subscription.
type lease struct {
	name  string
	turn  sync.Mutex // held by who delivers, or is about to
	begun bool       // it has a position; guarded by turn

	mu       sync.Mutex // guards what follows
	term     int64      // 0: not ours
	until    time.Time  // by our clock, from before the database was asked
	used     time.Time  // when it was last of use
	lost     func()     // stops the present delivery, if there is one
	position int64      // of the last event that was done with
	seen     int64      // there is nothing up to here that the subscription wants
}

// errLeaseLost says that another process has taken over a subscription: what
// was delivered last may be delivered again.
var errLeaseLost = errors.New("another process has taken over the deliveries of this subscription")

// idleTime is how long a lease is kept of which no use is made.
const idleTime = time.Minute

func (s *Store) startLeases(leaseTime time.Duration) {
	if leaseTime == 0 {
		leaseTime = DefaultLeaseTime
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &s.leases
	l.time, l.byName, l.stop, l.done = leaseTime, map[string]*lease{}, stop, make(chan struct{})
	go func() {
		defer close(l.done)
		renewal := time.NewTicker(leaseTime / 4)
		defer renewal.Stop()
		for {
			select {
			case <-renewal.C:
				s.renewAll(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
}

// stopLeases ends the leases that we have, so that others need not wait.
func (s *Store) stopLeases() error {
	s.leases.stop()
	<-s.leases.done
	if len(s.leases.held()) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.leases.time) // after that they have run out anyway
	defer cancel()
	if _, err := s.writes.Exec(ctx, endLeases, s.holder); err != nil {
		return classify(fmt.Errorf("let others deliver: %w", err))
	}
	return nil
}

const (
	selectLease = `SELECT expires <= clock_timestamp() FROM subscriptions WHERE name = $1`

	claimLease = `INSERT INTO subscriptions (name, position, term, expires, holder) VALUES ($1, 0, 1, clock_timestamp() + $2, $3)
		ON CONFLICT (name) DO UPDATE SET term = subscriptions.term + 1, expires = excluded.expires, holder = excluded.holder
		WHERE subscriptions.expires <= clock_timestamp()
		RETURNING term, position`

	// Unless it was begun before, by whomever.
	beginFrom = `INSERT INTO subscriptions (name, position, term, expires, holder) VALUES ($1, $2, 0, '-infinity', '') ON CONFLICT (name) DO NOTHING`

	renewLease = `UPDATE subscriptions SET expires = clock_timestamp() + $2 WHERE name = $1 AND holder = $3 AND term = $4 RETURNING term`
	endLeases  = `UPDATE subscriptions SET expires = clock_timestamp() WHERE holder = $1 AND expires > clock_timestamp()`
	movePast   = `UPDATE subscriptions SET position = $2 WHERE name = $1 AND holder = $3 AND term = $4`
)

func (l *leases) of(name string) *lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byName[name] == nil {
		l.byName[name] = &lease{name: name}
	}
	return l.byName[name]
}

// held are the leases that are ours.
func (l *leases) held() (out []*lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.byName {
		if one.isOurs() {
			out = append(out, one)
		}
	}
	return out
}

func (l *lease) isOurs() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.term > 0
}

// hold makes the subscription ours to deliver to; false if another process has
// it. l.turn is held.
func (s *Store) hold(ctx context.Context, l *lease) (bool, error) {
	if l.use() {
		return true, nil
	}
	ended := true
	err := s.reads.QueryRow(ctx, selectLease, l.name).Scan(&ended)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, classify(fmt.Errorf("look who delivers to %s: %w", l.name, err))
	}
	if !ended {
		return false, nil
	}
	asked := time.Now()
	var term, position int64
	err = s.writes.QueryRow(ctx, claimLease, l.name, s.leases.time, s.holder).Scan(&term, &position)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil // somebody was faster
	}
	if err != nil {
		return false, s.shed(classify(fmt.Errorf("take over the deliveries to %s: %w", l.name, err)))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.term, l.position, l.seen, l.used, l.until = term, position, position, asked, asked.Add(s.leases.time)
	return true, nil
}

// begin gives a subscription that begins from now its position, if it has none.
// l.turn is held.
func (s *Store) begin(ctx context.Context, l *lease, sub service.Subscription) error {
	if l.begun || !sub.FromNow {
		return nil
	}
	end, err := s.sequence(ctx)
	if err == nil {
		_, err = s.writes.Exec(ctx, beginFrom, sub.Name, end)
	}
	if err != nil {
		return s.shed(classify(fmt.Errorf("give %s a position: %w", sub.Name, err)))
	}
	l.begun = true
	return nil
}

// use reports whether the lease is ours, and notes that it is of use.
func (l *lease) use() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.used = time.Now()
	if l.term > 0 && l.used.Before(l.until) {
		return true
	}
	l.term = 0
	return false
}

// renewAll renews the leases that are of use, and gives up the others.
func (s *Store) renewAll(ctx context.Context) {
	for _, l := range s.leases.held() {
		term := l.worthRenewing()
		if term == 0 {
			continue
		}
		asked := time.Now()
		attempt, cancel := context.WithTimeout(ctx, s.leases.time/4)
		err := s.writes.QueryRow(attempt, renewLease, l.name, s.leases.time, s.holder, term).Scan(&term)
		cancel()
		switch {
		case err == nil:
			l.extend(asked.Add(s.leases.time))
		case errors.Is(err, pgx.ErrNoRows):
			l.lose()
		}
		l.loseIfOver()
	}
}

func (l *lease) worthRenewing() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == nil && time.Since(l.used) > idleTime {
		l.term = 0 // and runs out in the database
	}
	return l.term
}

func (l *lease) extend(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = until
}

// lose notes that the lease is another's, and stops the present delivery.
func (l *lease) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.term = 0
	if l.lost != nil {
		l.lost()
	}
}

func (l *lease) loseIfOver() {
	l.mu.Lock()
	over := l.term > 0 && time.Now().After(l.until)
	l.mu.Unlock()
	if over {
		l.lose()
	}
}

// during runs fn with a context that ends when the lease is lost.
func (l *lease) during(ctx context.Context, events []service.Envelope, fn func(context.Context, []service.Envelope) (int, error)) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.mu.Lock()
	l.lost = func() { cancel(errLeaseLost) }
	l.mu.Unlock()
	defer func() { // also if fn panics
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lost = nil
	}()
	return fn(ctx, events)
}

// moveOn records that a subscription is done with the events up to a position.
func (s *Store) moveOn(ctx context.Context, l *lease, term, position int64) error {
	tag, err := s.writes.Exec(ctx, movePast, l.name, position, s.holder, term)
	if err == nil && tag.RowsAffected() == 0 {
		l.lose()
		err = errLeaseLost
	}
	if err != nil {
		return s.shed(classify(fmt.Errorf("move %s on to %d: %w", l.name, position, err)))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.position, l.seen = position, position
	return nil
}
