package web

import (
	"encoding/json"
	"fmt"
	"net/url"
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

// forms has a form for each command.
var forms = []form{
	{Op: "add_batch", Title: "Add a batch", Button: "Add the batch", Fields: []field{
		{Name: "ref", Label: "Reference", Type: "text"},
		{Name: "sku", Label: "SKU", Type: "text"},
		{Name: "qty", Label: "Quantity", Type: "number", Hint: "units"},
		{Name: "eta", Label: "ETA", Type: "date", Optional: true, Hint: "none: it is in the warehouse"},
	}, page: atBatch},
	{Op: "change_batch", Title: "Change a batch", Button: "Change the batch", Fields: []field{
		{Name: "ref", Label: "Batch", Type: "text", Named: true},
		{Name: "qty", Label: "Quantity", Type: "number", Hint: "units bought, all in all"},
	}, page: atBatch},
	{Op: "allocate", Title: "Allocate a line", Button: "Allocate the line", Fields: []field{
		{Name: "order_id", Label: "Order", Type: "text"},
		{Name: "sku", Label: "SKU", Type: "text"},
		{Name: "qty", Label: "Quantity", Type: "number", Hint: "units"},
		{Name: "on_shortage", Label: "Without stock", Type: "select", Options: []string{"backorder", "reject"}},
	}, page: atOrder},
	{Op: "cancel", Title: "Cancel a line", Button: "Cancel the line", Fields: []field{
		{Name: "order_id", Label: "Order", Type: "text", Named: true},
		{Name: "sku", Label: "SKU", Type: "text", Named: true},
	}, page: atOrder},
	{Op: "describe_product", Title: "Describe a product", Button: "Save the description", Fields: []field{
		{Name: "sku", Label: "SKU", Type: "text", Named: true},
		{Name: "description", Label: "Description", Type: "text", Optional: true},
	}, page: atProduct},
}

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
	for _, field := range f.Fields {
		if !field.Optional && field.Type != "select" && strings.TrimSpace(v.Get(field.Name)) == "" {
			return false
		}
	}
	return true
}

// command is what somebody filled in.
func (f form) command(v url.Values, origin domain.Origin) (domain.Message, error) {
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
	}
	for _, name := range []string{"reason", "note"} {
		if text := strings.TrimSpace(v.Get(name)); text != "" {
			members[name] = text
		}
	}
	line, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	return wire.DecodeCommand(line, origin)
}
