package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

var openAPIDoc = operation{
	id: "openapi", summary: "This description, as OpenAPI 3.1", answers: answers{200: map[string]any{}},
}

// tellOpenAPI answers GET /openapi.json.
func (a *api) tellOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	doc, err := a.openAPI()
	if err != nil {
		return err
	}
	write(w, http.StatusOK, jsonType, doc)
	return nil
}

// describe is the OpenAPI document of routes, as JSON.
func describe(routes []route) ([]byte, error) {
	told, err := readExamples()
	if err != nil {
		return nil, err
	}
	d := newDescription(told)
	for _, r := range routes {
		if r.doc != nil {
			d.add(r)
		}
	}
	d.finish()
	compact, err := json.Marshal(d.api)
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	var doc bytes.Buffer
	if err := json.Indent(&doc, compact, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the OpenAPI document: %w", err)
	}
	return append(doc.Bytes(), '\n'), nil
}

// description is an OpenAPI document that is being written.
type description struct {
	api      *huma.OpenAPI
	schemas  huma.Registry
	examples []example
}

func newDescription(told []example) *description {
	schemas := huma.NewMapRegistry("#/components/schemas/", nameSchema)
	schemas.RegisterTypeAlias(reflect.TypeFor[views.PassedOver](), reflect.TypeFor[domain.PassedOver]())
	return &description{schemas: schemas, examples: told, api: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Allot", Version: "v1",
			Description: "Allocates order lines to batches of stock. Within v1 members, values and routes are only added. " +
				"Identifiers in paths are percent-encoded. Every answer has the header X-Request-Id.",
			License: &huma.License{Name: "See the file LICENSE of the program"}},
		Servers: []*huma.Server{{URL: "/"}},
		Paths:   map[string]*huma.PathItem{},
		Components: &huma.Components{Schemas: schemas, SecuritySchemes: map[string]*huma.SecurityScheme{tokenScheme: {
			Type: "http", Scheme: "bearer",
			Description: "A token, as allot token create or POST /v1/tokens has made it. A server on loopback asks for none unless it was told to.",
		}}},
	}}
}

// nameSchema names the schema of a type.
func nameSchema(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[views.Why]() || t == reflect.TypeFor[*views.Why]() {
		return "Explanation"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// add enters a route.
func (d *description) add(r route) {
	op := &huma.Operation{
		OperationID: r.doc.id, Summary: r.doc.summary, Description: r.doc.detail,
		Parameters: parametersOf(r), Responses: map[string]*huma.Response{},
		Security: securityOf(r.scope), Extensions: map[string]any{"x-scope": string(r.scope)},
	}
	if r.doc.body != nil || r.doc.ndjson {
		op.RequestBody = &huma.RequestBody{Required: r.doc.ndjson || slices.ContainsFunc(r.doc.body, func(m wire.Member) bool { return m.Required }), Content: d.bodyOf(r)}
	}
	for status, answer := range r.doc.answers {
		if answer == nil {
			op.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status)}
			continue
		}
		d.answer(op, r.doc.id, status, "application/json", d.schemas.Schema(reflect.TypeOf(answer), true, "Answer"))
	}
	if r.doc.tagged {
		op.Responses[strconv.Itoa(http.StatusNotModified)] = &huma.Response{Description: "It is still as it was with the ETag that was sent"}
	}
	if r.doc.ndjson {
		d.answer(op, r.doc.id, http.StatusOK, ndjsonType[0], &huma.Schema{Type: huma.TypeString})
	}
	if r.doc.text != "" {
		d.answer(op, r.doc.id, http.StatusOK, r.doc.text, &huma.Schema{Type: huma.TypeString})
	}
	for status, means := range problemsOf(r, guardProblems(r)...) {
		d.answer(op, r.doc.id, status, problemType[0], d.schemas.Schema(reflect.TypeFor[wire.Problem](), true, ""))
		op.Responses[strconv.Itoa(status)].Description = strings.Join(means, "; ")
	}
	d.enter(r, op)
}

// tokenScheme is what the way is called in which tokens are shown.
const tokenScheme = "token"

// securityOf says which scope a token must have: one of several, if there are
// several.
func securityOf(scope access.Scope) []map[string][]string {
	switch scope {
	case public:
		return []map[string][]string{} // none, and not just nothing said
	case perLine:
		return append(securityOf(access.Allocate), securityOf(access.Stock)...)
	}
	return []map[string][]string{{tokenScheme: {string(scope)}}}
}

// guardProblems are the codes of those who aren't let in.
func guardProblems(r route) []string {
	codes := []string{wire.CodeUnknownHost}
	if r.scope != public {
		codes = append(codes, access.CodeUnauthorized, access.CodeForbidden, wire.CodeRateLimited)
	}
	if r.method != http.MethodGet {
		codes = append(codes, wire.CodeForeignOrigin)
	}
	return codes
}

func (d *description) answer(op *huma.Operation, id string, status int, contentType string, schema *huma.Schema) {
	media := &huma.MediaType{Schema: schema, Examples: map[string]*huma.Example{}}
	for _, e := range d.examples {
		if e.Operation == id && e.Status == status {
			media.Examples[e.Name] = &huma.Example{Summary: e.request(), Value: e.Answer}
		}
	}
	op.Responses[strconv.Itoa(status)] = &huma.Response{
		Description: http.StatusText(status), Content: map[string]*huma.MediaType{contentType: media},
	}
}

