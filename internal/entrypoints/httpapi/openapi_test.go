package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"allot/internal/entrypoints/httpapi"
	"allot/internal/service"
	"allot/internal/views"
)

var update = flag.Bool("update", false, "write examples.json, testdata/openapi.json and docs/reference/http.md anew")

// told is an example as examples.json has it.
type told struct {
	Operation string          `json:"operation"`
	Name      string          `json:"name"`
	Method    string          `json:"method"`
	Path      string          `json:"path"`
	Body      json.RawMessage `json:"body,omitempty"`
	Status    int             `json:"status"`
	Answer    json.RawMessage `json:"answer"`
}

func readExamples(t *testing.T) (out []told) {
	t.Helper()
	text, err := os.ReadFile("examples.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// content is a body as it is sent, and what it is said to be.
func (e told) content() (body, contentType string) {
	switch {
	case e.Body == nil:
		return "", ""
	case json.Unmarshal(e.Body, &body) == nil:
		return body, ndjson
	}
	return string(e.Body), plain
}

func (s *shop) make(e told) answer {
	s.t.Helper()
	body, contentType := e.content()
	return s.ask(e.Method, e.Path, body, "Content-Type", contentType, "X-Request-Id", "r-1")
}

// atNoon is a server where it is always the same time.
func atNoon(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	s.bus = service.NewBus(service.NewTransactor(s.store, 4096, func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }, nil))
	service.Register(s.bus)
	s.whatIfs = service.NewWhatIfs(s.store, func() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }, func() string { return "k3v7q2xmb5tdw4ha" })
	refused := views.ParkedMessage{ID: "allot:commands/1796113560000-0", Body: `{"op":"change_batch","ref":"batch-99","qty":5}`, Attempts: 5, Error: `no batch has reference "batch-99"`,
		At: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	if err := s.store.Park(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	s.host(s.store)
	return s
}

func TestExamplesAreTrue(t *testing.T) {
	s := atNoon(t)
	examples := readExamples(t)
	for i, e := range examples {
		got := s.make(e)
		want := &examples[i]
		if *update {
			want.Status, want.Answer = got.Status, asJSON(t, got)
			continue
		}
		if got.Status != want.Status || cmp.Diff(compact(t, want.Answer), compact(t, asJSON(t, got))) != "" {
			t.Errorf("%s %s (%s): got status %d, want %d\n%s", e.Method, e.Path, e.Name, got.Status, want.Status,
				cmp.Diff(compact(t, want.Answer), compact(t, asJSON(t, got))))
		}
	}
	if *update {
		var text bytes.Buffer
		to := json.NewEncoder(&text)
		to.SetEscapeHTML(false)
		to.SetIndent("", "  ")
		if err := to.Encode(examples); err != nil {
			t.Fatal(err)
		}
		rewrite(t, "examples.json", text.String())
	}
}

// asJSON is what was answered, NDJSON as a text.
func asJSON(t *testing.T, a answer) json.RawMessage {
	t.Helper()
	if a.ContentType != ndjson {
		return json.RawMessage(a.Body)
	}
	var text bytes.Buffer
	to := json.NewEncoder(&text)
	to.SetEscapeHTML(false)
	if err := to.Encode(a.Body); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

func compact(t *testing.T, text json.RawMessage) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return out.String()
}

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// golden compares a text with a file, or writes it with -update.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		rewrite(t, file, text)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s is not what the program says; write it anew with go test ./internal/entrypoints/httpapi -update, twice if examples.json changes\n%s", file, diff)
	}
}

func TestOpenAPIIsWhatItWas(t *testing.T) {
	s := open(t)
	got := s.get("/openapi.json")
	if got.Status != 200 || got.ContentType != plain {
		t.Fatalf("status %d, %s: %s", got.Status, got.ContentType, got.Body)
	}
	golden(t, "testdata/openapi.json", got.Body)
	for _, remote := range regexp.MustCompile(`https?://[^"]*`).FindAllString(got.Body, -1) {
		t.Errorf("it refers to %s", remote)
	}
}

func TestTheReferenceIsTrue(t *testing.T) {
	var text bytes.Buffer
	if err := httpapi.Reference(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "../../../docs/reference/http.md", text.String())
}

