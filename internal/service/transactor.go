package service

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"allot/internal/domain"
)

// Transactor runs units of work. Those that wait in the same lane share a
// transaction: while one transaction is on its way to disk the next one
// gathers. Each still succeeds or fails by itself.
type Transactor struct {
	store    Store
	now      func() time.Time
	group    int           // most units of work in one transaction
	places   chan struct{} // taken by callers of do while they wait
	onCommit func()        // called when events were committed
	observer Observer

	mu    sync.Mutex
	lanes map[string]*lane
	idle  sync.Cond // signalled when a lane has nothing to do
}

// lane is a queue of calls and the products that they are about.
type lane struct {
	queued   []*call
	served   bool
	products *catalog // belongs to whoever serves the lane
}

// About says what a unit of work is going to need, as far as that is known.
// It affects speed, never results.
type About struct {
	SKU, OrderID, BatchRef string
	SKUs                   []string // more of them
}

// call is a unit of work to be done.
type call struct {
	ctx     context.Context
	command domain.Message
	about   About
	receipt *Receipt // nil if it came of no message
	once    AnswerID // zero if it may be done again
	fn      func(context.Context, *UnitOfWork) error
	result  any              // of fn, when it has succeeded
	kept    func([]Envelope) // called when fn has succeeded, with what it recorded, valid until it returns
	turn    atomic.Int32     // one of the following
	queued  time.Time        // when it was handed over, if somebody observes
	err     error            // the outcome, once done was called
	done    func()           // called after the commit
}

// A call is begun or withdrawn, whichever comes first, and never both.
const (
	waits int32 = iota
	begun
	withdrawn
)

// begin reports whether the call may be done: it was not withdrawn.
func (c *call) begin() bool { return c.turn.CompareAndSwap(waits, begun) || c.turn.Load() == begun }

// gone is why the call is not to be done any more, nil if it is.
func (c *call) gone() error {
	cause := context.Cause(c.ctx)
	switch {
	case cause == nil && c.begin():
		return nil
	case cause == nil, errors.Is(cause, context.DeadlineExceeded) && c.turn.Load() != begun:
		return timedOut()
	}
	return cause
}

// withdraw reports whether the call will not be done: it was not begun.
func (c *call) withdraw() bool { return c.turn.CompareAndSwap(waits, withdrawn) }

const (
	// commitTimeout is how long a transaction may take, in all, before it is
	// begun again no more. What runs is not cut short.
	commitTimeout = 30 * time.Second

	// mostQueued is how many callers wait for a transaction at once, unless
	// LimitQueue says otherwise; others are refused.
	mostQueued = 4096

	// keepProducts is how many products a lane keeps from one transaction to
	// the next. One takes about 300 bytes, and 120 more for each batch with
	// stock left.
	keepProducts = 20_000
)

// NewTransactor returns a transactor that puts at most group units of work in
// a transaction, which begins at the time that now tells; the day is that of its
// zone. onCommit, which may
// be nil, is called after each commit of events.
func NewTransactor(store Store, group int, now func() time.Time, onCommit func()) *Transactor {
	t := &Transactor{
		store: store, now: now, group: max(group, 1), onCommit: onCommit,
		places: make(chan struct{}, mostQueued), lanes: map[string]*lane{},
	}
	t.idle.L = &t.mu
	return t
}

// LimitQueue has at most so many callers wait for a transaction at once. It
// must be called before anything is done.
func (t *Transactor) LimitQueue(callers int) { t.places = make(chan struct{}, callers) }

// room is nil while another caller may wait, else why it would be refused.
func (t *Transactor) room() error {
	if len(t.places) < cap(t.places) {
		return nil
	}
	return overloaded(cap(t.places))
}

// do has c done, and returns when it is on disk. c.fn may run more than once,
// but only its last run counts. If the queue is full it is refused at once. If
// ctx ends before its turn came it is not done, and the error says so; if ctx
// ends later, it may yet be done, and asking again is safe.
func (t *Transactor) do(ctx context.Context, c *call) error {
	select {
	case t.places <- struct{}{}:
	default:
		err := overloaded(cap(t.places))
		t.tellRefused(ctx, c.command.CommandName(), err)
		return err
	}
	done := make(chan struct{})
	c.ctx, c.done = ctx, func() {
		<-t.places // not before: who has gone still has a call in the queue
		close(done)
	}
	t.enqueue(c)
	select {
	case <-done:
		return c.err
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) || !c.withdraw() {
			return fmt.Errorf("wait for the commit: %w", cause)
		}
		return timedOut()
	}
}

// enqueue hands calls over. Those in one lane are done in this order.
func (t *Transactor) enqueue(calls ...*call) {
	now := t.observedNow()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range calls {
		c.queued = now
		l := t.lane(t.store.Lane(c.about.SKU))
		l.queued = append(l.queued, c)
		if !l.served {
			l.served = true
			go t.serve(l)
		}
	}
}

