package service

import (
	"context"
	"iter"
	"time"
)

// Observer is told what happens, by whoever does it: its functions must be
// quick, block nobody, and may be called by many at once. Those that are nil
// are not called.
type Observer struct {
	Command     func(ctx context.Context, c CommandDone)
	Transaction func(ctx context.Context, t TransactionDone)
}

// CommandDone is a command whose sender is about to be answered.
type CommandDone struct {
	Name   string
	Queued time.Time // when it was handed over; zero if it was refused before
	Result any       // what its handler returned; nil if it failed
	Err    error
}

// TransactionDone is a transaction that has ended.
type TransactionDone struct {
	Began    time.Time
	Commands int
	Events   int                       // that were written; 0 if it failed
	Senders  iter.Seq[context.Context] // of its commands
	Err      error
}

// Observe has o told what happens. It must be called before anything is done.
func (t *Transactor) Observe(o Observer) { t.observer = o }

// observedNow is the time, if somebody wants to know.
func (t *Transactor) observedNow() (now time.Time) {
	if t.observer.Command != nil || t.observer.Transaction != nil {
		now = time.Now()
	}
	return now
}

func (t *Transactor) tellDone(c *call) {
	if t.observer.Command == nil {
		return
	}
	done := CommandDone{Name: c.command.CommandName(), Queued: c.queued, Err: c.err}
	if c.err == nil {
		done.Result = c.result
	}
	t.observer.Command(c.ctx, done)
}

// tellRefused tells of a command that was never handed over.
func (t *Transactor) tellRefused(ctx context.Context, name string, err error) {
	if t.observer.Command != nil {
		t.observer.Command(ctx, CommandDone{Name: name, Err: err})
	}
}

func (t *Transactor) tellTransaction(ctx context.Context, began time.Time, calls []*call, s *session, err error) {
	if t.observer.Transaction == nil {
		return
	}
	done := TransactionDone{Began: began, Commands: len(calls), Err: err}
	if err == nil {
		done.Events = len(s.events)
	}
	done.Senders = func(yield func(context.Context) bool) {
		for _, c := range calls {
			if !yield(c.ctx) {
				return
			}
		}
	}
	t.observer.Transaction(ctx, done)
}

// queued is the number of calls that wait for a transaction.
func (t *Transactor) queued() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.lanes {
		n += len(l.queued)
	}
	return n
}
