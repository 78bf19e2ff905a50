package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/wire"
)

// askToken makes a request as the boss, and reads the token in its answer.
func (s *guardedShop) askToken(boss, method, path, body string, status int) wire.Token {
	s.t.Helper()
	got := s.ask(method, path, body, append(bearer(boss), "Content-Type", plain)...)
	var token wire.Token
	if err := json.Unmarshal([]byte(got.Body), &token); err != nil || got.Status != status {
		s.t.Fatalf("%s %s: %d %s", method, path, got.Status, got.Body)
	}
	return token
}

func TestATokenLivesFromPostToDelete(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	boss := s.issue("boss", access.Admin)
	made := s.askToken(boss, "POST", "/v1/tokens", `{"name":"till","scopes":["allocate","read"],"expires":"2026-12-31T00:00:00Z"}`, 201)
	if made.Name != "till" || !strings.HasPrefix(made.Secret, "allot_") || made.Expires.Day() != 31 {
		t.Errorf("%+v was made", made)
	}
	if got := s.ask("GET", "/version", "", bearer(made.Secret)...); got.Status != 200 {
		t.Errorf("it doesn't open what it should: %d", got.Status)
	}
	list := s.ask("GET", "/v1/tokens", "", bearer(boss)...)
	if want := `{"name":"till","scopes":["allocate","read"],"created":"2026-11-24T12:00:00Z","expires":"2026-12-31T00:00:00Z"}`; !strings.Contains(list.Body, want) {
		t.Errorf("%s is not in the list: %s", want, list.Body)
	}
	if gone := s.askToken(boss, "DELETE", "/v1/tokens/till", "", 200); gone.Revoked.IsZero() || gone.Secret != "" {
		t.Errorf("%+v was revoked", gone)
	}
	expectProblem(t, s.ask("GET", "/version", "", bearer(made.Secret)...), 401, access.CodeUnauthorized, "")
	expectProblem(t, s.ask("DELETE", "/v1/tokens/till", "", bearer(boss)...), 404, access.CodeUnknownToken, "name")
}

func TestTokensThatCannotBeMadeAreRefused(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{})
	s.issue("till", access.Read)
	for body, want := range map[string]struct {
		status      int
		code, field string
	}{
		`{"name":"till","scopes":["read"]}`:                                  {409, access.CodeTokenConflict, "name"},
		`{"name":"shop"}`:                                                    {422, domain.CodeValidationFailed, "scopes"},
		`{"name":"shop","scopes":"read"}`:                                    {422, domain.CodeValidationFailed, "scopes"},
		`{"name":"shop","scopes":[]}`:                                        {422, domain.CodeValidationFailed, "scopes"},
		`{"name":"shop","scopes":["write"]}`:                                 {422, domain.CodeValidationFailed, "scopes"},
		`{"name":"a b","scopes":["read"]}`:                                   {422, domain.CodeValidationFailed, "name"},
		`{"name":"shop","scopes":["read"],"expires":"soon"}`:                 {422, domain.CodeValidationFailed, "expires"},
		`{"name":"shop","scopes":["read"],"expires":"2026-01-01T00:00:00Z"}`: {422, domain.CodeValidationFailed, "expires"},
		`{"name":"shop","scopes":["read"],"secret":"mine"}`:                  {422, domain.CodeValidationFailed, "secret"},
		`[]`: {400, wire.CodeMalformedJSON, ""},
	} {
		expectProblem(t, s.post("/v1/tokens", body), want.status, want.code, want.field)
	}
	expectProblem(t, s.post("/v1/tokens?force=1", `{"name":"shop","scopes":["read"]}`), 422, domain.CodeValidationFailed, "force")
	expectProblem(t, s.get("/v1/tokens?limit=1"), 422, domain.CodeValidationFailed, "limit")
	expectProblem(t, s.ask("POST", "/v1/tokens", `{}`, "Content-Type", "text/plain"), 415, wire.CodeUnsupportedMediaType, "")
}

func TestADryRunSaysWhatWouldBecomeOfATokenAndChangesNothing(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{})
	till := s.issue("till", access.Read)
	for range 2 {
		if would := s.askToken(till, "POST", "/v1/tokens?dry_run=true", `{"name":"shop","scopes":["read"]}`, 403); would.Name != "" {
			t.Errorf("it tells who may not know: %+v", would)
		}
		s.expect(s.post("/v1/tokens?dry_run=true", `{"name":"shop","scopes":["read"]}`), 201, plain,
			`{"name":"shop","scopes":["read"],"created":"2026-11-24T12:00:00Z"}`+"\n")
		s.expect(s.ask("DELETE", "/v1/tokens/till?dry_run=true", ""), 200, plain,
			`{"name":"till","scopes":["read"],"created":"2026-11-24T12:00:00Z","expires":"2026-11-24T13:00:00Z","revoked":"2026-11-24T12:00:00Z"}`+"\n")
	}
	expectProblem(t, s.post("/v1/tokens?dry_run=true", `{"name":"till","scopes":["read"]}`), 409, access.CodeTokenConflict, "name")
	expectProblem(t, s.ask("DELETE", "/v1/tokens/shop?dry_run=true", ""), 404, access.CodeUnknownToken, "name")
	s.expect(s.get("/v1/tokens"), 200, plain, `{"items":[{"name":"till","scopes":["read"],"created":"2026-11-24T12:00:00Z","expires":"2026-11-24T13:00:00Z"}]}`+"\n")
}

func TestNoSecretIsEverLoggedOrToldTwice(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true, Key: access.NewSecret()})
	boss := s.issue("boss", access.Scopes...)
	till := s.askToken(boss, "POST", "/v1/tokens", `{"name":"till","scopes":["read"]}`, 201).Secret
	unknown := access.NewSecret()
	said := ""
	for _, secret := range []string{boss, till, unknown, "Basic " + unknown} {
		for _, path := range []string{"/v1/tokens", "/version", "/allocations/o1", "/nothing", "/v1/tokens?x=1"} {
			got := s.ask("GET", path, "", bearer(secret)...)
			said += got.Body
			for _, values := range got.Header {
				said += strings.Join(values, " ")
			}
		}
	}
	s.askToken(boss, "DELETE", "/v1/tokens/till", "", 200)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	log := s.log.String()
	for _, secret := range []string{boss, till, unknown} {
		if strings.Contains(said+log, secret[len("allot_"):]) {
			t.Errorf("%s is told:\n%s\n%s", secret, said, log)
		}
	}
	for _, want := range []string{`msg="token issued" token=till scopes=[read] expires=never actor=boss`, `msg="token revoked" token=till actor=boss`} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the log:\n%s", want, log)
		}
	}
}
