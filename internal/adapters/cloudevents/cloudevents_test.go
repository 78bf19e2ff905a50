package cloudevents

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/views"
)

var update = flag.Bool("update", false, "write the golden file anew")

// golden has each event as others got it, full and empty: one a line.
const golden = "testdata/events.golden.ndjson"

// samples are events of every type: those that logs are known to have.
func samples(t *testing.T) (out []views.Event) {
	t.Helper()
	body, err := os.ReadFile("../eventjson/testdata/events.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var entries []struct {
		Name string
		Body json.RawMessage
	}
	if err := json.Unmarshal(body, &entries); err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		var line bytes.Buffer
		if err := json.Compact(&line, e.Body); err != nil {
			t.Fatal(err)
		}
		event := views.Event{
			Position: int64(i) + 1, At: time.Date(2026, 12, 1, 8, 26, 0, 120_000, time.UTC), Type: e.Name, SKU: "RED-CHAIR", Version: 7,
			Command: "allocate", Data: line.Bytes(),
		}
		if i%2 == 0 {
			event.Actor, event.Reason, event.Note, event.Correlation, event.Cause = "ann", "damaged", "wet, \"very\" wet", "c-1", "m-1"
		}
		out = append(out, event)
	}
	return out
}

func TestEveryEventIsWrittenAsItEverWas(t *testing.T) {
	var got bytes.Buffer
	for _, e := range samples(t) {
		body, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(body, '\n'))
	}
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("what others read has changed (-golden +now); if it only grew, run the test with -update:\n%s", diff)
	}
}

// What is appended by hand is what encoding/json makes of the same attributes.
func TestNoTextBreaksOutOfAnEvent(t *testing.T) {
	at := time.Date(2026, 12, 1, 8, 26, 0, 120_000, time.UTC)
	for _, text := range []string{
		"", "plain", `"`, `a\`, "</script>&amp;", "tab\tline\n\x00\x1f\x7f", "Größe-椅子 𝒳", "\u2028\u2029", "not UTF-8: \xff\xc3", strings.Repeat("long ", 300),
	} {
		for _, n := range []int64{0, 7, math.MaxInt64} {
			got, err := Encode(views.Event{
				Position: n, At: at, Type: text, SKU: text, Version: n, Command: text,
				Actor: text, Reason: text, Note: text, Correlation: text, Cause: text, Data: []byte(`{}`),
			})
			if err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(decoded{event{
				SpecVersion: "1.0", ID: fmt.Sprint(n), Source: Source, Type: prefix + text + version,
				Subject: text, Time: at, DataContentType: "application/json", Sequence: fmt.Sprintf("%019d", n), Version: n,
				Command: text, Actor: text, Reason: text, Note: text, Correlation: text, Cause: text,
			}, json.RawMessage(`{}`)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%q (-encoding/json +Encode):\n%s", text, diff)
			}
		}
	}
	if body, err := Encode(views.Event{At: at.AddDate(9000, 0, 0)}); err == nil {
		t.Errorf("a year of five digits is written: %s", body)
	}
}

func BenchmarkEncode(b *testing.B) {
	e := views.Event{
		Position: 123_456, At: time.Date(2026, 12, 1, 8, 26, 0, 120_000, time.UTC), Type: "allocated", SKU: "RED-CHAIR", Version: 7, Command: "allocate",
		Actor: "ann", Correlation: "0193c6e2-7b3a-7cc0-8000-5a1b2c3d4e5f", Data: []byte(`{"order_id":"o1","sku":"RED-CHAIR","qty":3,"seq":1,"batch_ref":"b1"}`),
	}
	for b.Loop() {
		if _, err := Encode(e); err != nil {
			b.Fatal(err)
		}
	}
}

func TestReadingIsTheInverseOfWriting(t *testing.T) {
	for _, e := range samples(t) {
		body, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, again); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
	}
}

func TestWhatIsNotOursIsRefused(t *testing.T) {
	for _, body := range []string{
		``, `[]`, `{}`, `{"id":"7","source":"/other","type":"allot.allocated.v1"}`,
		`{"id":"x","source":"/allot","type":"allot.allocated.v1"}`, `{"id":"7","source":"/allot","type":"allocated"}`,
		`{"id":"7","source":"/allot","type":"allot.allocated.v2"}`,
	} {
		if e, err := Decode([]byte(body)); err == nil || !strings.HasPrefix(err.Error(), "decode a CloudEvent: ") {
			t.Errorf("%s: got %+v, %v", body, e, err)
		}
	}
}
