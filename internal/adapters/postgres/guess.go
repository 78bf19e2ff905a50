package postgres

import (
	"context"
	"fmt"
	"sync"

	"allot/internal/service"
)

// A process that has a product to itself for a while knows it already: its
// lane keeps it, with the version. Then a transaction need not ask first. It
// guesses that the products are as known, that the lines are new, that nobody has
// answered the requests, and that the messages never came before, and sends
// what has to be so together with what it writes, and with COMMIT: one round
// trip instead of two. A wrong guess voids the transaction, which is run again
// and asks; and for a while none guesses, twice as long each time.

//
// Where many processes write to one product, a transaction asks, and waits for
// its turn. It still guesses that the lines are new of commands that came while
// it waited: it has their products locked.

// guesses say whether to guess.
type guesses struct {
	mu       sync.Mutex
	first    hunch            // that all is as known
	later    hunch            // that lines of products that are locked are new
	ahead    *block           // numbers of lines, drawn when it was last certain that they are the largest
	versions map[string]int64 // of products, as this process has seen them last
}

// mostVersions is how many products are remembered: some 60 bytes each.
const mostVersions = 100_000

// hunch is something that is guessed until it turns out wrong.
type hunch struct {
	wait  int // transactions until the next guess
	pause int // how many it was after the last wrong one
}

// How many transactions go by without a guess after a wrong one.
const (
	leastPause = 32
	mostPause  = 4096
)

// dare reports whether to guess.
func (h *hunch) dare() bool {
	if h.wait == 0 {
		return true
	}
	h.wait--
	return false
}

func (h *hunch) right() { h.pause /= 2 }

func (h *hunch) wrong() {
	h.pause = min(max(2*h.pause, leastPause), mostPause)
	h.wait = h.pause
}

// take returns numbers for a transaction that may guess; nil if it may not.
func (g *guesses) take() *block {
	g.mu.Lock()
	defer g.mu.Unlock()
	numbers := g.ahead
	g.ahead = nil // whoever asks may learn of larger ones
	if !g.first.dare() {
		return nil
	}
	return numbers
}

func (g *guesses) dareLater() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.later.dare()
}

// learn takes note of what a transaction has seen and drawn that ended well.
func (g *guesses) learn(t *tx) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.versions == nil || len(g.versions) > mostVersions {
		g.versions = map[string]int64{}
	}
	for sku, version := range t.locked {
		g.versions[sku] = version
	}
	if t.ahead.first > 0 {
		g.ahead = &t.ahead
	}
	if t.guessed {
		g.first.right()
	}
	if t.guessedLater {
		g.later.right()
	}
}

// wrong notes that what a transaction has guessed was.
func (g *guesses) wrong(t *tx) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t.guessed {
		clear(g.versions)
		g.first.wrong()
	}
	if t.guessedLater {
		g.later.wrong()
	}
}

// guess is what a transaction takes for granted.
type guess struct {
	by       *guesses
	products map[string]int64   // SKU -> version
	lines    []service.LineID   // that there aren't
	answers  []service.AnswerID // the same
	receipts []service.Receipt  // of messages that never came before
}

// takeForGranted adds to the guess what is wanted, if it goes with it. If not,
// nothing more is guessed.
func (t *tx) takeForGranted(ctx context.Context, want service.Want) (bool, error) {
	if t.guess == nil && t.hasLocked(want) && t.guesses.dareLater() {
		t.guess, t.guessedLater = &guess{by: t.guesses, products: map[string]int64{}}, true
	}
	if t.guess == nil {
		return false, nil
	}
	if !t.guess.fits(want, t.locked) {
		return false, t.makeSure(ctx)
	}
	t.guess.add(want, t.locked)
	return true, nil
}

// hasLocked reports whether all products that are wanted are locked and as they
// are known, so that nobody adds lines to them.
func (t *tx) hasLocked(want service.Want) bool {
	for _, k := range want.Products {
		if k.Version == 0 || t.locked[k.SKU] != k.Version {
			return false
		}
	}
	return len(want.Products) > 0
}

// fits reports whether all that is wanted can be guessed: nothing but products
// that are known as they were last seen, lines of them, answers and receipts.
func (g *guess) fits(want service.Want, locked map[string]int64) bool {
	g.by.mu.Lock()
	defer g.by.mu.Unlock()
	for _, k := range want.Products {
		if k.Version == 0 || locked[k.SKU] != k.Version && g.by.versions[k.SKU] != k.Version {
			return false
		}
	}
	_, subjects := messageKeys(want.Receipts) // what came of earlier messages about them nobody can guess
	return len(want.Products)+len(want.Answers)+len(want.Receipts) > 0 && len(want.Batches) == 0 && len(subjects) == 0 && g.has(want)
}

