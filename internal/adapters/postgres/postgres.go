// Package postgres keeps a shop in PostgreSQL: products, batches, lines and the
// log of events. Any number of processes may use one database at the same time;
// they need nothing of each other.
//
// A transaction locks the products that it is about, in the order of their
// SKUs, and takes two round trips: one that locks and reads, one that writes
// and commits. The package knows the ports of the service layer, and nothing of
// who uses them.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"allot/internal/service"
)

// Store is a service.Store, a service.Audited and a views.Reader.
type Store struct {
	writes *pgxpool.Pool
	reads  *pgxpool.Pool
	holder string // who we are, to other processes that deliver
	unsafe string // what the server may lose, if that was allowed; else empty

	guesses   guesses
	stocks    stocks
	leases    leases
	sequencer sequencer
	trouble   trouble
}

// Options are what can be chosen about a Store.
type Options struct {
	// AllowLoss opens a database whose server may lose what it has
	// acknowledged. Without it, Open refuses such a server.
	AllowLoss bool

	// LeaseTime is how long who delivers to a subscription may be silent before
	// another process takes over; 0 is DefaultLeaseTime.
	LeaseTime time.Duration
}

// DefaultLeaseTime is how soon another process goes on with the deliveries of
// one that has died.
const DefaultLeaseTime = 5 * time.Second

// Open opens the database at url, and brings its tables up to date, or creates
// them. url may name several servers; the one that can be written to is used.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	if err := Migrate(ctx, url); err != nil {
		return nil, err
	}
	return open(ctx, url, o)
}

// OpenCurrent opens the database at url, whose tables must be up to date.
func OpenCurrent(ctx context.Context, url string, o Options) (*Store, error) {
	if err := checkCurrent(ctx, url); err != nil {
		return nil, err
	}
	return open(ctx, url, o)
}

func open(ctx context.Context, url string, o Options) (_ *Store, err error) {
	s := &Store{holder: uuid.NewString()}
	defer func() {
		if err != nil {
			s.closePools()
		}
	}()
	if s.writes, err = connect(ctx, url, writing); err != nil {
		return nil, err
	}
	if s.reads, err = connect(ctx, url, reading); err != nil {
		return nil, err
	}
	if s.unsafe, err = risks(ctx, s.reads); err != nil {
		return nil, err
	}
	if s.unsafe != "" && !o.AllowLoss {
		return nil, fmt.Errorf("this PostgreSQL may lose what it has acknowledged: %s: set that right in its configuration, or accept the loss with --allow-loss", s.unsafe)
	}
	s.startLeases(o.LeaseTime)
	s.startSequencer()
	return s, nil
}

// Unsafe says what the server may lose, if it may; Open was told to allow it.
func (s *Store) Unsafe() string { return s.unsafe }

// Close lets others deliver and closes all connections.
func (s *Store) Close() error {
	s.stopSequencer()
	err := s.stopLeases()
	s.closePools()
	return err
}

func (s *Store) closePools() {
	for _, p := range []*pgxpool.Pool{s.writes, s.reads} {
		if p != nil {
			p.Close()
		}
	}
}

// Lane implements service.Store. A process has one lane: the fuller a
// transaction is, the less each command costs.
func (s *Store) Lane(string) string { return "" }

// InTx implements service.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	conn, err := s.writes.Acquire(ctx)
	if err != nil {
		return classify(fmt.Errorf("connect to the database: %w", err))
	}
	t := newTx(conn, &s.guesses)
	defer t.end() // also if fn panics
	if err = fn(ctx, t); err == nil {
		err = s.finish(ctx, t)
	}
	if errors.Is(err, service.ErrStale) {
		s.guesses.wrong(t)
	}
	s.trouble.note(err)
	return s.shed(err)
}

// finish commits what a transaction has written, if it has written anything. If
// not, what it was told must still be so.
func (s *Store) finish(ctx context.Context, t *tx) error {
	if t.failed != nil {
		return t.failed
	}
	if t.writes == nil {
		return t.makeSure(ctx)
	}
	err := t.commit(ctx)
	if errors.Is(err, errUnanswered) {
		err = s.settle(ctx, t.token, err)
	}
	if err == nil {
		s.guesses.learn(t)
		s.sequencer.wake()
	}
	return err
}

// View implements service.Store.
func (s *Store) View(ctx context.Context, fn func(context.Context, service.Reader) error) error {
	return s.snapshot(ctx, func(c *session) error { return fn(ctx, &reader{session: c}) })
}

// snapshot runs fn in a transaction that sees the database as it is at its
// first query.
func (s *Store) snapshot(ctx context.Context, fn func(*session) error) error {
	conn, err := s.reads.Acquire(ctx)
	if err != nil {
		return classify(fmt.Errorf("open a snapshot: %w", err))
	}
	c := &session{conn: conn, begin: `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`}
	defer c.end()
	return fn(c)
}

// session is a connection in a transaction, which begins with the first thing
// that is asked.
type session struct {
	conn  *pgxpool.Conn
	begin string
	begun bool
}

// batch returns a batch to fill: what is queued in it takes one round trip.
func (c *session) batch() *pgx.Batch {
	b := &pgx.Batch{}
	if !c.begun {
		b.Queue(c.begin)
	}
	return b
}

// answerTimeout is how long a round trip may take. The server gives up before.
const answerTimeout = 15 * time.Second

// send has the server do what is in a batch.
func (c *session) send(ctx context.Context, b *pgx.Batch) error {
	c.begun = true
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return c.conn.SendBatch(ctx, b).Close()
}

// end rolls back what was not committed, and lets the connection go: for use by
// others, if it is good.
func (c *session) end() {
	if !c.conn.Conn().IsClosed() && c.conn.Conn().PgConn().TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = c.conn.Exec(ctx, "ROLLBACK") // a connection that can't is thrown away
	}
	c.conn.Release()
}
