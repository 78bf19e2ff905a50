package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

// form is how people give a command. What it sends is what the bulk route
// takes: one command, checked by the same code.
type form struct {
	Op     string // as on the wire
	Title  string
	Button string
	Fields []field
	Some   bool                    // one of the optional fields has to be filled in
	page   func(url.Values) string // where it belongs, and where it goes to when it is done
}

// field is a member of a command.
type field struct {
	Name, Label string
	Type        string // of the input: text, number, date, select
	Options     []string
	Optional    bool
	Named       bool // it says what the command is about, and is given by the link to the form
	Hint        string
}

// forms has a form for each command that people give one by one.
var forms = []form{
	{Op: "add_batch", Title: "Add a batch", Button: "Add the batch", Fields: []field{
		{Name: "ref", Label: "Reference", Type: "text"},
		{Name: "sku", Label: "SKU", Type: "text"},
		{Name: "qty", Label: "Quantity", Type: "number", Hint: "units"},
		{Name: "eta", Label: "ETA", Type: "date", Optional: true, Hint: "none: it is in the warehouse"},
		{Name: "location", Label: "Location", Type: "text", Optional: true, Hint: "where it lies, or will arrive"},
		{Name: "use_by", Label: "Use by", Type: "date", Optional: true, Hint: "the last day on which it is good; none: it keeps"},
	}, page: atBatch},
	{Op: "change_batch", Title: "Change a batch", Button: "Change the batch", Fields: []field{
		ofBatch,
		{Name: "qty", Label: "Quantity", Type: "number", Hint: "units bought, all in all"},
		{Name: "eta", Label: "ETA", Type: "date", Optional: true, Hint: "empty: as it is"},
		{Name: "location", Label: "Location", Type: "text", Optional: true, Hint: "empty: as it is"},
		{Name: "use_by", Label: "Use by", Type: "date", Optional: true, Hint: "empty: as it is"},
	}, page: atBatch},
	{Op: "receive_batch", Title: "A batch has arrived", Button: "It has arrived", Fields: []field{
		ofBatch, {Name: "qty", Label: "Quantity", Type: "number", Hint: "units that really came"},
	}, page: atBatch},
	{Op: "close_batch", Title: "Close a batch", Button: "Close the batch", Fields: []field{ofBatch}, page: atBatch},
	{Op: "reopen_batch", Title: "Reopen a batch", Button: "Reopen the batch", Fields: []field{ofBatch}, page: atBatch},
	{Op: "allocate", Title: "Allocate a line", Button: "Allocate the line", Fields: []field{
		{Name: "order_id", Label: "Order", Type: "text"},
		{Name: "sku", Label: "SKU", Type: "text"},
		{Name: "qty", Label: "Quantity", Type: "number", Hint: "units"},
		{Name: "on_shortage", Label: "Without stock", Type: "select", Options: []string{"backorder", "reject"}},
		{Name: "required_by", Label: "Needed by", Type: "date", Optional: true},
		{Name: "priority", Label: "Priority", Type: "number", Optional: true, Hint: "0 to 9; 5 if none is given; higher ones are served first"},
		{Name: "locations", Label: "Locations", Type: "text", Optional: true, Hint: "those it would rather have, with commas between them, the best first"},
		{Name: "only_locations", Label: "Only locations", Type: "text", Optional: true, Hint: "the only ones it takes, likewise"},
		{Name: "min_life_days", Label: "Days to keep", Type: "number", Optional: true, Hint: "that the stock must be good after the promise, at least"},
		{Name: "hold_until", Label: "Hold until", Type: "text", Optional: true, Hint: "a time such as 2026-12-01T12:00:00Z; empty: it is an order"},
	}, page: atOrder},
	{Op: "amend", Title: "Amend a line", Button: "Amend the line", Fields: slices.Concat(ofLine, []field{
		{Name: "qty", Label: "Quantity", Type: "number", Optional: true, Hint: "units; empty: as it is"},
		{Name: "priority", Label: "Priority", Type: "number", Optional: true, Hint: "0 to 9; empty: as it is"},
		{Name: "required_by", Label: "Needed by", Type: "date", Optional: true, Hint: "empty: as it is"},
		{Name: "frozen", Label: "Frozen", Type: "select", Options: []string{"", "true", "false"}, Optional: true, Hint: "true: re-planning leaves it where it is; empty: as it is"},
		{Name: "may_move", Label: "If it loses its place", Type: "select", Options: []string{"false", "true"}, Hint: "true: it may move to another batch, or be backordered"},
	}), Some: true, page: atOrder},
	{Op: "ship", Title: "Ship a line", Button: "Ship the line", Fields: slices.Concat(ofLine, []field{
		{Name: "shipped", Label: "Shipped", Type: "number", Optional: true, Hint: "units, in all; empty: the whole line"},
	}), page: atOrder},
	{Op: "return", Title: "Take goods back", Button: "Take them back", Fields: slices.Concat(ofLine, []field{
		{Name: "returned", Label: "Returned", Type: "number", Hint: "units, in all"},
		{Name: "batch_ref", Label: "Into batch", Type: "text", Optional: true, Hint: "empty: the batch that they came from"},
	}), page: atOrder},
	{Op: "confirm_hold", Title: "Confirm a hold", Button: "Confirm the hold", Fields: ofLine, page: atOrder},
	{Op: "release_hold", Title: "Release a hold", Button: "Release the hold", Fields: ofLine, page: atOrder},
	{Op: "cancel", Title: "Cancel a line", Button: "Cancel the line", Fields: ofLine, page: atOrder},
	{Op: "describe_product", Title: "Describe a product", Button: "Save the description", Fields: []field{
		{Name: "sku", Label: "SKU", Type: "text", Named: true},
		{Name: "description", Label: "Description", Type: "text", Optional: true},
	}, page: atProduct},
	{Op: "replan", Title: "Re-plan a product", Button: "Re-plan the product", Fields: []field{
		{Name: "sku", Label: "SKU", Type: "text", Named: true},
	}, page: atProduct},
	{Op: "set_policy", Title: "How lines are placed", Button: "Set the policy", Fields: []field{
		{Name: "sku", Label: "SKU", Type: "text", Named: true},
		{Name: "policy", Label: "Policy", Type: "select", Options: policyNames()},
		{Name: "safety_stock", Label: "Safety stock", Type: "number", Optional: true, Hint: "units in the warehouse that new lines don't get; empty: as it is"},
	}, page: atProduct},
}

