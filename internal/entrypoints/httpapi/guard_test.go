package httpapi_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"allot/internal/access"
	"allot/internal/adapters/memory"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

// guardedShop is a shop with a guard, and a clock that its tokens go by.
type guardedShop struct {
	*shop
	tokens   *access.Registry
	sessions *access.Sessions
	now      time.Time
}

func openGuarded(t *testing.T, g httpapi.Guard) *guardedShop {
	t.Helper()
	s := &guardedShop{shop: &shop{t: t, store: memory.New(), log: &transcript{}}, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	s.tokens = access.NewRegistry(s.store, func() time.Time { return s.now })
	s.bus = service.NewBus(service.NewTransactor(s.store, 4096, time.Now, nil))
	service.Register(s.bus)
	s.sessions = access.NewSessions(s.tokens, func() time.Time { return s.now })
	g.Tokens, g.Sessions = s.tokens, s.sessions
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(t.Context())
	s.listen(ctx, cancel, httpapi.New(s.bus, s.store, httpapi.Options{Log: log, Guard: g, Pages: pages, Metrics: pages, Echo: true}), httpapi.ServeOptions{Log: log})
	return s
}

// pages say on whose behalf they are looked at.
var pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "for %s", access.CallerOf(r.Context()).Actor)
})

// issue returns the secret of a new token.
func (s *guardedShop) issue(name string, scopes ...access.Scope) string {
	s.t.Helper()
	_, secret, err := s.tokens.Issue(s.t.Context(), access.Token{Name: name, Scopes: scopes, Expires: s.now.Add(time.Hour)})
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

func bearer(secret string) []string { return []string{"Authorization", "Bearer " + secret} }

// doors are all routes, with the scopes of which one opens them.
var doors = map[string][]access.Scope{
	"POST /add_batch":   {access.Stock},
	"POST /allocate":    {access.Allocate},
	"POST /echo":        {access.Allocate},
	"GET /allocations/": {access.Read},

	"POST /v1/batches":               {access.Stock},
	"GET /v1/batches":                {access.Read},
	"GET /v1/batches/{ref}":          {access.Read},
	"PATCH /v1/batches/{ref}":        {access.Stock},
	"POST /v1/batches/{ref}/receive": {access.Stock},
	"POST /v1/batches/{ref}/close":   {access.Stock},
	"POST /v1/batches/{ref}/reopen":  {access.Stock},
	"GET /v1/batches/{ref}/lines":    {access.Read},
	"GET /v1/batches/{ref}/history":  {access.Read},

	"POST /v1/orders":                                   {access.Allocate},
	"GET /v1/orders":                                    {access.Read},
	"GET /v1/orders/{order_id}":                         {access.Read},
	"POST /v1/orders/{order_id}/lines":                  {access.Allocate},
	"GET /v1/orders/{order_id}/lines/{sku}":             {access.Read},
	"PATCH /v1/orders/{order_id}/lines/{sku}":           {access.Allocate},
	"DELETE /v1/orders/{order_id}/lines/{sku}":          {access.Allocate},
	"POST /v1/orders/{order_id}/lines/{sku}/ship":       {access.Stock},
	"POST /v1/orders/{order_id}/lines/{sku}/return":     {access.Stock},
	"POST /v1/orders/{order_id}/lines/{sku}/confirm":    {access.Allocate},
	"POST /v1/orders/{order_id}/lines/{sku}/release":    {access.Allocate},
	"GET /v1/orders/{order_id}/lines/{sku}/explanation": {access.Read},
	"GET /v1/orders/{order_id}/lines/{sku}/history":     {access.Read},
	"GET /v1/late":       {access.Read},
	"GET /v1/at-risk":    {access.Read},
	"GET /v1/backorders": {access.Read},

	"GET /v1/products":                    {access.Read},
	"GET /v1/products/{sku}":              {access.Read},
	"PUT /v1/products/{sku}":              {access.Stock},
	"PATCH /v1/products/{sku}":            {access.Stock},
	"POST /v1/products/{sku}/replan":      {access.Stock},
	"GET /v1/products/{sku}/availability": {access.Read},
	"GET /v1/availability":                {access.Read},

	"POST /v1/bulk":          {access.Allocate, access.Stock},
	"POST /v1/what-if":       {access.Allocate, access.Stock},
	"POST /v1/what-if/apply": {access.Allocate, access.Stock},
	"GET /v1/what-if/{id}":   {access.Read},

	"GET /v1/events":                      {access.Read},
	"GET /v1/events/stream":               {access.Read},
	"GET /v1/stream":                      {access.Read},
	"GET /v1/mails":                       {access.Read},
	"GET /v1/mails/{id}":                  {access.Read},
	"GET /v1/webhooks":                    {access.Admin},
	"POST /v1/webhooks":                   {access.Admin},
	"DELETE /v1/webhooks/{id}":            {access.Admin},
	"GET /v1/subscriptions":               {access.Read},
	"GET /v1/parked-messages":             {access.Read},
	"DELETE /v1/parked-messages/{number}": {access.Admin},
	"GET /v1/deliveries":                  {access.Read},
	"POST /v1/deliveries/retry":           {access.Admin},
	"POST /v1/deliveries/replay":          {access.Admin},
	"GET /v1/tokens":                      {access.Admin},
	"POST /v1/tokens":                     {access.Admin},
	"DELETE /v1/tokens/{name}":            {access.Admin},

	"GET /metrics":      {access.Read},
	"GET /version":      {access.Read},
	"GET /healthz":      nil,
	"GET /readyz":       nil,
	"GET /openapi.json": nil,
}

// anyone is what stands for the names in the pattern of a route. Feeds refuse
// where they are to begin: they would never end.
var anyone = strings.NewReplacer("{ref}", "x", "{order_id}", "x", "{sku}", "x", "{id}", "x", "{name}", "x", "/allocations/", "/allocations/o1",
	"/stream", "/stream?after=x")

// changes are what is sent to doors where it would change something; others get
// an empty object.
var changes = map[string]string{
	"POST /add_batch": `{"ref":"b1","sku":"LAMP","qty":10}`, "POST /v1/batches": `{"ref":"b2","sku":"LAMP","qty":10}`,
	"POST /allocate": `{"orderid":"o1","sku":"LAMP","qty":1}`, "POST /v1/orders": `{"order_id":"o2","lines":[{"sku":"LAMP","qty":1}]}`,
	"POST /v1/orders/{order_id}/lines": `{"sku":"LAMP","qty":1}`, "PUT /v1/products/{sku}": `{"description":"a lamp"}`,
}

// knock asks at a door.
func (s *shop) knock(door string, headers []string) answer {
	s.t.Helper()
	method, path, _ := strings.Cut(anyone.Replace(door), " ")
	contentType := plain
	if door == "POST /v1/bulk" {
		contentType = ndjson
	}
	return s.ask(method, path, cmp.Or(changes[door], "{}"), append(slices.Clone(headers), "Content-Type", contentType)...)
}

func TestEveryRouteIsADoor(t *testing.T) {
	for _, r := range httpapi.Routes() {
		if _, known := doors[r.Method+" "+r.Pattern]; !known {
			t.Errorf("%s %s is no door: say who may use it", r.Method, r.Pattern)
		}
	}
}

func TestEveryDoorOpensToItsScopeAndToNothingElse(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	s.do(domain.CreateBatch{Ref: "b0", SKU: "LAMP", Qty: 100}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 1})
	expired, revoked := s.issue("expired", access.Scopes...), s.issue("revoked", access.Scopes...)
	if _, err := s.tokens.Revoke(t.Context(), "revoked"); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Hour)
	good := s.issue("good", access.Scopes...)
	callers := map[string]struct {
		headers []string
		scopes  []access.Scope // nil: nobody knows them
	}{
		"no token": {}, "an unknown token": {headers: bearer(access.NewSecret())}, "another scheme": {headers: []string{"Authorization", "Basic " + good}},
		"an expired token": {headers: bearer(expired)}, "a revoked token": {headers: bearer(revoked)},
		"two tokens": {headers: append(bearer(good), bearer(good)...)}, "no secret": {headers: bearer("")}, "half a secret": {headers: bearer(good[:20])},
	}
	for _, scope := range access.Scopes {
		c := callers[string(scope)]
		c.headers, c.scopes = bearer(s.issue(string(scope), scope)), []access.Scope{scope}
		callers[string(scope)] = c
	}
	for who, c := range callers {
		for door, scopes := range doors {
			t.Run(who+" "+door, func(t *testing.T) {
				s := s.in(t)
				got := s.knock(door, c.headers)
				may := slices.ContainsFunc(scopes, func(scope access.Scope) bool { return slices.Contains(c.scopes, scope) })
				switch challenge := got.Header.Get("WWW-Authenticate"); {
				case scopes == nil || may:
					if got.Status == 401 || got.Status == 403 || challenge != "" {
						t.Errorf("it is refused: %d %s", got.Status, got.Body)
					}
				case c.scopes == nil:
					expectProblem(t, got, 401, access.CodeUnauthorized, "")
					if !strings.HasPrefix(challenge, "Bearer ") {
						t.Errorf("WWW-Authenticate is %q", challenge)
					}
				default:
					expectProblem(t, got, 403, access.CodeForbidden, "")
					if !strings.Contains(got.Body, "scope "+string(scopes[0])) {
						t.Errorf("it doesn't say what lacks: %s", got.Body)
					}
				}
			})
		}
	}
}

