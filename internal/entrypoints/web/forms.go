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
	Clears      bool // it has what is so now, and emptied it takes that away
	List        bool // of texts, with commas between them
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
		{Name: "location", Label: "Location", Type: "text", Optional: true, Clears: true, Hint: "where it lies, or will arrive; empty: nowhere in particular"},
		{Name: "use_by", Label: "Use by", Type: "date", Optional: true, Clears: true, Hint: "the last day on which it is good; empty: it keeps"},
	}, page: atBatch},
	{Op: "receive_batch", Title: "A batch has arrived", Button: "Receive the batch", Fields: []field{
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
		{Name: "locations", Label: "Rather from", Type: "text", Optional: true, Hint: "locations, the best first, with commas between them", List: true},
		{Name: "only_locations", Label: "Only from", Type: "text", Optional: true, Hint: "locations, the best first, with commas between them", List: true},
		{Name: "min_life_days", Label: "Good for", Type: "number", Optional: true, Hint: "days after it arrives, at least"},
		{Name: "hold_until", Label: "Hold until", Type: "text", Optional: true, Hint: "a time such as 2026-12-01T12:00:00Z; empty: it is no hold but an order"},
	}, page: atOrder},
	{Op: "amend", Title: "Amend a line", Button: "Amend the line", Fields: slices.Concat(ofLine, []field{
		{Name: "qty", Label: "Quantity", Type: "number", Optional: true, Hint: "units; empty: as it is"},
		{Name: "priority", Label: "Priority", Type: "number", Optional: true, Hint: "0 to 9; empty: as it is"},
		{Name: "required_by", Label: "Needed by", Type: "date", Optional: true, Clears: true, Hint: "empty: as soon as possible"},
		{Name: "frozen", Label: "Frozen", Type: "select", Options: []string{"", "true", "false"}, Optional: true, Hint: "yes: re-planning leaves it where it is"},
		{Name: "may_move", Label: "May it lose its batch?", Type: "select", Options: []string{"false", "true"}, Hint: "yes: it may move to another batch, or be backordered; no: then it is left as it is"},
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
		{Name: "description", Label: "Description", Type: "text", Optional: true, Clears: true},
	}, page: atProduct},
	{Op: "replan", Title: "Re-plan a product", Button: "Re-plan the product", Fields: []field{
		{Name: "sku", Label: "SKU", Type: "text", Named: true},
	}, page: atProduct},
	{Op: "set_policy", Title: "Change the policy of a product", Button: "Change the policy", Fields: []field{
		{Name: "sku", Label: "SKU", Type: "text", Named: true},
		{Name: "policy", Label: "Policy", Type: "select", Options: policyNames(), Hint: "by which lines get their batch from now on"},
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
		if text == "" && !(field.Clears && v.Has(field.Name)) {
			continue
		}
		members[field.Name] = text
		if n, err := strconv.Atoi(text); err == nil && field.Type == "number" {
			members[field.Name] = n
		}
		if field.List {
			members[field.Name] = listOf(text)
		}
		if field.Name == "may_move" || field.Name == "frozen" {
			members[field.Name] = text == "true"
		}
	}
	for _, name := range []string{"reason", "note"} {
		if text := strings.TrimSpace(v.Get(name)); text != "" {
			members[name] = text
		}
	}
	return json.Marshal(members)
}

// listOf is a text with commas as a list.
func listOf(text string) (out []string) {
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func policyNames() (out []string) {
	for _, p := range domain.Policies() {
		out = append(out, p.Name)
	}
	return out
}
