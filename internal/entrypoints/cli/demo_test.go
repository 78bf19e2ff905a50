package cli_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/wire"
	"allot/internal/sample"
)

// demonstrated is what a demo says as JSON.
type demonstrated struct {
	FirstDay string           `json:"first_day"`
	Batches  importer.Summary `json:"batches"`
	Orders   importer.Summary `json:"orders"`
}

func demonstrate(t *testing.T, s *shell) demonstrated {
	t.Helper()
	var d demonstrated
	if err := json.Unmarshal([]byte(s.must(t, "demo --no-serve --output json")), &d); err != nil {
		t.Fatal(err)
	}
	for _, summary := range []*importer.Summary{&d.Batches, &d.Orders} {
		summary.Seconds, summary.Refusals = 0, nil
	}
	return d
}

func TestTheDemoComesToTheCountsOfItsSource(t *testing.T) {
	s := newShell(t)
	want := demonstrated{FirstDay: "2026-11-24", Batches: sampleBatches, Orders: sampleOrders}
	if diff := cmp.Diff(want, demonstrate(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.must(t, "verify --data allot-demo")
}

func TestADemoThatIsStartedOnAnotherDayIsTheSame(t *testing.T) {
	s := newShell(t)
	demonstrate(t, s)
	s.now = s.now.AddDate(0, 0, 40)
	want := demonstrated{
		FirstDay: "2026-11-24", Batches: importer.Summary{As: importer.Batches, Rows: 1202, Lines: 1202, Replayed: 1202}, Orders: knownOrders,
	}
	if diff := cmp.Diff(want, demonstrate(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheDemoBeginsOnTheDayOfTheTimeZone(t *testing.T) {
	s := newShell(t) // it is noon in UTC
	s.env["ALLOT_TIMEZONE"] = "Pacific/Kiritimati"
	if d := demonstrate(t, s); d.FirstDay != "2026-11-25" {
		t.Errorf("the first day is %s", d.FirstDay)
	}
}

func TestTheDemoLeavesRealShopsAlone(t *testing.T) {
	s := newShell(t)
	write(t, "allot.toml", "db = 'sqlite:shop/allot.db'\n")
	for _, set := range []map[string]string{
		{"ALLOT_DATA": "shop"}, {"ALLOT_DB": "sqlite:shop/allot.db"}, {"ALLOT_CONFIG": "allot.toml"},
	} {
		s.env = set
		s.must(t, "demo --no-serve --quiet")
		if _, err := os.Stat("shop"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("with %v, the demo has used the shop: %v", set, err)
		}
	}
	s.env = nil
	s.must(t, "batch add batch-1 SMALL-TABLE 10 --data shop")
	before := s.must(t, "export events --data shop")
	for _, where := range []string{"--data shop", "--db sqlite:shop/allot.db"} {
		s.fails(t, "demo --no-serve "+where, wire.ExitConflict, "another shop than the sample", "hint: name an empty directory with --data")
	}
	if diff := cmp.Diff(before, s.must(t, "export events --data shop")); diff != "" {
		t.Errorf("the shop has changed (-before +after):\n%s", diff)
	}
}

var curl = regexp.MustCompile(`(?m)^  curl (?:-H 'Content-Type: application/json' -d '([^']+)' )?(http://\S+)$`)

func TestTheDemoShowsRequestsThatWork(t *testing.T) {
	s := newShell(t)
	demo := s.serve(t, "demo --addr 127.0.0.1:0")
	for _, want := range []string{sample.Attribution(), "shifted to 2026-11-24", "1875  lines that have stock", "31  lines that wait", "5  lines of SKUs that nothing is known of: POST, C2, DOT\n"} {
		if !strings.Contains(demo.out, want) {
			t.Errorf("%q is not in:\n%s", want, demo.out)
		}
	}
	lines := curl.FindAllStringSubmatch(demo.out, -1)
	if len(lines) != 3 {
		t.Fatalf("there are %d requests to try:\n%s", len(lines), demo.out)
	}
	want := []string{"202 allocated OK", `200  [{"batchref":"OPEN-00897","sku":"85123A"}]` + "\n", "201  OK"}
	for i, line := range lines {
		if got := try(t, line[2], line[1]); got != want[i] {
			t.Errorf("%s answers %q, want %q", line[0], got, want[i])
		}
	}
	if said := demo.said.String(); said != "" {
		t.Errorf("it says as well: %s", said)
	}
}

// try makes a request as curl would.
func try(t *testing.T, url, body string) string {
	t.Helper()
	var answer *http.Response
	var err error
	if body == "" {
		answer, err = http.Get(url)
	} else {
		answer, err = http.Post(url, "application/json", strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Status[:3] + " " + answer.Header.Get("Allocation-Status") + " " + string(text)
}