func TestOtherMethodsOpenNoDoor(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	boss := s.issue("boss", access.Scopes...)
	before := s.events()
	known := map[string][]string{}
	for door := range doors {
		method, path, _ := strings.Cut(anyone.Replace(door), " ")
		known[path] = append(known[path], method)
	}
	for path, methods := range known {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"} {
			if slices.Contains(methods, method) || method == "HEAD" && slices.Contains(methods, "GET") {
				continue
			}
			for _, headers := range [][]string{nil, bearer(boss)} {
				if got := s.ask(method, path, "", headers...); got.Status != 405 {
					t.Errorf("%s %s: status %d", method, path, got.Status)
				}
			}
		}
	}
	if got := s.ask("HEAD", "/allocations/o1", ""); got.Status != 401 {
		t.Errorf("HEAD: status %d", got.Status)
	}
	if s.events() != before {
		t.Error("something was done")
	}
}

func TestEachLineNeedsTheScopeOfItsCommand(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	s.do(domain.CreateBatch{Ref: "b0", SKU: "LAMP", Qty: 100})
	till := s.issue("till", access.Allocate)
	got := s.ask("POST", "/v1/bulk", `{"op":"allocate","order_id":"o1","sku":"LAMP","qty":1}
{"op":"add_batch","ref":"b2","sku":"LAMP","qty":1}
{"op":"cancel","order_id":"o1","sku":"LAMP"}
`, append(bearer(till), "Content-Type", ndjson)...)
	var said []string
	for line := range strings.Lines(got.Body) {
		var answer struct {
			Status int    `json:"http_status"`
			Code   string `json:"code"`
		}
		if err := json.Unmarshal([]byte(line), &answer); err != nil {
			t.Fatal(err)
		}
		said = append(said, fmt.Sprint(answer.Status, answer.Code))
	}
	if want := []string{"201", "403forbidden", "200", "0"}; !slices.Equal(said, want) {
		t.Errorf("got %q, want %q\n%s", said, want, got.Body)
	}
	if _, err := s.store.Batch(t.Context(), "b2"); err == nil {
		t.Error("the batch is there")
	}
}

