package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"allot/internal/domain"
)

// source makes commands of rows. It is read once.
type source struct {
	rows    *rows
	columns columns
	origin  domain.Origin
	err     error // why it ended before the file did
}

// entry is what rows come to: a command, or a refusal.
type entry struct {
	command domain.Message // nil if refused
	refusal refusal
	rows    []row // more than one if they were added up
}

// commands yields the commands, and tells the ledger beforehand to expect an
// answer to each.
func (s *source) commands(ctx context.Context, l *ledger) iter.Seq[domain.Message] {
	entries := s.each(ctx)
	if l.summary.As == Orders {
		entries = s.addedUp(ctx)
	}
	return func(yield func(domain.Message) bool) {
		for e := range entries {
			if s.err = l.expect(e); s.err != nil {
				return
			}
			if e.command != nil && !yield(e.command) {
				return
			}
		}
	}
}

// each yields an entry for each row.
func (s *source) each(ctx context.Context) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for e := range s.read(ctx) {
			if !yield(e) {
				return
			}
		}
	}
}

// read yields what each row comes to by itself, until the file ends or s.err
// says why not.
func (s *source) read(ctx context.Context) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for {
			if s.err = context.Cause(ctx); s.err != nil {
				return
			}
			row, err := s.rows.next()
			if err == io.EOF {
				return
			}
			fault, isFault := errors.AsType[*malformed](err)
			if err != nil && !isFault {
				s.err = fmt.Errorf("read line %d: %w", s.rows.line, err)
				return
			}
			if !yield(s.entry(row, fault)) {
				return
			}
		}
	}
}