func (d *description) bodyOf(r route) map[string]*huma.MediaType {
	media := &huma.MediaType{Examples: map[string]*huma.Example{}}
	for _, e := range d.examples {
		if e.Operation == r.doc.id && e.Status < 400 {
			media.Examples[e.Name] = &huma.Example{Value: e.Body}
		}
	}
	if r.doc.ndjson {
		media.Schema = &huma.Schema{Type: huma.TypeString}
		return map[string]*huma.MediaType{ndjsonType[0]: media}
	}
	name := schemaName(r.doc.id)
	d.schemas.Map()[name] = schemaOf(r.doc.body)
	media.Schema = &huma.Schema{Ref: "#/components/schemas/" + name}
	content := map[string]*huma.MediaType{"application/json": media}
	if r.method == http.MethodPatch {
		content["application/merge-patch+json"] = media
	}
	return content
}

// schemaName is the name of the schema of an operation's body: "CreateBatch".
func schemaName(id string) (name string) {
	for word := range strings.SplitSeq(id, "_") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

func (d *description) enter(r route, op *huma.Operation) {
	item := d.api.Paths[r.pattern]
	if item == nil {
		item = &huma.PathItem{}
		d.api.Paths[r.pattern] = item
	}
	switch r.method {
	case http.MethodGet:
		item.Get = op
	case http.MethodPost:
		item.Post = op
	case http.MethodPut:
		item.Put = op
	case http.MethodPatch:
		item.Patch = op
	case http.MethodDelete:
		item.Delete = op
	}
}

// finish says in the schemas of answers what their types can't.
func (d *description) finish() {
	for _, s := range d.schemas.Map() {
		for name, p := range s.Properties {
			if p.Ref != "" {
				continue
			}
			p.Nullable = false // what is empty is left out, or an empty list
			if t := terms[name]; p.Description == "" {
				p.Description = t.means
				p.Enum = t.oneOf
			}
			if slices.Contains(dates, name) {
				p.Format = "date"
			}
		}
		if s.Title == "" {
			s.AdditionalProperties = nil // a newer server may say more
		}
		s.Title = ""
	}
}

// dates are the names of members that are civil dates.
var dates = []string{"eta", "first_eta", "from_eta", "to_eta", "promise", "first_promise", "required_by", "date", "as_of", "use_by"}

// schemaOf is the schema of a body. Nothing that it doesn't name is accepted.
func schemaOf(members []wire.Member) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, Title: "body", Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
	for _, m := range members {
		t := terms[m.Name]
		p := &huma.Schema{Type: huma.TypeString, Description: t.means, Enum: t.oneOf}
		switch m.Kind {
		case wire.Quantity:
			p.Type = huma.TypeInteger
			p.Minimum, p.Maximum = new(float64), new(float64(domain.MaxQty))
		case wire.Rank:
			p.Type = huma.TypeInteger
			p.Minimum, p.Maximum = new(0.0), new(9.0)
		case wire.Flag:
			p.Type = huma.TypeBoolean
		case wire.Objects:
			p = &huma.Schema{Type: huma.TypeArray, Description: t.means, Items: schemaOf(m.Of)}
			if m.Of == nil { // commands, of all kinds
				p.Items = &huma.Schema{Type: huma.TypeObject}
			}
		case wire.Moment:
			p.Format = "date-time"
		case wire.Texts:
			p = &huma.Schema{Type: huma.TypeArray, Description: t.means, Items: &huma.Schema{Type: huma.TypeString, Enum: t.oneOf}}
		case wire.CivilDate:
			p.Format = "date"
		case wire.Text:
			p.MaxLength = new(longest(m.Name))
		}
		if m.Nullable {
			p.Nullable = true
		}
		s.Properties[m.Name] = p
		if m.Required {
			s.Required = append(s.Required, m.Name)
		}
	}
	return s
}

func longest(name string) int {
	if name == "note" || name == "description" {
		return domain.MaxNote
	}
	return domain.MaxIdentifier
}

var inPath = regexp.MustCompile(`\{(\w+)\}`)

// pathNames are the names of the parameters in a pattern.
func pathNames(pattern string) (names []string) {
	for _, m := range inPath.FindAllStringSubmatch(pattern, -1) {
		names = append(names, m[1])
	}
	return names
}

func parametersOf(r route) (out []*huma.Param) {
	for _, name := range pathNames(r.pattern) {
		out = append(out, &huma.Param{Name: name, In: "path", Required: true, Description: terms[name].means,
			Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(domain.MaxIdentifier)}})
	}
	for _, name := range r.doc.query {
		s := &huma.Schema{Type: huma.TypeString, Enum: terms[name].oneOf}
		switch name {
		case "dry_run":
			s.Type = huma.TypeBoolean
		case "qty":
			s.Type, s.Minimum, s.Maximum = huma.TypeInteger, new(1.0), new(float64(domain.MaxQty))
		case "days":
			s.Type, s.Minimum, s.Maximum = huma.TypeInteger, new(1.0), new(float64(views.MaxDays))
		case "by", "as_of":
			s.Format = "date"
		case "limit":
			s.Type, s.Minimum, s.Default = huma.TypeInteger, new(1.0), views.DefaultPage
		}
		if slices.Contains(r.doc.many, name) {
			s = &huma.Schema{Type: huma.TypeArray, Items: s, MinItems: new(1), MaxItems: new(MaxSKUs)}
		}
		out = append(out, &huma.Param{Name: name, In: "query", Description: terms[name].means, Required: s.MinItems != nil, Schema: s})
	}
	for _, name := range r.doc.headers() {
		out = append(out, &huma.Param{Name: name, In: "header", Description: terms[name].means, Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(domain.MaxIdentifier)}})
	}
	return out
}
