package postgres

import (
	"context"
	"fmt"
	"iter"

	"allot/internal/domain"
	"allot/internal/service"
)

// Books implements service.Audited. It reads the tables side by side, each in
// the order of SKUs, so that only one product is in memory at a time.
func (s *Store) Books(ctx context.Context, fault func(string)) iter.Seq2[service.Book, error] {
	return func(yield func(service.Book, error) bool) {
		a, end, err := s.beginAudit(ctx)
		if err != nil {
			yield(service.Book{}, fmt.Errorf("open the books: %w", err))
			return
		}
		defer end()
		if err := integrity(ctx, a, fault); err != nil {
			yield(service.Book{}, err)
			return
		}
		shelves := shelve(ctx, a)
		defer shelves.close()
		for {
			book, ok, err := shelves.next()
			if !ok && err == nil {
				return
			}
			if !yield(book, err) || err != nil {
				return
			}
		}
	}
}

// integrity reports what the database's own rules can't say.
func integrity(ctx context.Context, a *audit, fault func(string)) error {
	for _, q := range []string{
		`SELECT 'the event log has ' || sum(events) || ' events and ends at position ' || max(e.position)
			FROM commits c, log_end e WHERE c.position IS NOT NULL HAVING coalesce(sum(events), 0) <> coalesce(max(e.position), 0)`,
		`SELECT 'commit ' || id || ' has position ' || position || ', and the one before ends at ' || upto FROM
			(SELECT id, position, lag(position + events - 1, 1, 0::bigint) OVER (ORDER BY position) AS upto FROM commits WHERE position IS NOT NULL) c
			WHERE position <> upto + 1 LIMIT 20`,
		`SELECT 'commit ' || c.id || ' has ' || count(e.n) || ' events, not ' || c.events
			FROM commits c LEFT JOIN events e ON e.commit = c.id GROUP BY c.id HAVING count(e.n) <> c.events LIMIT 20`,
		`SELECT 'batch ' || b.ref || ' is listed under SKU ' || coalesce(r.sku, 'none') || ', and is of SKU ' || b.sku
			FROM batches b LEFT JOIN batch_refs r ON r.ref = b.ref WHERE (r.sku, r.seq) IS DISTINCT FROM (b.sku, b.seq) LIMIT 20`,
	} {
		found, err := query(ctx, a.tx, text, q)
		if err != nil {
			return fmt.Errorf("check the database: %w", err)
		}
		for _, f := range found {
			fault(f)
		}
	}
	return nil
}

// Commits with their positions: those that have none yet have what the
// sequencer is going to give them.
const withPlaces = `WITH places AS (SELECT id, coalesce(position, (SELECT position FROM log_end) + 1
		+ (sum(events) FILTER (WHERE position IS NULL) OVER (ORDER BY id))::bigint - events) AS position FROM commits WHERE events > 0) `

const (
	allProducts = productColumns + `ORDER BY sku`
	allBatches  = batchColumns + `FROM batches b ORDER BY b.sku, b.seq`
	allLines    = withPlaces + lineColumns + `, c.position + l.n` + fromLines + `LEFT JOIN places c ON c.id = l.commit ORDER BY l.sku, l.seq`
	allEvents   = withPlaces + eventColumns + `FROM places c JOIN events e ON e.commit = c.id ORDER BY e.sku, c.position, e.n`
)

// shelves are the tables, each open at the next SKU.
type shelves struct {
	products *shelf[domain.Snapshot]
	batches  *shelf[domain.Batch]
	lines    *shelf[reasoned]
	events   *shelf[service.Envelope]
}

// reasoned is a line and the event that it names as its reason.
type reasoned struct {
	domain.Line
	event int64
}

func shelve(ctx context.Context, a *audit) *shelves {
	return &shelves{
		products: openShelf(stream(ctx, a, scanProduct, allProducts), func(p domain.Snapshot) string { return p.SKU }),
		batches:  openShelf(stream(ctx, a, scanBatch, allBatches), func(b domain.Batch) string { return b.SKU }),
		lines:    openShelf(stream(ctx, a, scanReasoned, allLines), func(l reasoned) string { return l.SKU }),
		events:   openShelf(stream(ctx, a, scanEnvelope, allEvents), func(e service.Envelope) string { return e.SKU }),
	}
}

// next returns the book of the next SKU that any table knows.
func (s *shelves) next() (b service.Book, ok bool, _ error) {
	for _, sku := range []*string{s.products.sku(), s.batches.sku(), s.lines.sku(), s.events.sku()} {
		if sku != nil && (!ok || *sku < b.SKU) {
			b.SKU, ok = *sku, true
		}
	}
	for _, p := range s.products.take(b.SKU) {
		b.Product = p
	}
	b.Batches = s.batches.take(b.SKU)
	for _, l := range s.lines.take(b.SKU) {
		b.Lines = append(b.Lines, l.Line)
		b.LineWhys = append(b.LineWhys, l.event)
	}
	b.Events = s.events.take(b.SKU)
	for _, err := range []error{s.products.err, s.batches.err, s.lines.err, s.events.err} {
		if err != nil {
			return b, false, fmt.Errorf("read the books: %w", err)
		}
	}
	return b, ok, nil
}

func (s *shelves) close() {
	s.products.stop()
	s.batches.stop()
	s.lines.stop()
	s.events.stop()
}

// shelf is a table in the order of SKUs, read one row ahead.
type shelf[T any] struct {
	pull  func() (T, error, bool)
	stop  func()
	key   func(T) string
	head  T
	ahead string
	any   bool // there is a head
	err   error
}

func openShelf[T any](rows iter.Seq2[T, error], key func(T) string) *shelf[T] {
	s := &shelf[T]{key: key}
	s.pull, s.stop = iter.Pull2(rows)
	s.advance()
	return s
}

func (s *shelf[T]) advance() {
	head, err, ok := s.pull()
	if err != nil {
		s.err, ok = err, false
	}
	if s.head, s.any = head, ok; ok {
		s.ahead = s.key(head)
	}
}

// sku is the SKU that comes next; nil at the end.
func (s *shelf[T]) sku() *string {
	if !s.any {
		return nil
	}
	return &s.ahead
}

// take returns the rows of a SKU, if it is the one that comes next.
func (s *shelf[T]) take(sku string) (out []T) {
	for s.any && s.ahead == sku {
		out = append(out, s.head)
		s.advance()
	}
	return out
}

func text(scan func(...any) error) (s string, err error) {
	err = scan(&s)
	return s, err
}

func scanReasoned(scan func(...any) error) (l reasoned, err error) {
	var event *int64
	l.Line, err = scanDomainLine(func(line ...any) error { return scan(append(line, &event)...) })
	if event != nil { // a commit that there isn't has no position: verify complains of 0
		l.event = *event
	}
	return l, err
}