// What a command is about.
var (
	ofBatch = field{Name: "ref", Label: "Batch", Type: "text", Named: true}
	ofLine  = []field{{Name: "order_id", Label: "Order", Type: "text", Named: true}, {Name: "sku", Label: "SKU", Type: "text", Named: true}}
)

func atBatch(v url.Values) string   { return "/batches/" + escape(v.Get("ref")) }
func atOrder(v url.Values) string   { return "/orders/" + escape(v.Get("order_id")) }
func atProduct(v url.Values) string { return "/products/" + escape(v.Get("sku")) }

// formOf returns the form of an operation.
func formOf(op string) (form, error) {
	for _, f := range forms {
		if f.Op == op {
			return f, nil
		}
	}
	return form{}, fmt.Errorf("there is no form for %q: %w", op, views.ErrNotFound)
}

// given reports whether everything that has to be filled in is.
func (f form) given(v url.Values) bool {
	some := !f.Some
	for _, field := range f.Fields {
		filled := strings.TrimSpace(v.Get(field.Name)) != ""
		if !filled && !field.Optional && field.Type != "select" {
			return false
		}
		some = some || filled && field.Optional
	}
	return some
}

// command is what somebody filled in.
func (f form) command(v url.Values, origin domain.Origin) (domain.Message, error) {
	line, err := f.line(v)
	if err != nil {
		return nil, err
	}
	return wire.DecodeCommand(line, origin)
}

// line is what somebody filled in, on the wire.
func (f form) line(v url.Values) ([]byte, error) {
	members := map[string]any{"op": f.Op}
	for _, field := range f.Fields {
		text := strings.TrimSpace(v.Get(field.Name))
		if text == "" {
			continue
		}
		members[field.Name] = text
		if n, err := strconv.Atoi(text); err == nil && field.Type == "number" {
			members[field.Name] = n
		}
		switch field.Name {
		case "may_move", "frozen":
			members[field.Name] = text == "true"
		case "locations", "only_locations":
			members[field.Name] = namesIn(text)
		}
	}
	for _, name := range []string{"reason", "note"} {
		if text := strings.TrimSpace(v.Get(name)); text != "" {
			members[name] = text
		}
	}
	return json.Marshal(members)
}

// namesIn are the names in a text, which have commas between them.
func namesIn(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		names = append(names, strings.TrimSpace(name))
	}
	return names
}

func policyNames() (names []string) {
	for _, p := range domain.Policies() {
		names = append(names, p.Name)
	}
	return names
}
