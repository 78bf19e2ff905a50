package metrics_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"allot/internal/domain"
	"allot/internal/metrics"
	"allot/internal/service"
	"allot/internal/views"
)

var update = flag.Bool("update", false, "write the reference anew")

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// filled returns metrics that have counted one of each.
func filled() *metrics.Metrics {
	m := metrics.New("1.2.3")
	ctx := context.Background()
	m.Request(ctx, "/allocate", "POST", 202, time.Now())
	m.Request(ctx, "/", "BREW", 405, time.Now())
	for _, c := range []service.CommandDone{
		{Queued: time.Now(), Result: domain.Placement{Status: domain.StatusAllocated}},
		{Queued: time.Now(), Result: domain.Placement{Status: domain.StatusBackordered}},
		{Queued: time.Now(), Result: domain.Placement{Status: domain.StatusRefused}},
		{Queued: time.Now(), Result: domain.Placement{Status: domain.StatusAllocated, Replayed: true}},
		{Err: domain.UnknownSKU("client's own words")},
		{Err: fmt.Errorf("wait: %w", context.Canceled)},
		{Err: errors.New("no such table")},
	} {
		c.Name = "allocate"
		m.Command(ctx, c)
	}
	m.Command(ctx, service.CommandDone{Name: "create_batch", Queued: time.Now(), Result: domain.Batch{}})
	m.Transaction(ctx, service.TransactionDone{Began: time.Now(), Commands: 3, Events: 2})
	m.Transaction(ctx, service.TransactionDone{Began: time.Now(), Commands: 1, Err: service.ErrStorage})
	return m
}

func shop() metrics.Shop {
	return metrics.Shop{
		Queued: func() int { return 7 },
		Stats: func(context.Context) (views.Stats, error) {
			return views.Stats{Products: 3, Available: 40, Events: 100, Backorders: 5, Failing: 2, Parked: 1}, nil
		},
		Relay: func() []service.Progress {
			return []service.Progress{{Subscription: "notices", Position: 90, Behind: now.Add(-time.Minute), Failed: 26, Parked: 1}, {Subscription: "mail"}}
		},
		Intake: func() []service.Intake {
			return []service.Intake{{From: "stream", Done: 12, Parked: 2, HeldUp: true}, {From: "channels"}}
		},
		Writable: func(context.Context) error { return nil },
		Now:      func() time.Time { return now },
	}
}

