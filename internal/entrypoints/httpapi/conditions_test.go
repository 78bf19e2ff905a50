package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
)

// said is what tests look at of the body of an answer.
type said struct {
	Code, Field string
	Plan        string
	Now         struct {
		Version int64 `json:"product_version"`
		Plan    string
		Moves   []struct {
			OrderID string `json:"order_id"`
		}
	}
}

func (s *shop) understand(a answer) (out said) {
	s.t.Helper()
	s.readInto(a, &out)
	return out
}

func (s *shop) readInto(a answer, out any) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(a.Body), out); err != nil {
		s.t.Fatalf("%v: %s", err, a.Body)
	}
}

// on makes a request on conditions: headers, names and values in turn.
func (s *shop) on(request, body string, headers ...string) answer {
	s.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	contentType := plain
	if body == "" {
		contentType = ""
	}
	return s.ask(method, path, body, append([]string{"Content-Type", contentType}, headers...)...)
}

// atOnce makes n requests at the same time and counts the answers by status.
func (s *shop) atOnce(n int, ask func(i int) answer) (answers []answer, count map[int]int) {
	answers, count = make([]answer, n), map[int]int{}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { answers[i] = ask(i) })
	}
	all.Wait()
	for _, a := range answers {
		count[a.Status]++
	}
	return answers, count
}

func TestOfThoseWhoSawTheSameVersionOneGetsItsWay(t *testing.T) {
	s := stocked(t)
	seen := s.get("/v1/batches/b1").Header.Get("ETag")
	before := s.events()
	const n = 8
	answers, count := s.atOnce(n, func(i int) answer {
		return s.on("PATCH /v1/batches/b1", fmt.Sprintf(`{"qty":%d}`, 20+i), "If-Match", seen)
	})
	if count[200] != 1 || count[412] != n-1 {
		t.Fatalf("answers by status: %v", count)
	}
	for _, a := range answers {
		if a.Status == 200 {
			continue
		}
		got := s.understand(a)
		if got.Code != "version_changed" || fmt.Sprintf(`"%d"`, got.Now.Version) != s.get("/v1/batches/b1").Header.Get("ETag") {
			t.Errorf("refused with %s", a.Body)
		}
	}
	if s.events()-before != 2 { // the quantity, and the backorder that it is enough for
		t.Errorf("%d events", s.events()-before)
	}
}

func TestOfThoseWhoWerePromisedTheLastOneOneGetsIt(t *testing.T) {
	s := stocked(t) // with two units in the warehouse
	const n = 8
	line := func(i int) string { return fmt.Sprintf("POST /v1/orders/late-%d/lines", i) }
	plans := make([]string, n)
	for i := range n {
		plans[i] = s.understand(s.on(line(i)+"?dry_run=true", `{"sku":"LAMP","qty":2}`)).Plan
	}
	_, count := s.atOnce(n, func(i int) answer { return s.on(line(i)+"?plan="+plans[i], `{"sku":"LAMP","qty":2}`) })
	if count[201] != 1 || count[412] != n-1 {
		t.Errorf("answers by status: %v", count)
	}
}

func TestAPlanThatNoLongerHoldsIsAnsweredWithTheOneThatDoes(t *testing.T) {
	s := stocked(t)
	plan := s.understand(s.on("PATCH /v1/batches/b1?dry_run=true", `{"qty":4}`)).Plan // o2 would move to b2
	s.do(domain.Allocate{OrderID: "o6", SKU: "LAMP", Qty: 2})                         // and now o6 has to as well
	before := s.events()
	refused := s.on("PATCH /v1/batches/b1?plan="+plan, `{"qty":4}`)
	got := s.understand(refused)
	if refused.Status != 412 || got.Code != "plan_changed" || len(got.Now.Moves) != 2 || s.events() != before {
		t.Fatalf("status %d: %s", refused.Status, refused.Body)
	}
	if done := s.on("PATCH /v1/batches/b1?plan="+got.Now.Plan, `{"qty":4}`); done.Status != 200 {
		t.Errorf("the plan that was answered with isn't one: %s", done.Body)
	}
}

