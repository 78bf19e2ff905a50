// Package importer turns CSV files of batches, orders and products into
// commands, and writes allocations and batches as CSV.
//
// It streams: a file of any size passes through a few megabytes of memory, and
// commands are handed on in the order of the file. It never guesses: a value is
// what the file has between two separators, so that 00123, 1E5 and "BANK
// CHARGES" stay what they are. A row that can't be used is refused by itself,
// with the reason, and the rest goes on.
//
// Running an import again is safe: commands that repeat what was done before
// change nothing.
//
// The package doesn't know where commands go, nor where its files are.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

// Kind says what the rows of a file are.
type Kind string

// The kinds of files there are.
const (
	Batches  Kind = "batches"  // reference, sku, qty, eta
	Orders   Kind = "orders"   // orderid, sku, qty
	Products Kind = "products" // sku, description
)

// Sink has commands done in order and yields their outcomes in the same order,
// with results of the types that the commands name. It may read ahead, on a
// goroutine of its own; once its outcomes have ended or nobody wants more of
// them, it must not read any further. service.SendEach and service.PreviewEach
// are sinks, once they have a bus.
type Sink func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]]

// Options are what may be said about an import. The zero Options are valid.
type Options struct {
	// Origin is the origin of every command. Its Correlation should name the
	// import.
	Origin domain.Origin

	// Rejected opens the file for refused rows when the first one is met. It
	// has the columns of the file that was read and those of a Refusal, and can
	// be imported again. nil: they are only counted.
	Rejected func() (io.WriteCloser, error)

	// Refused is told of each refused row, never of two at once. nil: nobody
	// wants to know more than the first ones, which are in the summary.
	Refused func(Refusal)

	// Placed is told when the order of a row was placed, if the row says so,
	// before its line goes to the sink. nil: nobody wants to know.
	Placed func(orderID string, day domain.Date)

	// Progress is told now and then how far the import has come, never twice
	// at once. It must return soon. nil: nobody wants to know.
	Progress func(Progress)
}

// Progress is how far an import has come.
type Progress struct {
	Rows  int   // that were dealt with
	Bytes int64 // that were read, of the file as it is stored: compressed ones, if it is compressed
}

// Import reads a CSV file, compressed with gzip or not, hands its rows to a
// sink as commands and sums up what became of them.
//
// The first line names the columns, in any order; unknown ones are left out and
// named in the summary. Values are separated by commas, semicolons or tabs,
// whichever the first line has most of.
//
// A file that can't be used at all is a *domain.Error and nothing of it is
// done. Any other error means that the import has stopped on its way: the
// summary has what was done until then, and the import can be run again.
func Import(ctx context.Context, in io.Reader, as Kind, to Sink, o Options) (Summary, error) {
	began := time.Now()
	meter := &meter{in: in}
	rows, columns, err := open(meter, as)
	if err != nil {
		return Summary{As: as}, err
	}
	l := newLedger(columns, o, meter)
	l.summary.As, l.summary.UnknownColumns = as, columns.unknown
	err = run(ctx, &source{rows: rows, as: as, columns: columns, origin: o.Origin, placed: o.Placed}, to, l)
	summary, closing := l.close()
	summary.Seconds = time.Since(began).Round(time.Millisecond).Seconds()
	if err = errors.Join(err, closing); err != nil {
		err = fmt.Errorf("stopped after %d rows; run it again: rows already applied are recognised: %w", summary.Rows, err)
	}
	return summary, err
}

// run takes the source's commands to the sink, and what became of them to the
// ledger.
func run(ctx context.Context, s *source, to Sink, l *ledger) error {
	for outcome := range to(ctx, s.commands(ctx, l)) {
		if err := l.answer(outcome); err != nil {
			return err
		}
	}
	// The sink no longer reads, so that the source is ours again.
	if s.err != nil {
		return s.err
	}
	return l.unanswered()
}
