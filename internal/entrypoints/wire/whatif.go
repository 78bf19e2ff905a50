package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"allot/internal/domain"
	"allot/internal/service"
)

// WhatIf is what several changes do together, or would do.
type WhatIf struct {
	DryRun       bool       `json:"dry_run,omitempty"` // nothing was done
	Plan         string     `json:"plan"`              // stands for just that
	Changes      int        `json:"changes"`           // how many
	Later        int        `json:"later"`             // lines, as are the next
	Earlier      int        `json:"earlier"`
	WithoutStock int        `json:"without_stock"`
	Filled       int        `json:"filled"`
	Moves        []MoveOver `json:"moves"`
}

// MoveOver is what becomes of a line over all of the changes.
type MoveOver struct {
	Move
	Effect service.Meaning `json:"effect"`
}

// WhatIfOf is a difference on the wire.
func WhatIfOf(d service.Difference, dryRun bool) WhatIf {
	w := WhatIf{
		DryRun: dryRun, Plan: d.Plan(), Changes: len(d.Result), Moves: make([]MoveOver, len(d.Moves)),
		Later: d.Count(service.Later), Earlier: d.Count(service.Earlier), WithoutStock: d.Count(service.WithoutStock), Filled: d.Count(service.Filled),
	}
	for i, m := range d.Moves {
		w.Moves[i] = MoveOver{Move{
			OrderID: m.After.OrderID, SKU: m.After.SKU, Qty: m.After.Qty,
			From: m.Before.BatchRef, FromETA: m.Before.Promise, To: m.After.BatchRef, ToETA: m.After.Promise,
		}, m.Meaning()}
	}
	return w
}

// maxChange is how long one change may be, in bytes.
const maxChange = 64 << 10

// DecodeChanges reads commands, one a line, as DecodeCommand does. Blank lines
// are passed over. The error of a line is a *service.Refusal, which counts
// commands.
func DecodeChanges(from io.Reader, origin domain.Origin) (changes []domain.Message, _ error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(make([]byte, 0, 4<<10), maxChange)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		cmd, err := DecodeCommand(line, origin)
		if err != nil {
			return nil, &service.Refusal{Nth: len(changes) + 1, Err: err}
		}
		changes = append(changes, cmd)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, &service.Refusal{Nth: len(changes) + 1, Err: malformed("write one change a line", "it has more than %d bytes", maxChange)}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	return changes, nil
}