func TestTheSameKeyAtOnceHasOneEffect(t *testing.T) {
	s := stocked(t)
	before := s.events()
	const n = 16
	answers, count := s.atOnce(n, func(int) answer {
		return s.on("POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":1}`, httpapi.KeyHeader, "k-1")
	})
	if count[201] != n || s.events() != before+1 { // without a key, all but one would be 200
		t.Errorf("answers by status: %v; %d events", count, s.events()-before)
	}
	first := 0
	for _, a := range answers {
		if a.Header.Get(httpapi.ReplayedHeader) == "" {
			first++
		}
		if a.Body != answers[0].Body || a.Header.Get("Location") != answers[0].Header.Get("Location") || a.Header.Get("ETag") != answers[0].Header.Get("ETag") {
			t.Errorf("one answer is %v, another %v", a, answers[0])
		}
	}
	if first != 1 {
		t.Errorf("%d answers say that they are the first", first)
	}
}

func TestARequestWithAKeyIsNotDoneAgainWhateverHappenedSince(t *testing.T) {
	for _, w := range writes {
		t.Run(w.request+w.body, func(t *testing.T) {
			s := busy(t)
			first := s.on(w.request, w.body, httpapi.KeyHeader, "k-1")
			s.do(domain.ChangeBatchQuantity{Ref: "b1", Qty: 60})
			before := s.events()
			again := s.on(w.request, w.body, httpapi.KeyHeader, "k-1")
			s.expect(again, first.Status, first.ContentType, first.Body, httpapi.ReplayedHeader, "true",
				"ETag", first.Header.Get("ETag"), "Location", first.Header.Get("Location"))
			if s.events() != before {
				t.Errorf("%d events", s.events()-before)
			}
		})
	}
}

func TestRefusalsAreKeptIfTheyAreFinal(t *testing.T) {
	for _, c := range []struct {
		request, body, match string
		status               int
		kept                 bool
	}{
		{"PATCH /v1/batches/b9", `{"qty":1}`, "", 404, true},
		{"POST /v1/orders/o9/lines", `{"sku":"NOPE","qty":1}`, "", 422, true},
		{"POST /v1/orders/o9/lines", `{"sku":"LAMP","qty":100,"on_shortage":"reject"}`, "", 409, true},
		{"POST /v1/orders", `{"order_id":"o9","mode":"all","lines":[{"sku":"LAMP","qty":100}]}`, "", 409, true},
		{"PATCH /v1/batches/b1", `{"qty":1}`, `"1"`, 412, true},
		{"PATCH /v1/batches/b1?plan=none", `{"qty":1}`, "*", 412, true},
		{"PATCH /v1/batches/b1", `{"qty":-1}`, "", 422, false},
		{"PATCH /v1/batches/b1", `{"qty":`, "", 400, false},
		{"PATCH /v1/batches/b1", `{}`, "", 422, false},
	} {
		s := stocked(t)
		headers := []string{httpapi.KeyHeader, "k-1"}
		if c.match != "" {
			headers = append(headers, "If-Match", c.match)
		}
		first := s.on(c.request, c.body, headers...)
		again := s.on(c.request, c.body, headers...)
		kept := again.Header.Get(httpapi.ReplayedHeader) == "true"
		if first.Status != c.status || again.Status != c.status || kept != c.kept || s.understand(first).Code != s.understand(again).Code {
			t.Errorf("%s %s: status %d, then %d, kept: %v\n%s%s", c.request, c.body, first.Status, again.Status, kept, first.Body, again.Body)
		}
		if id := again.Header.Get("X-Request-Id"); !strings.Contains(again.Body, id) {
			t.Errorf("request %s was answered with %s", id, again.Body)
		}
	}
}

func TestAKeyBelongsToOneRequest(t *testing.T) {
	s := stocked(t)
	const request, body = "PATCH /v1/batches/b1", `{"qty":20}`
	if first := s.on(request, body, httpapi.KeyHeader, "k-1"); first.Status != 200 {
		t.Fatal(first.Body)
	}
	for name, got := range map[string]answer{
		"another body":    s.on(request, `{"qty":21}`, httpapi.KeyHeader, "k-1"),
		"another batch":   s.on("PATCH /v1/batches/b2", body, httpapi.KeyHeader, "k-1"),
		"a condition":     s.on(request, body, httpapi.KeyHeader, "k-1", "If-Match", `"6"`),
		"another plan":    s.on(request+"?plan=x", body, httpapi.KeyHeader, "k-1"),
		"a key too long":  s.on(request, body, httpapi.KeyHeader, strings.Repeat("k", 256)),
		"a key too short": s.on(request, body, httpapi.KeyHeader, ""),
		"two keys":        s.on(request, body, httpapi.KeyHeader, "k-1", httpapi.KeyHeader, "k-2"),
	} {
		want := "key_reused"
		if strings.Contains(name, "key") {
			want = "validation_failed"
		}
		if told := s.understand(got); got.Status != 422 || told.Code != want || told.Field != httpapi.KeyHeader {
			t.Errorf("%s: status %d, %s", name, got.Status, got.Body)
		}
	}
	if other := s.on("POST /v1/batches/b2/close", ``, httpapi.KeyHeader, "k-1"); other.Status != 200 || other.Header.Get(httpapi.ReplayedHeader) != "" {
		t.Errorf("on another route: status %d, %s", other.Status, other.Body)
	}
	if tried := s.on(request+"?dry_run=true", `{"qty":22}`, httpapi.KeyHeader, "k-1"); tried.Status != 200 {
		t.Errorf("a dry run: status %d, %s", tried.Status, tried.Body)
	}
}

func TestWhatIsKnownAlreadyIsNotSentAgain(t *testing.T) {
	s := stocked(t)
	for _, path := range []string{"/v1/products/LAMP", "/v1/batches/b1", "/v1/orders/o1/lines/LAMP", "/v1/orders/o1/lines/LAMP/explanation", "/v1/products/LAMP/availability"} {
		tag := s.get(path).Header.Get("ETag")
		for known, want := range map[string]int{tag: 304, "W/" + tag: 304, `"0", ` + tag: 304, "*": 304, `"0"`: 200, "": 200} {
			got := s.ask("GET", path, "", "If-None-Match", known)
			if got.Status != want || (got.Body == "") != (want == 304) || got.Header.Get("ETag") != tag {
				t.Errorf("%s is known as %s: status %d, ETag %s, %s", path, known, got.Status, got.Header.Get("ETag"), got.Body)
			}
		}
		if done := s.on("PUT /v1/products/LAMP", `{"description":"`+path+`"}`); done.Status != 200 {
			t.Fatalf("status %d: %s", done.Status, done.Body)
		}
		if got := s.ask("GET", path, "", "If-None-Match", tag); got.Status != 200 {
			t.Errorf("%s was changed: status %d", path, got.Status)
		}
	}
	byDay := "/v1/products/LAMP/availability?days=2"
	if got := s.ask("GET", byDay, "", "If-None-Match", "*"); got.Status != 200 {
		t.Errorf("what depends on the day: status %d", got.Status)
	}
}

func TestAVersionIsThatOfTheProduct(t *testing.T) {
	s := stocked(t)
	paths := []string{"/v1/products/LAMP", "/v1/batches/b1", "/v1/orders/o1/lines/LAMP", "/v1/orders/o1/lines/LAMP/explanation", "/v1/products/LAMP/availability"}
	for range 2 {
		want := s.get(paths[0]).Header.Get("ETag")
		for _, path := range paths {
			if got := s.get(path).Header.Get("ETag"); got != want || got == "" {
				t.Errorf("%s has the ETag %s, want %s", path, got, want)
			}
		}
		if done := s.on("PATCH /v1/batches/b1", `{"qty":30}`, "If-Match", want); done.Status != 200 || done.Header.Get("ETag") == want && done.Header.Get("ETag") != "" {
			t.Errorf("status %d, ETag %s after %s: %s", done.Status, done.Header.Get("ETag"), want, done.Body)
		}
	}
	for _, bad := range []string{`15`, `W/"15"`, `"x"`, `"1", "2"`, `""`, `"0"`, `"-1"`} {
		if got := s.on("PATCH /v1/batches/b1", `{"qty":31}`, "If-Match", bad); got.Status != 422 || s.understand(got).Field != "If-Match" {
			t.Errorf("If-Match: %s has status %d, %s", bad, got.Status, got.Body)
		}
	}
	if got := s.on("POST /v1/orders", `{"order_id":"o9","lines":[{"sku":"LAMP","qty":1}]}`, "If-Match", `"1"`); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("an order has status %d, %s", got.Status, got.Body)
	}
}

func TestAKeyIsItsSendersOwn(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	for _, name := range []string{"ann", "bob"} {
		headers := append(bearer(s.issue(name, access.Stock)), "Content-Type", plain, httpapi.KeyHeader, "k-1")
		got := s.ask("POST", "/v1/batches", fmt.Sprintf(`{"ref":"of %s","sku":"LAMP","qty":1}`, name), headers...)
		if got.Status != 201 || got.Header.Get(httpapi.ReplayedHeader) != "" {
			t.Errorf("%s has status %d: %s", name, got.Status, got.Body)
		}
	}
}
