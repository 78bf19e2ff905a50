package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
)

// hold begins a bulk request that goes on until it is closed.
func (s *shop) hold(query string) (finish func()) {
	s.t.Helper()
	body, to := io.Pipe()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v1/bulk"+query, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", ndjson)
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	if w.StatusCode != http.StatusOK {
		s.t.Fatalf("it is refused with %d", w.StatusCode)
	}
	return func() {
		to.Close()
		_, _ = io.Copy(io.Discard, w.Body) // its end is what matters
		w.Body.Close()
	}
}

func TestOnlySoManyBulkRequestsAreDoneAtOnce(t *testing.T) {
	const line = `{"op":"describe_product","sku":"RUG"}`
	for query, most := range map[string]int{"": httpapi.MaxBulks, "?dry_run=true": httpapi.MaxDryRuns} {
		t.Run(query, func(t *testing.T) {
			s := open(t)
			s.do(domain.CreateBatch{Ref: "b1", SKU: "RUG", Qty: 1})
			first := s.hold(query)
			defer first()
			for range most - 1 {
				defer s.hold(query)()
			}
			got := s.bulk(query, line)
			expectProblem(t, got, 503, "overloaded", "")
			expectPause(t, got, 1, 3)
			if got := s.get("/v1/products/RUG"); got.Status != 200 {
				t.Errorf("reading got %+v", got)
			}
			first()
			for got.Status == 503 { // until the server has seen that the first one is over
				got = s.bulk(query, line)
			}
			if got.Status != 200 {
				t.Errorf("the next one got %+v", got)
			}
		})
	}
}

func TestABulkDryRunIsOverWhenItsTimeIsUp(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.listen(ctx, cancel, httpapi.New(s.bus, s.store, httpapi.Options{DryRun: 50 * time.Millisecond}), httpapi.ServeOptions{})
	body, to := io.Pipe()
	defer to.Close()
	go fmt.Fprintln(to, `{"op":"describe_product","sku":"RUG"}`) // and no more
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/bulk?dry_run=true", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", ndjson)
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"line":1,"http_status":200,"sku":"RUG"}` + "\n" +
		`{"line":2,"http_status":503,"code":"timed_out","detail":"the dry run takes too long: what comes from this line on isn't tried","hint":"send all of it without waiting, or less of it"}` +
		"\n" + `{"summary":{"lines":2,"ok":1,"failed":1,"dry_run":true}}` + "\n"
	if diff := cmp.Diff(want, s.read(w).Body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
