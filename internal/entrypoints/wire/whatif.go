package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"allot/internal/domain"
	"allot/internal/service"
)

// WhatIf is what several changes do together, or would do.
type WhatIf struct {
	DryRun       bool       `json:"dry_run,omitempty"` // nothing was done
	Plan         string     `json:"plan"`              // stands for just that
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
		DryRun: dryRun, Plan: d.Plan(), Moves: make([]MoveOver, len(d.Moves)),
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

// Changes is a request to try changes, or to make them.
type Changes struct {
	Commands []domain.Message
	Plan     string // what they have to do; "": whatever they do
	origin   domain.Origin
}

var (
	triedChanges = object[Changes]{fields: []field[Changes]{required(field[Changes]{name: "changes", kind: Objects, read: readChanges})}}
	madeChanges  = object[Changes]{fields: append(slices.Clone(triedChanges.fields), required(text("plan", func(c *Changes) *string { return &c.Plan })))}
)

// TryMembers and MakeMembers list what a request to try changes, or to make
// them, has.
func TryMembers() []Member  { return triedChanges.list() }
func MakeMembers() []Member { return madeChanges.list() }

// DecodeTry reads changes to try: {"changes": [...]}.
func DecodeTry(body []byte, origin domain.Origin) (Changes, error) {
	return decodeChanges(&triedChanges, body, origin)
}

// DecodeMake reads changes to make: {"changes": [...], "plan": ...}.
func DecodeMake(body []byte, origin domain.Origin) (Changes, error) {
	return decodeChanges(&madeChanges, body, origin)
}

func decodeChanges(o *object[Changes], body []byte, origin domain.Origin) (Changes, error) {
	c := Changes{origin: origin}
	var room [8]pair
	members, err := parse(body, room[:0])
	if err != nil {
		return c, err
	}
	err = o.read(members, &c)
	return c, err
}

func readChanges(to *Changes, value []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(value, &items); err != nil {
		return invalid("changes", "send a list of commands, each as a line of /v1/bulk", "is %s", shorten(value))
	}
	for i, item := range items {
		cmd, err := DecodeCommand(item, to.origin)
		if err != nil {
			return InChange(&service.Refusal{Nth: i + 1, Err: err})
		}
		to.Commands = append(to.Commands, cmd)
	}
	return nil
}

// InChange has an error that refuses a change say in its field which that is:
// "changes/0/ref" is in the first.
func InChange(err error) error {
	refusal, ok := errors.AsType[*service.Refusal](err)
	if !ok {
		return err
	}
	if e, ok := errors.AsType[*domain.Error](refusal.Err); ok {
		return inItem(fmt.Sprintf("changes/%d", refusal.Nth-1), e)
	}
	return refusal
}

// EncodeChanges is the inverse of DecodeTry, and of DecodeMake if there is a
// plan.
func EncodeChanges(commands []domain.Message, plan string) ([]byte, error) {
	sent := struct {
		Changes []json.RawMessage `json:"changes"`
		Plan    string            `json:"plan,omitempty"`
	}{Plan: plan}
	for _, cmd := range commands {
		line, err := EncodeCommand(cmd)
		if err != nil {
			return nil, err
		}
		sent.Changes = append(sent.Changes, line)
	}
	return json.Marshal(sent)
}

// SavedWhatIf is a what-if that was saved, and what it would do now.
type SavedWhatIf struct {
	ID        string            `json:"id"`
	Page      string            `json:"page"` // the path of its page
	At        time.Time         `json:"at"`
	KeptUntil time.Time         `json:"kept_until"`
	Actor     string            `json:"actor,omitempty"`
	Changes   []json.RawMessage `json:"changes"`
	SavedPlan string            `json:"saved_plan"`        // what they would have done when they were saved
	Same      bool              `json:"same"`              // they would still do that
	WhatIf    *WhatIf           `json:"what_if,omitempty"` // none if they would be refused
	Problem   *Problem          `json:"problem,omitempty"` // why they would be
}

// SavedWhatIfOf is a what-if that was saved on the wire, with what came of
// trying it. An error that refuses one of its changes is part of it; others are
// returned.
func SavedWhatIfOf(s service.SavedWhatIf, d service.Difference, err error) (SavedWhatIf, error) {
	out := SavedWhatIf{ID: s.ID, Page: "/what-if/" + s.ID, At: s.At, KeptUntil: s.Until(), Actor: s.Actor, SavedPlan: s.Plan}
	for line := range strings.Lines(s.Changes) {
		out.Changes = append(out.Changes, json.RawMessage(strings.TrimSpace(line)))
	}
	if _, refused := errors.AsType[*service.Refusal](err); refused {
		problem := ProblemOf(InChange(err))
		out.Problem = &problem
		return out, nil
	}
	foreseen := WhatIfOf(d, true)
	out.Same, out.WhatIf = foreseen.Plan == s.Plan, &foreseen
	return out, err
}

// WriteChanges is the inverse of DecodeChanges.
func WriteChanges(commands []domain.Message) (string, error) {
	var text strings.Builder
	for _, cmd := range commands {
		line, err := EncodeCommand(cmd)
		if err != nil {
			return "", err
		}
		text.Write(line)
		text.WriteByte('\n')
	}
	return text.String(), nil
}
