package importer

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"allot/internal/domain"
	"allot/internal/service"
)

// ledger keeps what rows have come to: which command waits for an answer, and
// what became of those that have one. Whoever reads the file and whoever
// receives the outcomes use it at the same time.
type ledger struct {
	mu         sync.Mutex
	queue      []entry // in the order of the file; as long as the sink reads ahead
	refused    int     // those in the queue that only wait for the ones before them
	summary    Summary
	rejected   *rejected
	progress   func(Progress)
	refusedRow func(Refusal)
	told       int // rows
	meter      *meter
}

const (
	// mostRefused is how many refused rows wait for their turn. If there are
	// more, they get into the file for refused rows before rows that come
	// first, but may not be refused at all.
	mostRefused = 4096

	// rowsBetween is how many rows there are between two reports of progress.
	rowsBetween = 256
)

func newLedger(c columns, o Options, m *meter) *ledger {
	l := &ledger{rejected: &rejected{columns: c, open: o.Rejected}, progress: o.Progress, refusedRow: o.Refused, meter: m}
	if l.refusedRow == nil {
		l.refusedRow = func(Refusal) {}
	}
	if l.progress == nil {
		l.progress = func(Progress) {}
	}
	return l
}

// expect enters what comes next in the file.
func (l *ledger) expect(e entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, e)
	if e.command != nil {
		return nil
	}
	if l.refused++; l.refused > mostRefused {
		return l.hurry()
	}
	return l.settle()
}

// answer enters the outcome of the first command that has none.
func (l *ledger) answer(o service.Outcome[any]) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	refused, isRefused := errors.AsType[*domain.Error](o.Err)
	if isRefused {
		isRefused = refused.Kind != domain.Internal && refused.Kind != domain.Unavailable
	}
	switch {
	case o.Err != nil && !isRefused: // no fault of the row
		return o.Err
	case len(l.queue) == 0:
		return errors.New("an answer came to a command that wasn't sent")
	case isRefused:
		l.queue[0].command, l.queue[0].refusal = nil, refusalOf(refused)
		l.refused++
		return l.settle()
	}
	if err := l.summary.count(o.Result); err != nil {
		return err
	}
	l.pop()
	return l.settle()
}

// settle takes what is refused off the head of the queue.
func (l *ledger) settle() error {
	for len(l.queue) > 0 && l.queue[0].command == nil {
		l.refused--
		if err := l.reject(l.queue[0]); err != nil {
			return err
		}
		l.pop()
	}
	return nil
}

// hurry takes all that is refused out of the queue.
func (l *ledger) hurry() (err error) {
	l.queue = slices.DeleteFunc(l.queue, func(e entry) bool {
		if e.command != nil || err != nil {
			return false
		}
		l.done(e)
		err = l.reject(e)
		return true
	})
	l.refused = 0
	return err
}

func (l *ledger) reject(e entry) error {
	l.summary.Rejected++
	l.summary.RejectedRows += len(e.rows)
	for _, row := range e.rows {
		r := l.rejected.refusal(row, *e.refusal)
		if len(l.summary.Refusals) < MaxRefusals {
			l.summary.Refusals = append(l.summary.Refusals, r)
		}
		l.refusedRow(r)
		if err := l.rejected.write(row, r); err != nil {
			return fmt.Errorf("write refused rows: %w", err)
		}
	}
	return nil
}

func (l *ledger) pop() {
	l.done(l.queue[0])
	l.queue[0] = entry{} // so that it is not kept in memory
	l.queue = l.queue[1:]
}

func (l *ledger) done(e entry) {
	l.summary.Rows += len(e.rows)
	l.summary.Lines++
	l.summary.Merged += len(e.rows) - 1
	if l.summary.Rows-l.told >= rowsBetween {
		l.tell()
	}
}

func (l *ledger) tell() {
	l.told = l.summary.Rows
	l.progress(Progress{Rows: l.told, Bytes: l.meter.read.Load()})
}

// unanswered is an error if there are commands that got no answer.
func (l *ledger) unanswered() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		return fmt.Errorf("%d lines were sent and got no answer", len(l.queue))
	}
	return nil
}

// close ends the import.
func (l *ledger) close() (Summary, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell()
	return l.summary, l.rejected.close()
}