// has reports whether all lines that are wanted are of products that are
// guessed: only then nobody can add them meanwhile.
func (g *guess) has(want service.Want) bool {
	wanted := make(map[string]bool, len(want.Products))
	for _, k := range want.Products {
		wanted[k.SKU] = true
	}
	for _, id := range want.Lines {
		if _, guessed := g.products[id.SKU]; !guessed && !wanted[id.SKU] {
			return false
		}
	}
	return true
}

func (g *guess) add(want service.Want, locked map[string]int64) {
	for _, k := range want.Products {
		if _, sure := locked[k.SKU]; !sure {
			g.products[k.SKU] = k.Version
		}
	}
	g.lines = append(g.lines, want.Lines...)
	g.answers = append(g.answers, want.Answers...)
	g.receipts = append(g.receipts, want.Receipts...)
}

// want asks for all of it.
func (g *guess) want() service.Want {
	want := service.Want{Lines: g.lines, Answers: g.answers, Receipts: g.receipts}
	for sku, version := range g.products {
		want.Products = append(want.Products, service.Known{SKU: sku, Version: version})
	}
	return want
}

const (
	// The same locks in the same order as of who asks first.
	mustBeKnown = `WITH locked AS MATERIALIZED (SELECT p.version, w.version AS known FROM unnest($1::text[], $2::bigint[]) AS w (sku, version)
			JOIN products p ON p.sku = w.sku ORDER BY p.sku FOR NO KEY UPDATE OF p)
		SELECT all_written((SELECT count(*) FROM locked WHERE version = known), cardinality($1))`

	mustBeNew = `SELECT all_written((SELECT count(*) FROM ` + wantedLines + `), 0)`

	mustBeUnanswered = `SELECT all_written((SELECT count(*) FROM ` + wantedAnswers + `), 0)`

	mustBeUnreceived = `SELECT all_written((SELECT count(*) FROM inbox WHERE id = ANY($1)), 0)`
)

// queueGuess has the transaction fail if what was guessed is not so.
func (t *tx) queueGuess() {
	if t.guess == nil {
		return
	}
	l := newLoad(t.guess.want())
	if len(l.skus) > 0 {
		t.writes.Queue(mustBeKnown, l.skus, l.versions)
	}
	if orders, skus := keysOf(l.Want.Lines); len(orders) > 0 {
		t.writes.Queue(mustBeNew, orders, skus)
	}
	if scopes, keys := answerKeys(l.Answers); len(keys) > 0 {
		t.writes.Queue(mustBeUnanswered, scopes, keys)
	}
	if ids, _ := messageKeys(l.Receipts); len(ids) > 0 {
		t.writes.Queue(mustBeUnreceived, ids)
	}
}

// answerKeys are answers as columns.
func answerKeys(ids []service.AnswerID) (scopes, keys []string) {
	for _, id := range ids {
		scopes, keys = append(scopes, id.Scope), append(keys, id.Key)
	}
	return scopes, keys
}

// makeSure asks whether what was guessed so far is so, and guesses no more.
func (t *tx) makeSure(ctx context.Context) error {
	g := t.guess
	t.guess = nil
	if g == nil {
		return nil
	}
	found, err := t.Load(ctx, g.want())
	if err != nil {
		return err
	}
	for sku, known := range g.products {
		if version := t.locked[sku]; version != known {
			return fmt.Errorf("%w: %s has version %d, not %d", service.ErrStale, sku, version, known)
		}
	}
	if len(found.Lines) > 0 {
		return fmt.Errorf("%w: order %s has a line of %s", service.ErrStale, found.Lines[0].OrderID, found.Lines[0].SKU)
	}
	if len(found.Answers) > 0 {
		return fmt.Errorf("%w: %s was answered already", service.ErrStale, found.Answers[0].Key)
	}
	if len(found.Received) > 0 {
		return fmt.Errorf("%w: message %s came before", service.ErrStale, found.Received[0])
	}
	return nil
}

// known is the version of a product that this transaction has locked, or takes
// for granted.
func (t *tx) known(sku string) (version int64, ok bool) {
	if version, ok = t.locked[sku]; ok || t.guess == nil {
		return version, ok
	}
	version, ok = t.guess.products[sku]
	return version, ok
}
