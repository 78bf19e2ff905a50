// Package memory keeps everything in memory: the smallest example of a store,
// and the fake that tests of the service layer use. It is held to the same
// contract as the databases.
//
// All of its state follows from the log of events; it ignores the rows of
// service.Changes but for the versions. So a test that passes here and fails
// on a database has found rows that say something else than the events.
package memory

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

// Store is a service.Store, a service.Audited, a views.Reader and an
// access.Tokens. Transactions run one at a time.
type Store struct {
	writing    sync.Mutex // held for a transaction
	delivering sync.Map   // of *sync.Mutex, by subscription

	mu     sync.RWMutex // guards world: writers change it only when they commit
	world  world
	tokens tokens
}

// world is all there is.
type world struct {
	*service.Projection
	log       []service.Envelope
	reasons   map[service.LineID]int64 // position of the last event about the line
	given     map[service.Sequence]int64
	positions map[string]int64 // of subscriptions
	failures  map[failed]service.Failure
	mails     []*service.Mail // by id, from 1
	noted     map[int64]int64 // positions of events -> ids of the mails that tell them

	webhooks    map[int64]views.Webhook
	lastWebhook int64 // id
	answers     map[service.AnswerID]service.KeptAnswer
	received    map[string]bool   // ids of messages
	latest      map[string]string // places of messages, by subject
	parked      []views.ParkedMessage
	lastParked  int64 // number
	whatIfs     []service.SavedWhatIf
}

type failed struct {
	subscription string
	position     int64
}

// New returns an empty store.
func New() *Store {
	return &Store{world: world{
		Projection: service.NewProjection(),
		reasons:    map[service.LineID]int64{},
		given:      map[service.Sequence]int64{},
		positions:  map[string]int64{},
		failures:   map[failed]service.Failure{},
		noted:      map[int64]int64{},
		webhooks:   map[int64]views.Webhook{},
		answers:    map[service.AnswerID]service.KeptAnswer{},
		received:   map[string]bool{},
		latest:     map[string]string{},
	}}
}

// Close does nothing: there is nothing to close.
func (s *Store) Close() error { return nil }

// Lane implements service.Store.
func (s *Store) Lane(string) string { return "" }

// InTx implements service.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context, service.Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	t := &tx{reader: reader{&s.world}, given: maps.Clone(s.world.given)}
	if err := fn(ctx, t); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.given = t.given
	for _, e := range t.written {
		s.world.append(e)
	}
	s.world.keep(t.answers, t.forget)
	for _, r := range t.receipts {
		s.world.receive(r)
	}
	return nil
}

// View implements service.Store.
func (s *Store) View(ctx context.Context, fn func(context.Context, service.Reader) error) error {
	s.mu.RLock()
	snapshot := world{Projection: s.world.Clone(), received: maps.Clone(s.world.received), latest: maps.Clone(s.world.latest)}
	s.mu.RUnlock()
	return fn(ctx, reader{&snapshot})
}

// HoldsDue implements service.Store.
func (s *Store) HoldsDue(_ context.Context, now domain.Instant, limit int) (due []service.LineID, _ error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	lines := s.world.lines(func(l domain.Line) bool { return l.Status == domain.StatusHeld && l.HeldUntil <= now })
	slices.SortStableFunc(lines, func(a, b domain.Line) int { return cmp.Compare(a.HeldUntil, b.HeldUntil) })
	for _, l := range lines[:min(limit, len(lines))] {
		due = append(due, service.LineID{OrderID: l.OrderID, SKU: l.SKU})
	}
	return due, nil
}

// Filling implements service.Store.
func (s *Store) Filling(_ context.Context, limit int) (skus []string, _ error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for sku, p := range s.world.Products {
		if p.Filling != (domain.Filling{}) && len(skus) < limit {
			skus = append(skus, sku)
		}
	}
	return skus, nil
}

// keep keeps answers, and forgets those before a time.
func (w *world) keep(answers []service.KeptAnswer, before time.Time) {
	if len(answers) == 0 {
		return
	}
	maps.DeleteFunc(w.answers, func(_ service.AnswerID, a service.KeptAnswer) bool { return a.At.Before(before) })
	for _, a := range answers {
		w.answers[a.AnswerID] = a
	}
}