// actors are who events say that did something, the last event last.
func (s *guardedShop) actors() (all []string) {
	s.t.Helper()
	page, err := s.store.Events(s.t.Context(), views.Page{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range page.Items {
		all = append(all, e.Actor)
	}
	return all
}

func TestChangesAreMadeInTheNameOfTheToken(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Key: "the key"})
	boss := s.issue("boss", access.Scopes...)
	add := func(ref string, headers ...string) {
		t.Helper()
		got := s.ask("POST", "/add_batch", `{"ref":"`+ref+`","sku":"LAMP","qty":10}`, append(headers, "Content-Type", plain)...)
		if got.Status != 201 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	add("b1", bearer(boss)...)
	add("b2", append(bearer(boss), "Allot-Actor", "nina")...)           // a token speaks for itself
	add("b3", append(bearer("the key"), "Allot-Actor", "nin%C3%A4")...) // only the key may say for whom it is
	add("b4", "Allot-Actor", "nina")
	s.ask("POST", "/v1/bulk", `{"op":"add_batch","ref":"b5","sku":"LAMP","qty":1}`, append(bearer(boss), "Content-Type", ndjson)...)
	if got, want := s.actors(), []string{"boss", "boss", "ninä", "", "boss"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheKeyOpensEverythingAndAnEmptyOneNothing(t *testing.T) {
	for key, want := range map[string]int{"the key": 200, "another key": 401, "": 401} {
		s := openGuarded(t, httpapi.Guard{Required: true, Key: key})
		for _, given := range []string{"the key", "the key "} {
			if got := s.ask("GET", "/v1/tokens", "", bearer(given)...); got.Status != want {
				t.Errorf("the key is %q, %q was given: status %d, want %d", key, given, got.Status, want)
			}
		}
	}
}

func TestATokenCountsAlsoWhereNoneIsNeeded(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{})
	reader := s.issue("reader", access.Read)
	if got := s.get("/v1/tokens"); got.Status != 200 {
		t.Errorf("without a token: status %d", got.Status)
	}
	expectProblem(t, s.ask("GET", "/v1/tokens", "", bearer(reader)...), 403, access.CodeForbidden, "")
	expectProblem(t, s.ask("GET", "/v1/tokens", "", bearer("allot_x")...), 401, access.CodeUnauthorized, "")
}

func TestOnlyRequestsThatAreMeantForUsAreTaken(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Hosts: []string{"shop.example"}})
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:5005": 200, "127.0.0.1": 200, "[::1]:5005": 200, "10.1.2.3:80": 200,
		"shop.example": 200, "Shop.Example.:443": 200,
		"evil.example": 421, "evil.example:5005": 421, "shop.example.evil.example": 421, "127.0.0.1.evil.example": 421,
		"localhost.evil.example": 421, "xshop.example": 421,
	} {
		for _, path := range []string{"/healthz", "/nothing"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = host
			w, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			got := s.read(w)
			if want == 421 {
				expectProblem(t, got, 421, wire.CodeUnknownHost, "")
			} else if got.Status == 421 {
				t.Errorf("%s is refused: %s", host, got.Body)
			}
		}
	}
}

