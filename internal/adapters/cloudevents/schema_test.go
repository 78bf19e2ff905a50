package cloudevents

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"allot/internal/views"
)

// schemas are what others may rely on.
const schemas = "../../../docs/reference/events"

// validate holds a text against the schema of an event.
func validate(t *testing.T, event string, body []byte) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join(schemas, event+".v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

func TestEveryEventIsAsItsSchemaSays(t *testing.T) {
	for _, e := range samples(t) {
		body, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, e.Type, body); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		undescribed(t, e)
	}
}

// undescribed complains of members that the schema of an event doesn't describe.
func undescribed(t *testing.T, e views.Event) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schemas, e.Type+".v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties struct {
			Data struct {
				Properties map[string]any `json:"properties"`
			} `json:"data"`
		} `json:"properties"`
	}
	var data map[string]any
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		t.Fatal(err)
	}
	for member := range data {
		if _, ok := schema.Properties.Data.Properties[member]; !ok {
			t.Errorf("%s has the member %s, which its schema doesn't describe", e.Type, member)
		}
	}
}

func TestASchemaRefusesWhatIsNotTheEvent(t *testing.T) {
	const good = `{"specversion":"1.0","id":"7","source":"/allot","type":"allot.line_cancelled.v1","subject":"LAMP","time":"2026-12-01T08:26:00Z",` +
		`"datacontenttype":"application/json","sequence":"0000000000000000007","aggregateversion":3,"data":{"order_id":"o1","sku":"LAMP","qty":3,"seq":1}}`
	if err := validate(t, "line_cancelled", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range [][2]string{
		{`"qty":3`, `"qty":0`},
		{`"qty":3`, `"qty":"3"`},
		{`"order_id"`, `"orderid"`},
		{`line_cancelled`, `allocated`},
		{`"id":"7"`, `"id":7`},
		{`2026-12-01T08:26:00Z`, `yesterday`},
	} {
		if err := validate(t, "line_cancelled", []byte(strings.Replace(good, wrong[0], wrong[1], 1))); err == nil {
			t.Errorf("%s in place of %s is accepted", wrong[1], wrong[0])
		}
	}
}

func TestEverySchemaIsOfAnEvent(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(schemas, "*.v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var events []string
	for _, e := range samples(t) {
		events = append(events, e.Type)
	}
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".v1.json"); !slices.Contains(events, name) {
			t.Errorf("%s is the schema of no event", file)
		}
	}
}
