package client_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"allot/client"
)

// document is what a server says of itself, as far as the client cares.
type document struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		RequestBody struct {
			Content map[string]struct{ Schema schema }
		} `json:"requestBody"`
	}
	Components struct{ Schemas map[string]schema }
}

type schema struct {
	Ref        string `json:"$ref"`
	Properties map[string]schema
	Items      *schema
}

func told(t *testing.T) (doc document) {
	t.Helper()
	server := serve()
	defer server.Close()
	w, err := http.Get(server.URL + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil || json.Unmarshal(text, &doc) != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	return doc
}

// bodies are the types that say the bodies of requests; nil: the operation has
// none, or is no matter of the client's.
var bodies = map[string]any{
	"create_batch": client.NewBatch{}, "change_batch": client.BatchChange{}, "receive_batch": client.Receipt{},
	"close_batch": client.Step{}, "reopen_batch": client.Step{}, "describe_product": client.ProductChange{}, "set_policy": client.Policy{},
	"allocate_line": client.NewLine{}, "allocate_order": client.NewOrder{}, "amend_line": client.Amendment{},
	"ship_line": client.Shipment{}, "return_line": client.Return{}, "confirm_hold": client.Step{}, "release_hold": client.Step{}, "replan_product": client.Step{},
	"cancel_line": nil, "bulk": nil, "try_changes": nil, "make_changes": nil, "retry_deliveries": nil, "replay_events": nil, "discard_parked_message": nil,
	"add_webhook": nil, "remove_webhook": nil, "issue_token": nil, "revoke_token": nil, // which people do, on the command line
}

func TestNoMemberOfARequestIsUnknown(t *testing.T) {
	doc := told(t)
	seen := map[string]bool{}
	for path, item := range doc.Paths {
		for method, op := range item {
			if method == "get" {
				continue
			}
			as, known := bodies[op.OperationID]
			if !known {
				t.Errorf("the client can't %s (%s %s)", op.OperationID, method, path)
			}
			seen[op.OperationID] = true
			if as == nil {
				continue
			}
			name := strings.TrimPrefix(op.RequestBody.Content["application/json"].Schema.Ref, "#/components/schemas/")
			compare(t, op.OperationID, doc.Components.Schemas[name], reflect.TypeOf(as))
		}
	}
	for id := range bodies {
		if !seen[id] {
			t.Errorf("there is no operation %s any more", id)
		}
	}
}

// compare looks whether a type has the members of a schema, and no others.
func compare(t *testing.T, where string, s schema, as reflect.Type) {
	t.Helper()
	fields := map[string]reflect.Type{}
	for f := range fieldsOf(as) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "-" {
			fields[name] = f.Type
		}
	}
	want, got := slices.Sorted(maps.Keys(s.Properties)), slices.Sorted(maps.Keys(fields))
	if !slices.Equal(want, got) {
		t.Errorf("%s has the members %v, and the client knows %v", where, want, got)
	}
	for name, p := range s.Properties {
		if p.Items != nil && len(p.Items.Properties) > 0 && fields[name] != nil {
			compare(t, where+" "+name, *p.Items, fields[name].Elem())
		}
	}
}

// fieldsOf yields the fields of a struct, those of the structs in it that JSON
// doesn't name included.
func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if f.Anonymous && f.Tag.Get("json") == "" || len(f.Index) > 1 && t.Field(f.Index[0]).Tag.Get("json") == "-" {
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}
