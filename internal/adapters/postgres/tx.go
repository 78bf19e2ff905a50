package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"allot/internal/domain"
	"allot/internal/service"
)

// tx is a service.Tx.
type tx struct {
	reader
	token   pgtype.UUID      // settles what became of it, if the answer gets lost
	locked  map[string]int64 // SKU -> version of products that nobody else can change; 0: there was none
	seen    map[string]int64 // SKU -> version of products of which lines were read without a lock
	numbers map[service.Sequence]*block
	ahead   block      // numbers of lines for the next transaction, drawn with the products locked
	writes  *pgx.Batch // what Write has left for the end
	failed  error      // the first of Write

	guesses      *guesses
	guess        *guess // nil if it asks before it writes
	guessed      bool   // it has begun with a guess
	guessedLater bool   // it has guessed when its products were locked
}

// newTx returns a transaction that guesses, if it may.
func newTx(conn *pgxpool.Conn, g *guesses) *tx {
	t := &tx{
		reader: reader{session: &session{conn: conn, begin: `BEGIN`}},
		token:  pgtype.UUID{Bytes: uuid.Must(uuid.NewV7()), Valid: true}, // rises with time, which keeps its index small
		locked: map[string]int64{}, seen: map[string]int64{},
		numbers: map[service.Sequence]*block{service.BatchSeq: {}, service.LineSeq: {}},
		guesses: g,
	}
	t.reader.tx = t
	if numbers := g.take(); numbers != nil {
		t.numbers[service.LineSeq] = numbers
		t.guess, t.guessed = &guess{by: g, products: map[string]int64{}}, true
	}
	return t
}

// check takes note of what a load has locked. It returns ErrStale if the load
// and what was read before don't go together.
func (t *tx) check(l *load) error {
	for _, sku := range l.skus {
		t.locked[sku] = max(t.locked[sku], 0)
	}
	for _, p := range l.locked {
		t.locked[p.SKU] = p.Version
		if version, read := t.seen[p.SKU]; read && version != p.Version {
			return fmt.Errorf("%w: lines of %s were read at version %d, which is now %d", service.ErrStale, p.SKU, version, p.Version)
		}
	}
	for i, line := range l.lines {
		if _, ok := t.locked[line.SKU]; !ok {
			t.seen[line.SKU] = l.of[i]
		}
	}
	for _, b := range append(l.batches, l.open...) {
		if t.numbers[service.BatchSeq].before(b.Seq) {
			return fmt.Errorf("%w: batch %s was created meanwhile", service.ErrStale, b.Ref)
		}
	}
	return t.checkLines(l.lines)
}

// checkLines returns ErrStale if a line is younger than our numbers: it must
// not be taken for one of ours.
func (t *tx) checkLines(lines []domain.Line) error {
	for _, line := range lines {
		if t.numbers[service.LineSeq].before(line.Seq) {
			return fmt.Errorf("%w: line %s of order %s was accepted meanwhile", service.ErrStale, line.SKU, line.OrderID)
		}
	}
	return nil
}

// lock locks those of products that are not, and returns ErrStale if one has
// another version than its change is based on.
func (t *tx) lock(ctx context.Context, products []service.ProductChange) error {
	var want service.Want
	for _, p := range products {
		if _, ok := t.known(p.To.SKU); !ok {
			want.Products = append(want.Products, service.Known{SKU: p.To.SKU})
		}
	}
	if _, err := t.Load(ctx, want); err != nil {
		return err
	}
	for _, p := range products {
		if version, _ := t.known(p.To.SKU); version != p.From {
			return fmt.Errorf("%w: %s has version %d, not %d", service.ErrStale, p.To.SKU, version, p.From)
		}
	}
	return nil
}

// block is a row of numbers that belong to us: next up to end, which is not
// among them.
type block struct{ next, end, first int64 }

// blockSize is how many numbers a draw gives: the INCREMENT of the sequences.
const blockSize = 65_536

// before reports whether a number was given out after the block was drawn.
func (b *block) before(number int64) bool { return b.first > 0 && number >= b.first }

const (
	drawBatchNumbers = `SELECT nextval('batch_numbers')`
	drawLineNumbers  = `SELECT nextval('line_numbers')`
)

// queueNumbers has the first load draw lines' numbers on the way: nearly every
// transaction needs them. They are drawn when the products are locked, so that
// they are larger than any that these products know.
func (t *tx) queueNumbers(b *pgx.Batch) {
	if lines := t.numbers[service.LineSeq]; lines.first == 0 {
		b.Queue(drawLineNumbers).QueryRow(lines.scan)
	}
}

func (b *block) scan(row pgx.Row) error {
	if err := row.Scan(&b.next); err != nil {
		return err
	}
	b.end = b.next + blockSize
	if b.first == 0 {
		b.first = b.next
	}
	return nil
}

// Reserve implements service.Tx. n is at most blockSize.
func (t *tx) Reserve(ctx context.Context, s service.Sequence, n int) (int64, error) {
	if n > blockSize {
		return 0, fmt.Errorf("reserve %d numbers of %s: the most is %d", n, s, blockSize)
	}
	numbers := t.numbers[s]
	if numbers.end-numbers.next < int64(n) {
		q := drawLineNumbers
		if s == service.BatchSeq {
			q = drawBatchNumbers
		}
		b := t.batch()
		b.Queue(q).QueryRow(numbers.scan)
		if err := t.send(ctx, b); err != nil {
			return 0, classify(fmt.Errorf("reserve numbers of %s: %w", s, err))
		}
	}
	numbers.next += int64(n)
	return numbers.next - int64(n), nil
}

// commit sends all that was written, and COMMIT with it. It returns
// errUnanswered if that may have been done or not.
func (t *tx) commit(ctx context.Context) error {
	t.writes.Queue(drawLineNumbers).QueryRow(t.ahead.scan)
	t.writes.Queue(`COMMIT`)
	err := t.send(ctx, t.writes)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.SeverityUnlocalized == "ERROR" {
		return classify(fmt.Errorf("write: %w", err)) // nothing after it was done
	}
	return fmt.Errorf("%w: %w", errUnanswered, err)
}

// How a commit is settled whose answer got lost.
const (
	settleAttempts = 3
	settleTimeout  = 5 * time.Second // for each
)

// voidToken takes a token's place, unless a commit has it, and says which it
// is. It waits for a commit that is on its way.
const voidToken = `INSERT INTO commits (token, events, void) VALUES ($1, 0, true)
	ON CONFLICT (token) DO UPDATE SET token = excluded.token RETURNING void`

// settle finds out for certain what became of a transaction whose answer got
// lost: it returns nil if it was committed, and ErrStale, so that all of it is
// done again, once it can't be committed any more. Looking alone would not do:
// the server may be about to commit.
func (s *Store) settle(ctx context.Context, token pgtype.UUID, lost error) error {
	ctx = context.WithoutCancel(ctx)
	for range settleAttempts {
		attempt, cancel := context.WithTimeout(ctx, settleTimeout)
		var void bool
		err := s.writes.QueryRow(attempt, voidToken, token).Scan(&void)
		cancel()
		switch {
		case err == nil && !void:
			return nil
		case err == nil:
			return fmt.Errorf("%w: it is settled that nothing was written: %w", service.ErrStale, lost)
		}
		lost = errors.Join(lost, err)
		s.writes.Reset() // they may all be as broken as the first
		time.Sleep(settlePause)
	}
	return fmt.Errorf("%w: %w", service.ErrOutcomeUnknown, lost)
}

// settlePause is how long a server that can't be reached is left alone.
const settlePause = time.Second
