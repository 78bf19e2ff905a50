package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"allot/internal/domain"
	"allot/internal/views"
)

// Says is what people read of an option.
func (field) Says(option string) string {
	switch option {
	case "":
		return "as it is"
	case "true":
		return "yes"
	case "false":
		return "no"
	}
	return option
}

// field returns a field of a form.
func (f form) field(name string) (field, bool) {
	i := slices.IndexFunc(f.Fields, func(field field) bool { return field.Name == name })
	if i < 0 {
		return field{}, false
	}
	return f.Fields[i], true
}

// Faulty is the field that a proposal fails for; nil if it is none of the form.
func (p proposal) Faulty() *field {
	if p.Problem == nil {
		return nil
	}
	found, ok := p.field(p.Problem.Field)
	if !ok {
		return nil
	}
	return &found
}

// Fault is what is wrong, as the rest of a sentence that begins with the label of
// the faulty field, if there is one.
func (p proposal) Fault() string {
	if p.Faulty() == nil {
		return p.Problem.Detail
	}
	if rest, is := strings.CutPrefix(p.Problem.Detail, p.Problem.Field+" "); is {
		return " " + rest
	}
	return ": " + p.Problem.Detail
}

// Press is what the button says: what it does, and to how many lines besides the
// one that the form is about.
func (p proposal) Press() string {
	others := 0
	for _, m := range p.Moves {
		if m.OrderID != p.Value("order_id") || !strings.EqualFold(m.SKU, p.Value("sku")) {
			others++
		}
	}
	switch {
	case others == 0:
		return p.Button
	case p.Values.Has("order_id"):
		return p.Button + " and " + counted(others, "other", "others")
	}
	return p.Button + " and " + counted(others, "line", "lines")
}

// cautions are what may be a slip, though it can be done.
func (s *site) cautions(ctx context.Context, p proposal) (out []string) {
	today := domain.NewDate(s.Now().In(s.Zone).Date())
	if _, asks := p.field("eta"); asks && (calendar{Today: today}).Overdue(p.Value("eta")) {
		out = append(out, "The ETA is in the past: the batch counts as overdue, and its lines as at risk.")
	}
	if p.Op != "add_batch" {
		return out
	}
	if _, err := s.views.Product(ctx, p.Value("sku")); errors.Is(err, views.ErrNotFound) {
		out = append(out, fmt.Sprintf("There is no product %s yet: this would be its first batch.", p.Value("sku")))
	}
	return out
}