func TestPagesOfOtherSitesChangeNothing(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{})
	boss := s.issue("boss", access.Scopes...)
	for name, tt := range map[string]struct {
		headers []string
		foreign bool
	}{
		"a program":               {nil, false},
		"a page of ours":          {[]string{"Origin", s.url, "Sec-Fetch-Site", "same-origin"}, false},
		"an old browser of ours":  {[]string{"Origin", s.url}, false},
		"another site":            {[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, true},
		"another port":            {[]string{"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"}, true},
		"an old browser":          {[]string{"Origin", "https://evil.example"}, true},
		"a page without a name":   {[]string{"Origin", "null"}, true},
		"another site, a token":   {append(bearer(boss), "Sec-Fetch-Site", "cross-site"), true},
		"a form of another site":  {[]string{"Sec-Fetch-Site", "cross-site", "Content-Type", "application/x-www-form-urlencoded"}, true},
		"an address that was put": {[]string{"Sec-Fetch-Site", "none"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			for door := range doors {
				if strings.HasPrefix(door, "GET ") {
					continue
				}
				before := s.events()
				got := s.knock(door, tt.headers)
				if !tt.foreign && got.Status == 403 {
					t.Errorf("%s is refused: %s", door, got.Body)
				}
				if !tt.foreign {
					continue
				}
				expectProblem(t, got, 403, wire.CodeForeignOrigin, "")
				if s.events() != before {
					t.Errorf("%s has changed something", door)
				}
			}
		})
	}
}

func TestTooManyRequestsAreToldToComeBackLater(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{RatePerToken: 2})
	till, shop := s.issue("till", access.Read), s.issue("web-shop", access.Read)
	refused := 0
	for range 20 {
		if got := s.ask("GET", "/version", "", bearer(till)...); got.Status != 200 {
			expectTooMany(t, got)
			refused++
		}
	}
	if refused == 0 || refused > 18 { // two at once, and two more each second
		t.Errorf("%d of 20 were refused", refused)
	}
	for _, got := range []answer{s.ask("GET", "/version", "", bearer(shop)...), s.get("/version"), s.get("/healthz")} {
		if got.Status != 200 {
			t.Errorf("others suffer: status %d", got.Status)
		}
	}
}

func TestTheServerAsAWholeHasALimitToo(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Rate: 2})
	refused := 0
	for range 20 {
		if got := s.get("/version"); got.Status != 200 {
			expectTooMany(t, got)
			refused++
		}
	}
	if refused == 0 {
		t.Error("none of 20 was refused")
	}
	if got := s.get("/healthz"); got.Status != 200 {
		t.Errorf("whether it lives can't be asked: status %d", got.Status)
	}
}

func expectTooMany(t *testing.T, got answer) {
	t.Helper()
	expectProblem(t, got, 429, wire.CodeRateLimited, "")
	if after := got.Header.Get("Retry-After"); !slices.Contains([]string{"1", "2", "3"}, after) {
		t.Errorf("Retry-After is %q", after)
	}
}

func TestWhereARequestComesFromIsTakenFromAProxyOfOursOnly(t *testing.T) {
	for behind, want := range map[bool]string{true: "from=203.0.113.7 ", false: "from=127.0.0.1:"} {
		s := openGuarded(t, httpapi.Guard{BehindProxy: behind})
		s.ask("GET", "/healthz", "", "X-Forwarded-For", "198.51.100.1, 192.0.2.9", "X-Forwarded-For", "192.0.2.1,203.0.113.7")
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("behind a proxy: %t, and %q is not in the log:\n%s", behind, want, s.log)
		}
	}
}