func (w *world) append(e service.Envelope) {
	e.Position = int64(len(w.log)) + 1
	w.log = append(w.log, e)
	w.Apply(e)
	if domain.Places(e.Event) {
		w.reasons[service.LineID{OrderID: domain.LineOf(e.Event), SKU: e.SKU}] = e.Position
	}
}

// reader is a service.Reader of a world that doesn't change meanwhile.
type reader struct{ *world }

// Load implements service.Reader.
func (r reader) Load(_ context.Context, want service.Want) (found service.Found, _ error) {
	for _, k := range want.Products {
		if p, ok := r.Products[k.SKU]; ok && p.Version != k.Version {
			p.Batches = r.open(k.SKU)
			found.Products = append(found.Products, p)
		}
	}
	for _, ref := range want.Batches {
		if b, ok := r.Batches[ref]; ok {
			found.Batches = append(found.Batches, b)
		}
	}
	for _, id := range want.Lines {
		if line, ok := r.Lines[id.OrderID][id.SKU]; ok {
			found.Lines = append(found.Lines, line)
		}
	}
	for _, id := range want.Answers {
		if a, ok := r.answers[id]; ok {
			found.Answers = append(found.Answers, a)
		}
	}
	found.Received, found.Latest = r.known(want.Receipts)
	return found, nil
}

func (r reader) open(sku string) (out []domain.Batch) {
	for _, b := range r.Batches {
		if b.SKU == sku && b.Room() > 0 {
			out = append(out, b)
		}
	}
	return out
}

// LinesOf implements service.Reader.
func (r reader) LinesOf(_ context.Context, batchRef string) iter.Seq2[domain.Line, error] {
	lines := r.lines(func(l domain.Line) bool { return has(l, batchRef) })
	slices.SortFunc(lines, domain.FirstToLose)
	return each(lines)
}

// Stocked implements service.Reader.
func (r reader) Stocked(_ context.Context, sku string) (out []domain.Batch, _ error) {
	for _, b := range r.Batches {
		if b.SKU == sku && b.Allocated > 0 {
			out = append(out, b)
		}
	}
	return out, nil
}

// has reports whether a line has stock of a batch.
func has(l domain.Line, batchRef string) bool {
	return l.BatchRef == batchRef && l.Status != domain.StatusShipped
}

// Backorders implements service.Reader.
func (r reader) Backorders(_ context.Context, sku string) iter.Seq2[domain.Line, error] {
	lines := r.lines(func(l domain.Line) bool { return l.SKU == sku && l.Status == domain.StatusBackordered })
	slices.SortFunc(lines, domain.FirstServed)
	return each(lines)
}

// lines returns those that keep picks, oldest first.
func (w *world) lines(keep func(domain.Line) bool) (out []domain.Line) {
	for _, order := range w.Lines {
		for _, l := range order {
			if keep(l) {
				out = append(out, l)
			}
		}
	}
	slices.SortFunc(out, func(a, b domain.Line) int { return int(a.Seq - b.Seq) })
	return out
}

func each[T any](items []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// tx is a service.Tx. It keeps what is written until the end.
type tx struct {
	reader
	given    map[service.Sequence]int64
	written  []service.Envelope
	answers  []service.KeptAnswer
	forget   time.Time
	receipts []service.Receipt
	failed   error // of Write
}

// Reserve implements service.Tx.
func (t *tx) Reserve(_ context.Context, s service.Sequence, n int) (int64, error) {
	first := t.given[s] + 1
	t.given[s] += int64(n)
	return first, nil
}

// Write implements service.Tx.
func (t *tx) Write(_ context.Context, c service.Changes) error {
	for _, p := range c.Products {
		if t.Products[p.To.SKU].Version != p.From {
			t.failed = service.ErrStale
			return t.failed
		}
	}
	t.written = append(t.written, c.Events...)
	t.answers, t.forget = append(t.answers, c.Answers...), c.Forget
	t.receipts = append(t.receipts, c.Receipts...)
	return nil
}
