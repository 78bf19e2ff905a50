package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// scenario is changes that somebody thinks of, and what they would do together.
// All of it is in the address of its page, unless it was saved.
type scenario struct {
	Changes  []thought
	Problem  *wire.Problem // why they can't be made
	Known    bool          // what follows is
	Moves    []move
	Sum      sum
	Plan     string
	Severe   bool // it takes a tick to make them
	Unticked bool
	Stale    bool // they would do something else than was shown

	Saved *kept // nil: it wasn't

	Offers []offer // what may be added
	Adding *proposal
}

// thought is a change that somebody thinks of.
type thought struct {
	Title, Says string
	Line        string // on the wire
	Without     string // the address of the page without it
	Refused     bool
}

// offer is a change that may be added.
type offer struct {
	Op, Title string
	Address   string
}

// offered are the operations that are of interest to who asks what if.
var offered = []string{"add_batch", "change_batch", "receive_batch", "close_batch", "allocate", "amend", "cancel"}

// whatIf shows what the changes in the address would do. A change that was
// filled in, or a text with one on each line, becomes part of the address first.
func (s *site) whatIf(r *http.Request) (page, error) {
	q := r.URL.Query()
	lines := q["change"]
	if q.Has("text") {
		return page{Go: whatIfOf(slices.DeleteFunc(strings.Split(q.Get("text"), "\n"), blank))}, nil
	}
	w := scenarioOf(lines)
	if op := q.Get("op"); op != "" {
		f, err := thoughtForm(op)
		if err != nil {
			return page{}, err
		}
		if f.given(q) {
			line, err := f.line(q)
			return page{Go: whatIfOf(append(lines, string(line)))}, err
		}
		w.Adding = &proposal{form: f, Values: q}
	}
	if len(lines) > 0 {
		s.imagine(r.Context(), &w)
	}
	out := w.page()
	out.Saved = saved(r)
	return out, nil
}

// makeChanges makes all changes of a scenario, if they still do what was shown.
func (s *site) makeChanges(r *http.Request) (page, error) {
	const most = 1 << 20 // bytes
	r.Body = http.MaxBytesReader(nil, r.Body, most)
	if err := r.ParseForm(); err != nil {
		return page{}, &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Message: "the form can't be read: " + err.Error(), Hint: "go back and send it again"}
	}
	w := scenarioOf(r.PostForm["change"])
	changes := s.imagine(r.Context(), &w)
	out := w.page()
	switch {
	case w.Problem != nil:
		return out, nil
	case r.PostForm.Has("save"):
		return s.save(r.Context(), changes)
	case r.PostForm.Get("plan") != w.Plan:
		w.Stale = true
		out = w.page()
		out.Status = http.StatusPreconditionFailed
		return out, nil
	case w.Severe && r.PostForm.Get("seen") == "":
		w.Unticked = true
		out = w.page()
		out.Status = http.StatusUnprocessableEntity
		return out, nil
	}
	done, err := service.PerformTogether(r.Context(), s.bus, changes, w.Plan)
	if err != nil {
		w.refused(err)
		return w.page(), nil
	}
	return page{Go: link("/what-if", "saved", strconv.Itoa(len(done.Moves)))}, nil
}

func (w scenario) page() page {
	out := page{Template: "what-if", Title: "What-if", Nav: "what-if", Body: w}
	if w.Problem != nil && w.Saved == nil {
		out.Status = w.Problem.Status
	}
	return out
}

// scenarioOf is a scenario whose changes nobody has tried yet.
func scenarioOf(lines []string) scenario {
	var w scenario
	for i, line := range lines {
		t := thought{Line: line, Without: whatIfOf(slices.Concat(lines[:i], lines[i+1:]))}
		t.Title, t.Says = said(line)
		w.Changes = append(w.Changes, t)
	}
	for _, f := range forms {
		if slices.Contains(offered, f.Op) {
			q := url.Values{"change": lines, "op": {f.Op}}
			w.Offers = append(w.Offers, offer{f.Op, f.Title, "/what-if?" + q.Encode() + "#add"})
		}
	}
	return w
}

