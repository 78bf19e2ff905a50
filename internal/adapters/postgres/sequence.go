package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Events get their positions after they are committed, from whoever comes by
// first: numbers drawn before would come to light out of order, and a reader
// that has seen 8 would never see the 7 that is committed later.
//
// The commits that are visible and have no position get the next ones, in the
// order of their numbers. A commit draws its number with its products locked,
// so each product's come in the order of its versions; and one that is not
// visible yet has no product in common with one that is.

const (
	selectEnd = `SELECT position, EXISTS (SELECT FROM commits WHERE position IS NULL AND events > 0) FROM log_end`

	// One sequencer at a time, and the next statement sees what it left.
	lockEnd = `SELECT FROM log_end FOR UPDATE`

	placeCommits = `WITH e AS (SELECT position FROM log_end),
		fresh AS (SELECT id, events, sum(events) OVER (ORDER BY id) AS upto FROM commits WHERE position IS NULL AND events > 0),
		placed AS (UPDATE commits c SET position = e.position + f.upto - f.events + 1 FROM fresh f, e WHERE c.id = f.id RETURNING c.events)
		UPDATE log_end SET position = position + (SELECT coalesce(sum(events), 0) FROM placed) RETURNING position`
)

// sequence gives every committed event its position, and returns the last one.
func (s *Store) sequence(ctx context.Context) (end int64, _ error) {
	var unplaced bool
	if err := s.reads.QueryRow(ctx, selectEnd).Scan(&end, &unplaced); err != nil {
		return 0, classify(fmt.Errorf("look for the end of the log: %w", err))
	}
	if !unplaced {
		return end, nil
	}
	conn, err := s.writes.Acquire(ctx)
	if err != nil {
		return 0, classify(fmt.Errorf("connect to the database: %w", err))
	}
	c := &session{conn: conn, begin: `BEGIN ISOLATION LEVEL READ COMMITTED`}
	defer c.end()
	b := c.batch()
	b.Queue(lockEnd)
	b.Queue(placeCommits).QueryRow(func(row pgx.Row) error { return row.Scan(&end) })
	b.Queue(`COMMIT`)
	if err := c.send(ctx, b); err != nil {
		return 0, s.shed(classify(fmt.Errorf("give events their positions: %w", err)))
	}
	return end, nil
}

// sequencer gives positions to what this process commits, without anybody
// asking for them.
type sequencer struct {
	work chan struct{} // something was committed
	stop context.CancelFunc
	done chan struct{}
}

// sequencerPause is how long the sequencer lets commits gather.
const sequencerPause = 20 * time.Millisecond

func (s *Store) startSequencer() {
	ctx, stop := context.WithCancel(context.Background())
	q := &s.sequencer
	q.work, q.stop, q.done = make(chan struct{}, 1), stop, make(chan struct{})
	go func() {
		defer close(q.done)
		for {
			select {
			case <-q.work:
			case <-ctx.Done():
				return
			}
			_, _ = s.sequence(ctx) // the next commit, or whoever reads the log, tries again
			select {
			case <-time.After(sequencerPause):
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (q *sequencer) wake() {
	select {
	case q.work <- struct{}{}:
	default:
	}
}

func (s *Store) stopSequencer() {
	s.sequencer.stop()
	<-s.sequencer.done
}
