package cloudevents

import (
	"bytes"
	"encoding/json"
	"flag"
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