// whatIfOf is the address of the page of changes.
func whatIfOf(lines []string) string {
	if len(lines) == 0 {
		return "/what-if"
	}
	return "/what-if?" + url.Values{"change": lines}.Encode()
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

// thoughtForm is the form of a change that is only thought of: what is left
// empty stays as it is by then.
func thoughtForm(op string) (form, error) {
	f, err := formOf(op)
	f.Fields = slices.Clone(f.Fields)
	ofBatch := op == "change_batch" || op == "receive_batch"
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Clears || ofBatch && field.Name == "qty" {
			field.Optional, field.Clears, field.Hint = true, false, asItIs(field.Hint)
		}
	}
	f.Some = f.Some || op == "change_batch"
	return f, err
}

// asItIs is the hint of a field that, if it is empty, changes nothing.
func asItIs(hint string) string {
	const says = "empty: as it is"
	if about, _, other := strings.Cut(hint, "empty: "); other || hint == "" {
		return about + says
	}
	return hint + "; " + says
}

// said is a change in words: what is done, and to what.
func said(line string) (title, says string) {
	var members map[string]any
	if err := json.Unmarshal([]byte(line), &members); err != nil {
		return "Change", line
	}
	f, err := formOf(fmt.Sprint(members["op"]))
	if err != nil {
		return "Change", line
	}
	var parts []string
	for _, field := range append(slices.Clone(f.Fields), field{Name: "reason", Label: "Reason"}) {
		if value, given := members[field.Name]; given {
			parts = append(parts, fmt.Sprint(field.Label, " ", value))
		}
	}
	return f.Title, strings.Join(parts, ", ")
}

// imagine finds out what the changes of a scenario would do, and returns them.
func (s *site) imagine(ctx context.Context, w *scenario) []domain.Message {
	changes, err := w.commands(access.CallerOf(ctx))
	if err != nil {
		w.refused(err)
		return nil
	}
	d, err := service.WhatIf(ctx, s.bus, changes)
	if err != nil {
		w.refused(err)
		return nil
	}
	w.Known, w.Plan = true, d.Plan()
	w.Moves = make([]move, len(d.Moves))
	for i, m := range d.Moves {
		w.Moves[i] = moveOf(m)
		w.Sum.Units += m.After.Qty
	}
	w.Sum.Later, w.Sum.Earlier, w.Sum.Lost, w.Sum.Filled = d.Count(service.Later), d.Count(service.Earlier), d.Count(service.WithoutStock), d.Count(service.Filled)
	w.Severe = w.Sum.Lost > 0 || len(w.Moves) > manyMoves
	return changes
}

// commands are the changes as somebody may make them; those that were saved may
// be looked at by whoever may look.
func (w *scenario) commands(c access.Caller) ([]domain.Message, error) {
	changes := make([]domain.Message, len(w.Changes))
	for i, t := range w.Changes {
		cmd, err := wire.DecodeCommand([]byte(t.Line), domain.Origin{Actor: c.Actor})
		if err == nil && w.Saved == nil && !c.May(access.ScopeOf(cmd)) {
			err = access.MayNot(c, access.ScopeOf(cmd))
		}
		if err != nil {
			return nil, &service.Refusal{Nth: i + 1, Err: err}
		}
		changes[i] = cmd
	}
	return changes, nil
}

// refused notes why changes can't be made, and which of them is to blame.
func (w *scenario) refused(err error) {
	problem := wire.ProblemOf(err)
	w.Problem = &problem
	if refusal, ok := errors.AsType[*service.Refusal](err); ok {
		w.Changes[refusal.Nth-1].Refused = true
		problem.Detail = fmt.Sprintf("Change %d: %s", refusal.Nth, problem.Detail)
	}
}

// moveOf is a move as pages show it.
func moveOf(m service.Move) move {
	out := move{
		OrderID: m.After.OrderID, SKU: m.After.SKU, Qty: m.After.Qty,
		From: m.Before.BatchRef, FromETA: m.Before.Promise.String(), To: m.After.BatchRef, ToETA: m.After.Promise.String(),
	}
	switch m.After.Status {
	case domain.StatusCancelled:
		out.Cancelled = true
	case domain.StatusShipped:
		out.Ended = "Shipped"
	case domain.StatusExpired:
		out.Ended = "Hold ended"
	}
	return out
}