func (t *Transactor) lane(name string) *lane {
	l, ok := t.lanes[name]
	if !ok {
		l = &lane{products: newCatalog(keepProducts)}
		t.lanes[name] = l
	}
	return l
}

// Wait returns when nothing is being done and nothing waits.
func (t *Transactor) Wait() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.lanes {
		for l.served {
			t.idle.Wait()
		}
	}
}

// serve runs calls until none are waiting.
func (t *Transactor) serve(l *lane) {
	for {
		calls := t.next(l)
		if len(calls) == 0 {
			return
		}
		t.run(l, calls, t.group)
		clear(calls) // the queue that follows them holds on to them
	}
}

func (t *Transactor) next(l *lane) []*call {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls := l.take(min(len(l.queued), t.group))
	if len(calls) == 0 {
		l.queued, l.served = nil, false
		t.idle.Broadcast()
	}
	return calls
}

// late takes those that wait next in a lane, at most n, and none after the first
// that doesn't fit.
func (t *Transactor) late(l *lane, n int, fits func(*call) bool) []*call {
	t.mu.Lock()
	defer t.mu.Unlock()
	n = max(min(n, len(l.queued)), 0)
	if i := slices.IndexFunc(l.queued[:n], func(c *call) bool { return !fits(c) }); i >= 0 {
		n = i
	}
	return l.take(n)
}

func (l *lane) take(n int) []*call {
	calls := l.queued[:n:n]
	l.queued = l.queued[n:]
	return calls
}

// run does calls in one transaction, with those that come while it begins, up to
// limit in all, and tells every caller. If the transaction fails because of one
// of them, each gets one of its own; if storage fails, all of them do.
func (t *Transactor) run(l *lane, calls []*call, limit int) {
	calls, wrote, err := t.transact(l, calls, limit)
	if err != nil && len(calls) > 1 && !errors.Is(err, ErrStorage) && !errors.Is(err, ErrOutcomeUnknown) {
		for i := range calls {
			t.run(l, calls[i:i+1], 1)
		}
		return
	}
	if wrote && t.onCommit != nil {
		t.onCommit()
	}
	for _, c := range calls {
		if err != nil {
			c.err = trouble(err)
		}
		t.tellDone(c)
		c.done()
	}
}

// transact does calls in one transaction, again if it was stale, and returns
// them with those that came while it began. The transaction is not tied to any
// caller's context: one who gives up must not take the others along, nor leave
// a transaction half done.
func (t *Transactor) transact(l *lane, calls []*call, limit int) (all []*call, wrote bool, _ error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(calls[0].ctx), commitTimeout)
	defer cancel()
	var s *session
	began := t.observedNow()
	err := retry(ctx, func() error {
		err := t.store.InTx(ctx, func(ctx context.Context, tx Tx) (err error) {
			s = newSession(tx, t.now(), l.products, len(calls))
			if err := s.prefetch(ctx, calls); err != nil {
				return err
			}
			if calls, err = t.join(ctx, l, s, calls, limit); err != nil {
				return err
			}
			wrote, err = s.do(ctx, tx, calls)
			return err
		})
		if err != nil {
			l.products.forget()
		}
		return err
	})
	if err == nil {
		s.trim()
		l.products.age()
	}
	t.tellTransaction(ctx, began, calls, s, err)
	if s != nil {
		s.leave()
	}
	return calls, wrote && err == nil, err
}

// join adds to calls those that came while the products were loaded, if they are
// about the same ones. A store that many write to may have waited long for a
// product that all want: whoever came meanwhile would wait as long once more.
func (t *Transactor) join(ctx context.Context, l *lane, s *session, calls []*call, limit int) ([]*call, error) {
	late := t.late(l, limit-len(calls), s.holds)
	if len(late) == 0 {
		return calls, nil
	}
	all := append(calls, late...)
	clear(late) // the queue that follows them holds on to them
	return all, s.prefetchMore(ctx, all[len(calls):])
}

// do runs calls one after the other and writes what they did.
func (s *session) do(ctx context.Context, tx Tx, calls []*call) (wrote bool, _ error) {
	for _, c := range calls {
		if c.err = c.gone(); c.err != nil {
			continue // nobody is waiting for it any more
		}
		c.err = s.try(ctx, c)
		if s.broken != nil {
			return false, s.broken
		}
	}
	if len(s.events) == 0 && len(s.answers) == 0 && len(s.receipts) == 0 {
		return false, nil
	}
	return len(s.events) > 0, tx.Write(ctx, s.changes())
}

// retry calls fn again while it is stale, after a short random pause.
func retry(ctx context.Context, fn func() error) error {
	const attempts = 10
	for i := 0; ; i++ {
		err := fn()
		if !errors.Is(err, ErrStale) || i == attempts {
			return err
		}
		select {
		case <-time.After(rand.N(time.Millisecond << min(i, 6))):
		case <-ctx.Done():
			return err
		}
	}
}