// shown is what somebody sees who asks.
func shown(t *testing.T, m *metrics.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// values are the lines of our own metrics that depend on no clock.
func values(text string) (out []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "allot_") && !strings.Contains(line, "_bucket{") && !strings.Contains(line, "_seconds_sum") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func TestWhatIsCountedIsShown(t *testing.T) {
	m := filled()
	m.Watch(shop())
	want := []string{
		`allot_available_units 40`,
		`allot_backordered_lines 5`,
		`allot_build_info{version="1.2.3"} 1`,
		`allot_command_duration_seconds_count{command="allocate"} 4`,
		`allot_command_duration_seconds_count{command="create_batch"} 1`,
		`allot_commands_total{command="allocate",outcome="allocated"} 1`,
		`allot_commands_total{command="allocate",outcome="backordered"} 1`,
		`allot_commands_total{command="allocate",outcome="internal"} 1`,
		`allot_commands_total{command="allocate",outcome="refused"} 1`,
		`allot_commands_total{command="allocate",outcome="replayed"} 1`,
		`allot_commands_total{command="allocate",outcome="sender_gone"} 1`,
		`allot_commands_total{command="allocate",outcome="unknown_sku"} 1`,
		`allot_commands_total{command="create_batch",outcome="done"} 1`,
		`allot_deliveries_failing 2`,
		`allot_deliveries_parked 1`,
		`allot_event_log_position 100`,
		`allot_events_total 2`,
		`allot_http_request_duration_seconds_count{method="POST",route="/allocate"} 1`,
		`allot_http_request_duration_seconds_count{method="other",route="/"} 1`,
		`allot_http_requests_total{method="POST",route="/allocate",status="202"} 1`,
		`allot_http_requests_total{method="other",route="/",status="405"} 1`,
		`allot_messages_held_up{from="channels"} 0`,
		`allot_messages_held_up{from="stream"} 1`,
		`allot_messages_total{from="channels",outcome="done"} 0`,
		`allot_messages_total{from="channels",outcome="parked"} 0`,
		`allot_messages_total{from="stream",outcome="done"} 12`,
		`allot_messages_total{from="stream",outcome="parked"} 2`,
		`allot_products 3`,
		`allot_queued_commands 7`,
		`allot_relay_failures_total{subscription="mail"} 0`,
		`allot_relay_failures_total{subscription="notices"} 26`,
		`allot_relay_lag_seconds{subscription="mail"} 0`,
		`allot_relay_lag_seconds{subscription="notices"} 60`,
		`allot_relay_parked_total{subscription="mail"} 0`,
		`allot_relay_parked_total{subscription="notices"} 1`,
		`allot_relay_position{subscription="mail"} 0`,
		`allot_relay_position{subscription="notices"} 90`,
		`allot_storage_writable 1`,
		`allot_transaction_commands_sum 4`,
		`allot_transaction_commands_count 2`,
		`allot_transaction_duration_seconds_count 2`,
		`allot_transactions_total{outcome="committed"} 1`,
		`allot_transactions_total{outcome="failed"} 1`,
	}
	text := shown(t, m)
	if diff := cmp.Diff(want, values(text)); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(text, "go_goroutines ") {
		t.Error("the runtime is not shown")
	}
}

func TestNamesAndHelpAreAsPrometheusWantsThem(t *testing.T) {
	m := filled()
	m.Watch(shop())
	problems, err := promlint.New(strings.NewReader(shown(t, m))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestAShopInTroubleShowsWhatCanBeSeen(t *testing.T) {
	m := filled()
	s := shop()
	s.Stats = func(context.Context) (views.Stats, error) { return views.Stats{}, service.ErrStorage }
	s.Writable = func(context.Context) error { return service.ErrStorageFull }
	m.Watch(s)
	got := strings.Join(values(shown(t, m)), "\n")
	for want, there := range map[string]bool{"allot_storage_writable 0": true, "allot_queued_commands 7": true, "allot_events_total 2": true, "allot_products": false} {
		if strings.Contains(got, want) != there {
			t.Errorf("%s is shown: %v, in\n%s", want, !there, got)
		}
	}
}

const reference = "../../docs/reference/metrics.md"

var helpLine = regexp.MustCompile(`(?m)^# HELP (allot_\S+) (.*)\n# TYPE \S+ (\S+)$`)

// The reference is a table of what is shown; with -update it is written anew.
func TestTheReferenceListsEveryMetric(t *testing.T) {
	m := filled()
	m.Watch(shop())
	text := shown(t, m)
	var table strings.Builder
	table.WriteString("| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, found := range helpLine.FindAllStringSubmatch(text, -1) {
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", found[1], found[3], labelsOf(text, found[1]), found[2])
	}
	old, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(old), "| metric |")
	_, after, _ := strings.Cut(rest, "\n\n")
	want := before + table.String() + "\n" + after
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(old)); diff != "" {
		t.Errorf("docs/reference/metrics.md is not what the program shows; write it anew with go test ./internal/metrics -update\n%s", diff)
	}
}

var label = regexp.MustCompile(`(\w+)="`)

// labelsOf names the labels of a metric.
func labelsOf(text, name string) string {
	var names []string
	for line := range strings.Lines(text) {
		of, labels, ok := strings.Cut(line, "{")
		if !ok || strings.TrimSuffix(strings.TrimSuffix(of, "_count"), "_bucket") != name {
			continue
		}
		for _, found := range label.FindAllStringSubmatch(labels, -1) {
			if quoted := "`" + found[1] + "`"; found[1] != "le" && !slices.Contains(names, quoted) {
				names = append(names, quoted)
			}
		}
	}
	return strings.Join(names, ", ")
}
