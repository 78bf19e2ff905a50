package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"allot/internal/domain"
)

// Terms are what a sender asks for besides a command. The zero Terms ask for
// nothing.
type Terms struct {
	Plan    string // do it only if it does what the preview with this plan said
	Version int64  // do it only if the product has this version
	Once    *Once  // do it once, however often it is sent
}

// Once has a request done once: who sends it again gets the answer that was
// given first, also if that was a refusal. What was invalid, or failed on our
// side, may be sent again.
type Once struct {
	AnswerID
	Request string // what says that requests are the same: a hash

	// Answer writes the answer, as it is to be kept, from what the command's
	// handler returned and the facts, or from the error.
	Answer func(result any, events []Envelope, err error) []byte
}

// AnswerID identifies an answer that was kept.
type AnswerID struct {
	Scope string // who sends, and where to
	Key   string // what they call the request
}

// KeptAnswer is an answer as it was given.
type KeptAnswer struct {
	AnswerID
	Request string
	At      time.Time
	Answer  []byte
}

// KeepAnswers is how long an answer is kept.
const KeepAnswers = 7 * 24 * time.Hour

// Codes of errors of senders that had conditions.
const (
	CodePlanChanged    = "plan_changed"    // it would do something else by now
	CodeVersionChanged = "version_changed" // the product is not as the sender saw it
	CodeKeyReused      = "key_reused"      // the key belongs to another request
)

// StaleError refuses a command because things are not as its sender saw them.
// It says how they are.
type StaleError struct {
	Refusal *domain.Error
	Command domain.Message
	Version int64      // of the product, if it is another one
	Result  any        // what the command would do by now, if that is something else
	Events  []Envelope // likewise
}

func (e *StaleError) Error() string { return e.Refusal.Message }

// Unwrap returns the refusal.
func (e *StaleError) Unwrap() error { return e.Refusal }

// PerformOn is Perform on terms. If the command was done before, and Terms.Once
// says so, the effect has only the answer that was kept; nothing was done then.
func PerformOn[R any](ctx context.Context, b *Bus, cmd domain.Command[R], terms Terms) (Effect[R], error) {
	return performOn[R](ctx, b, cmd, terms)
}

func performOn[R any](ctx context.Context, b *Bus, cmd domain.Message, terms Terms) (Effect[R], error) {
	var effect Effect[R]
	c, err := b.prepare(cmd, func(r any, events []Envelope) { effect = Effect[R]{Result: r.(R), Events: slices.Clone(events)} })
	if err != nil {
		b.work.tellRefused(ctx, cmd.CommandName(), err)
		return Effect[R]{}, err
	}
	if terms.Once != nil {
		c.once = terms.Once.AnswerID
	}
	run := c.fn
	c.fn = func(ctx context.Context, uow *UnitOfWork) error { return terms.apply(ctx, uow, c, cmd, run) }
	err = b.work.do(ctx, c)
	if before, ok := errors.AsType[*answered](err); ok {
		return Effect[R]{Kept: before.answer}, nil
	}
	if err != nil {
		return Effect[R]{}, err // effect may still be being written, if ctx ended first
	}
	return effect, nil
}

// answered is the outcome of a command that was answered before. It undoes the
// unit of work, in which nothing happened.
type answered struct{ answer []byte }

func (*answered) Error() string { return "it was answered before" }

func (t Terms) apply(ctx context.Context, uow *UnitOfWork, c *call, cmd domain.Message, run func(context.Context, *UnitOfWork) error) error {
	if t.Once == nil {
		return t.perform(ctx, uow, c, cmd, run)
	}
	known, before := uow.s.answered[t.Once.AnswerID]
	switch {
	case !before:
		err := t.perform(ctx, uow, c, cmd, run)
		if final(err) {
			uow.number() // so that the answer can tell the versions
			uow.s.keepAnswer(KeptAnswer{AnswerID: t.Once.AnswerID, Request: t.Once.Request, At: uow.s.now, Answer: t.Once.Answer(c.result, uow.events, err)})
		}
		return err
	case known.Request != t.Once.Request:
		return &domain.Error{Kind: domain.Invalid, Code: CodeKeyReused, Field: "Idempotency-Key",
			Message: fmt.Sprintf("key %q was sent with another request before", t.Once.Key), Hint: "give every request a key of its own"}
	}
	return &answered{known.Answer}
}

// final reports whether an outcome is the same however often it is asked for:
// done, or refused because of how things stood.
func final(err error) bool {
	kind := domain.KindOf(err)
	return err == nil || kind == domain.NotFound || kind == domain.Conflict
}

// perform runs a command and looks whether it did what was agreed to.
func (t Terms) perform(ctx context.Context, uow *UnitOfWork, c *call, cmd domain.Message, run func(context.Context, *UnitOfWork) error) error {
	if err := run(ctx, uow); err != nil {
		return err
	}
	for _, p := range uow.Products.drafts {
		if t.Version != 0 && p.Version() != t.Version {
			return &StaleError{Command: cmd, Version: p.Version(), Refusal: &domain.Error{Kind: domain.Conflict, Code: CodeVersionChanged, Field: "product_version",
				Message: fmt.Sprintf("product %q has version %d by now, not %d", p.SKU(), p.Version(), t.Version), Hint: "look at it again"}}
		}
	}
	if t.Plan != "" && t.Plan != planOf(uow.events) {
		return &StaleError{Command: cmd, Result: c.result, Events: slices.Clone(uow.events), Refusal: planChanged()}
	}
	return nil
}

func planChanged() *domain.Error {
	return &domain.Error{Kind: domain.Conflict, Code: CodePlanChanged, Field: "plan",
		Message: "by now it would do something else than the preview said, so nothing was done", Hint: "preview it again, and send the plan of that"}
}

// Plan is a digest of what a command did, or would do, to batches and lines.
// Two effects that have the same plan move the same lines.
func (e Effect[R]) Plan() string { return planOf(e.Events) }

func planOf(events []Envelope) string {
	h := sha256.New()
	var text []byte
	for _, e := range events {
		text = appendFact(text[:0], e)
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// appendFact appends what an event says, but for the numbers that a preview
// can't know.
func appendFact(text []byte, e Envelope) []byte {
	line, batch := domain.Line{}.After(e.Event), domain.Batch{}.After(e.Event)
	for _, s := range []string{e.Event.EventName(), e.SKU, domain.LineOf(e.Event), domain.BatchOf(e.Event), string(line.Status), line.BatchRef} {
		text = strconv.AppendQuote(text, s)
	}
	for _, n := range []int{
		line.Qty, int(line.Promise), int(line.HeldUntil), line.Priority.Number(), int(line.RequiredBy), line.Shipped, line.Returned,
		batch.Purchased, batch.Allocated, batch.Shipped, int(batch.ETA), before(e.Event),
	} {
		text = append(strconv.AppendInt(text, int64(n), 10), ' ')
	}
	return text
}

// before is what a quantity or a day was that an event changed.
func before(e domain.Event) int {
	switch e := e.(type) {
	case domain.BatchQuantityChanged:
		return e.Previous
	case domain.BatchETAChanged:
		return int(e.Previous)
	case domain.BatchReceived:
		return int(e.Previous)
	case domain.PromiseChanged:
		return int(e.Previous)
	case domain.LineAmended:
		return e.Previous
	}
	return 0
}