// load has the document read by who knows what it must be.
func load(t *testing.T) validator.Validator {
	t.Helper()
	doc, err := libopenapi.NewDocument([]byte(open(t).get("/openapi.json").Body))
	if err != nil {
		t.Fatal(err)
	}
	if doc.GetVersion() != "3.1.0" {
		t.Errorf("it is version %s", doc.GetVersion())
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	t.Cleanup(v.Release)
	return v
}

func TestOpenAPIIsValid(t *testing.T) {
	if ok, errs := load(t).ValidateDocument(); !ok {
		for _, e := range errs {
			t.Error(e)
		}
	}
}

func TestRequestsAndAnswersAreAsOpenAPISays(t *testing.T) {
	v := load(t)
	s := atNoon(t)
	for _, e := range readExamples(t) {
		body, contentType := e.content()
		got := s.make(e)
		if contentType == ndjson {
			continue // which is a text to OpenAPI
		}
		r, err := http.NewRequestWithContext(t.Context(), e.Method, s.url+e.Path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer a-token") // which this server doesn't ask for, but others do
		w := &http.Response{StatusCode: got.Status, Header: got.Header, Body: io.NopCloser(strings.NewReader(got.Body))}
		if ok, errs := v.ValidateHttpResponse(r, w); !ok {
			t.Errorf("%s %s (%s): the answer: %v", e.Method, e.Path, e.Name, errs)
		}
		if ok, errs := v.ValidateHttpRequest(r); !ok && got.Status < 400 {
			t.Errorf("%s %s (%s): the request: %v", e.Method, e.Path, e.Name, errs)
		}
	}
}

func TestOpenAPISaysWhichTokensOpenWhat(t *testing.T) {
	var doc struct {
		Components struct {
			SecuritySchemes map[string]struct{ Type, Scheme string }
		}
		Paths map[string]map[string]struct {
			Security  []map[string][]string
			Scope     string `json:"x-scope"`
			Responses map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(open(t).get("/openapi.json").Body), &doc); err != nil {
		t.Fatal(err)
	}
	if got := doc.Components.SecuritySchemes["token"]; got.Type != "http" || got.Scheme != "bearer" {
		t.Errorf("tokens are shown as %+v", got)
	}
	for path, item := range doc.Paths {
		for method, op := range item {
			want := []map[string][]string{{"token": {op.Scope}}}
			switch op.Scope {
			case "public":
				want = []map[string][]string{}
			case "per line":
				want = []map[string][]string{{"token": {"allocate"}}, {"token": {"stock"}}}
			}
			if diff := cmp.Diff(want, op.Security); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", method, path, diff)
			}
			for _, status := range []string{"401", "403", "429"} {
				if _, told := op.Responses[status]; !told && op.Scope != "public" {
					t.Errorf("%s %s doesn't say that it may answer with %s", method, path, status)
				}
			}
		}
	}
}

// described are the routes in the OpenAPI document: method and path.
func described(t *testing.T) map[string]struct{ ID, Scope string } {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Scope       string `json:"x-scope"`
		}
	}
	if err := json.Unmarshal([]byte(open(t).get("/openapi.json").Body), &doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]struct{ ID, Scope string }{}
	for path, item := range doc.Paths {
		for method, op := range item {
			out[strings.ToUpper(method)+" "+path] = struct{ ID, Scope string }{op.OperationID, op.Scope}
		}
	}
	return out
}

func TestNoRouteIsOutsideOfOpenAPIButTheBooks(t *testing.T) {
	known := described(t)
	for _, r := range httpapi.Routes() {
		_, ok := known[r.Method+" "+r.Pattern]
		book := r.Pattern == "/add_batch" || r.Pattern == "/allocate" || r.Pattern == "/allocations/"
		if ok == book {
			t.Errorf("%s %s is in OpenAPI: %v", r.Method, r.Pattern, ok)
		}
		delete(known, r.Method+" "+r.Pattern)
	}
	for route := range known {
		t.Errorf("%s is in OpenAPI, but there is no such route", route)
	}
}

func TestEveryOperationHasAnExample(t *testing.T) {
	shown := map[string]bool{
		"openapi": true, "metrics": true, // which would be itself, and are on a page of their own
		"issue_token": true, "list_tokens": true, "revoke_token": true, // whose answers are never the same
		"add_webhook": true, "list_webhooks": true, "remove_webhook": true, "discard_parked_message": true, "stream_events": true, "stream": true, "list_mails": true, "get_mail": true, // how-to pages show them
	}
	for _, e := range readExamples(t) {
		shown[e.Operation] = true
	}
	for route, op := range described(t) {
		if !shown[op.ID] {
			t.Errorf("%s has no example", route)
		}
		delete(shown, op.ID)
	}
	for id := range shown {
		t.Errorf("there is an example of %q, which is no operation", id)
	}
}

func TestEveryMemberIsDescribed(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Description string
					Ref         string `json:"$ref"`
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(open(t).get("/openapi.json").Body), &doc); err != nil {
		t.Fatal(err)
	}
	for schema, s := range doc.Components.Schemas {
		for name, p := range s.Properties {
			if p.Description == "" && p.Ref == "" {
				t.Errorf("%s of %s has no description", name, schema)
			}
		}
	}
}
