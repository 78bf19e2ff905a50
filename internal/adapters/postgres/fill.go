package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"allot/internal/adapters/eventjson"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Content is all that a shop has. Its events have the positions from 1 on,
// without gaps.
type Content struct {
	Books     iter.Seq2[service.Book, error]
	Positions map[string]int64 // of subscriptions, by name
	Failures  []views.Failure
	Aside
}

// ErrNotEmpty says that a database has a shop already.
var ErrNotEmpty = errors.New("the database is not empty: name one that is")

// Fill puts a shop in an empty database, in one transaction. sound, which is
// called at the end, may refuse all of it. progress is called now and then with
// the number of events so far.
func (s *Store) Fill(ctx context.Context, c Content, progress func(events int), sound func() error) error {
	err := pgx.BeginFunc(ctx, s.writes, func(tx pgx.Tx) error {
		const begin = `SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
			LOCK TABLE products IN EXCLUSIVE MODE`
		if _, err := tx.Exec(ctx, begin, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		if err := refuseFull(ctx, tx); err != nil {
			return err
		}
		f := filler{tx: tx}
		if err := f.books(ctx, c.Books, progress); err != nil {
			return err
		}
		if err := f.log(ctx); err != nil {
			return err
		}
		if err := f.subscriptions(ctx, c); err != nil {
			return err
		}
		if err := f.aside(ctx, c.Aside); err != nil {
			return err
		}
		return sound()
	})
	if err != nil {
		return classify(fmt.Errorf("fill the database: %w", err))
	}
	_, err = s.writes.Exec(ctx, `ANALYZE`)
	return classify(err)
}

func refuseFull(ctx context.Context, tx pgx.Tx) error {
	var full bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM products) OR EXISTS (SELECT FROM commits)`).Scan(&full); err != nil {
		return err
	}
	if full {
		return ErrNotEmpty
	}
	return nil
}

// filler copies rows, many at a time.
type filler struct {
	tx                                     pgx.Tx
	products, batches, refs, lines, events [][]any
	lineEvents                             [][]any
	end, lastBatch, lastLine               int64
	copied                                 int
}

// Events of another store come in no commits. Here they get some of this size.
const eventsInCommit = 10_000

// commitOf is the commit of the event at a position, and its place there.
func commitOf(position int64) (commit, n int64) {
	return (position-1)/eventsInCommit + 1, (position - 1) % eventsInCommit
}

func (f *filler) books(ctx context.Context, books iter.Seq2[service.Book, error], progress func(int)) error {
	for b, err := range books {
		if err != nil {
			return err
		}
		if err := f.add(b); err != nil {
			return err
		}
		if len(f.events) >= eventsInCommit {
			if err := f.flush(ctx); err != nil {
				return err
			}
			progress(f.copied)
		}
	}
	return f.flush(ctx)
}

func (f *filler) add(b service.Book) error {
	p := b.Product
	f.products = append(f.products, []any{b.SKU, p.Version, p.Description, p.Backorders, p.OutOfStock, nullable(p.Policy), nullable(p.SafetyStock),
		nullable(string(p.Filling.Cause)), nullable(p.Filling.By)})
	seqs := make(map[string]int64, len(b.Batches))
	for _, batch := range b.Batches {
		seqs[batch.Ref] = batch.Seq
		f.lastBatch = max(f.lastBatch, batch.Seq)
		f.batches = append(f.batches, []any{batch.Seq, batch.Ref, b.SKU, batch.Purchased, batch.Allocated, batch.Shipped, batch.Closed, int(batch.ETA), batch.FirstQty, int(batch.FirstETA),
			nullable(batch.Location), nullable(int(batch.UseBy)), nullable(batch.FirstLocation), nullable(int(batch.FirstUseBy))})
		f.refs = append(f.refs, []any{batch.Ref, b.SKU, batch.Seq})
	}
	whys := make(map[string]lineWhy, len(b.Lines))
	for i, l := range b.Lines {
		whys[l.OrderID] = lineWhy{l.Seq, b.LineWhys[i]}
		f.lastLine = max(f.lastLine, l.Seq)
		commit, n := commitOf(b.LineWhys[i])
		f.lines = append(f.lines, []any{commit, n, l.Seq, l.OrderID, l.SKU, l.Qty, string(l.Status), batchKey(l, seqs),
			rankOf(l), int(l.RequiredBy), int64(l.HeldUntil), l.FirstQty, promiseKey(l), l.Shipped, l.Returned, nullable(eventjson.EncodeWishes(l.Wishes)), nullable(l.Frozen)})
	}
	for _, e := range b.Events {
		body, err := eventjson.Encode(e.Event)
		if err != nil {
			return err
		}
		f.end = max(f.end, e.Position)
		commit, n := commitOf(e.Position)
		if why, about := whys[domain.LineOf(e.Event)]; about && why.position != e.Position {
			f.lineEvents = append(f.lineEvents, []any{why.line, commit, n})
		}
		o := e.Origin
		f.events = append(f.events, []any{commit, n, e.At, e.SKU, e.Version, e.Event.EventName(), e.Command, o.Actor, o.Reason, o.Note, o.Correlation, o.Cause, o.Trace, string(body)})
	}
	return nil
}

// nullable is v, but nil for what is null in the tables.
func nullable[T comparable](v T) any {
	var none T
	if v == none {
		return nil
	}
	return v
}

// lineWhy is a line, by its number, and the position of the event that says why.
type lineWhy struct{ line, position int64 }

// promiseKey is what a line was promised first; nil if it never was.
func promiseKey(l domain.Line) any {
	if !l.Promised {
		return nil
	}
	return int(l.FirstPromise)
}

// batchKey is the batch of a line; nil if it has none.
func batchKey(l domain.Line, seqs map[string]int64) any {
	if l.BatchRef == "" {
		return nil
	}
	return seqs[l.BatchRef]
}

// flush copies the rows that have gathered.
func (f *filler) flush(ctx context.Context) error {
	f.copied += len(f.events)
	for _, t := range []struct {
		name    string
		columns []string
		rows    *[][]any
	}{
		{"products", []string{"sku", "version", "description", "backorders", "out_of_stock", "policy", "safety_stock", "filling_cause", "filling_by"}, &f.products},
		{"batches", []string{"seq", "ref", "sku", "purchased", "allocated", "shipped", "closed", "eta", "first_qty", "first_eta",
			"location", "use_by", "first_location", "first_use_by"}, &f.batches},
		{"batch_refs", []string{"ref", "sku", "seq"}, &f.refs},
		{"lines", []string{"commit", "n", "seq", "order_id", "sku", "qty", "status", "batch",
			"rank", "required_by", "held_until", "first_qty", "first_promise", "shipped", "returned", "wishes", "frozen"}, &f.lines},
		{"line_events", []string{"line", "commit", "n"}, &f.lineEvents},
		{"events", []string{"commit", "n", "at", "sku", "version", "name", "command", "actor", "reason", "note", "correlation", "cause", "trace", "body"}, &f.events},
	} {
		if _, err := f.tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(*t.rows)); err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
		*t.rows = (*t.rows)[:0]
	}
	return nil
}

// log writes the commits that the events came in, and sees to it that what
// comes next is numbered higher.
func (f *filler) log(ctx context.Context) error {
	var commits [][]any
	for first := int64(1); first <= f.end; first += eventsInCommit {
		id, _ := commitOf(first)
		token := pgtype.UUID{Bytes: uuid.Must(uuid.NewV7()), Valid: true}
		commits = append(commits, []any{id, first, min(eventsInCommit, f.end-first+1), token})
	}
	if _, err := f.tx.CopyFrom(ctx, pgx.Identifier{"commits"}, []string{"id", "position", "events", "token"}, pgx.CopyFromRows(commits)); err != nil {
		return fmt.Errorf("copy commits: %w", err)
	}
	_, err := f.tx.Exec(ctx, `UPDATE log_end SET position = $1`, f.end)
	for _, s := range []struct {
		sequence string
		last     int64
	}{{"commits_id_seq", int64(len(commits))}, {"batch_numbers", f.lastBatch}, {"line_numbers", f.lastLine}} {
		if err == nil && s.last > 0 {
			_, err = f.tx.Exec(ctx, `SELECT setval($1::text::regclass, $2)`, s.sequence, s.last)
		}
	}
	return err
}

func (f *filler) subscriptions(ctx context.Context, c Content) error {
	b := &pgx.Batch{}
	for name, position := range c.Positions {
		b.Queue(`INSERT INTO subscriptions (name, position, term, expires, holder) VALUES ($1, $2, 0, '-infinity', '')`, name, position)
	}
	for _, e := range c.Failures {
		b.Queue(postpone, e.Subscription, e.Position, e.Attempts, storable(e.Error), e.Next, e.Parked)
	}
	return f.tx.SendBatch(ctx, b).Close()
}
