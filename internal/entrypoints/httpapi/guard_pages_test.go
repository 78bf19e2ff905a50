package httpapi_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"allot/internal/access"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/wire"
)

// visit is what somebody sends along who has a session.
func (s *guardedShop) visit(token string) []string {
	s.t.Helper()
	secret, _, err := s.sessions.Begin(s.t.Context(), token)
	if err != nil {
		s.t.Fatal(err)
	}
	return []string{"Cookie", wire.SessionCookie(false) + "=" + secret}
}

func TestPagesOpenToWhoeverSignedIn(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	nobody := []string(nil)
	reader, clerk := s.visit(s.issue("reader", access.Read)), s.visit(s.issue("clerk", access.Read, access.Allocate, access.Stock))
	till, boss := s.visit(s.issue("till", access.Allocate)), s.visit(s.issue("boss", access.Scopes...))
	stranger := []string{"Cookie", wire.SessionCookie(false) + "=" + access.NewSecret()}
	basic := []string{"Authorization", "Basic YW55Ym9keTphbGxvdF94"}
	for _, tt := range []struct {
		method, path string
		who          []string
		status       int
		says         string // the body, or where it leads
	}{
		{"GET", "/", nobody, 303, "/sign-in?to=%2F"},
		{"GET", "/orders/o1?as_of=2026-12-01", nobody, 303, "/sign-in?to=%2Forders%2Fo1%3Fas_of%3D2026-12-01"},
		{"GET", "/", stranger, 303, "/sign-in?to=%2F"},
		{"GET", "/", basic, 401, ""},
		{"GET", "/", bearer("allot_wrong"), 401, ""},
		{"POST", "/do/allocate", nobody, 303, "/sign-in?to=%2Fdo%2Fallocate%3F"},

		{"GET", "/", reader, 200, "for reader"},
		{"HEAD", "/orders/o1", reader, 200, ""},
		{"GET", "/", till, 403, ""},
		{"POST", "/do/allocate", reader, 403, ""},
		{"POST", "/do/allocate", till, 200, "for till"}, // the page looks whether it may do just that
		{"POST", "/what-if", till, 200, "for till"},
		{"POST", "/import", till, 403, ""},
		{"POST", "/import", clerk, 200, "for clerk"},
		{"POST", "/deliveries", clerk, 403, ""},
		{"POST", "/deliveries", boss, 200, "for boss"},
		{"PUT", "/", reader, 403, ""},

		{"GET", "/docs/errors/unauthorized", nobody, 200, "for "},
		{"GET", "/docs/errors/unauthorized", reader, 200, "for reader"},
		{"GET", "/assets/style.css", stranger, 200, "for "},
		{"GET", "/sign-in", nobody, 200, "for "},
	} {
		got := s.ask(tt.method, tt.path, "", append([]string{"Accept", "text/html"}, tt.who...)...)
		said := got.Body
		if got.Status == 303 {
			said = got.Header.Get("Location")
		}
		if got.Status != tt.status || tt.says != "" && said != tt.says {
			t.Errorf("%s %s for %q: %d %s", tt.method, tt.path, tt.who, got.Status, said)
		}
	}
	for _, who := range [][]string{nobody, boss} {
		foreign := append([]string{"Accept", "text/html", "Origin", "https://evil.example"}, who...)
		expectProblem(t, s.ask("POST", "/do/allocate", "", foreign...), 403, wire.CodeForeignOrigin, "")
		expectProblem(t, s.ask("POST", "/sign-in", "", foreign...), 403, wire.CodeForeignOrigin, "")
	}
}

func TestWhatWasFilledInIsKeptForAfterSigningIn(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	got := s.ask("POST", "/do/change_batch", "ref=b1&qty=3&plan=x&seen=yes", "Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded")
	if to := got.Header.Get("Location"); to != "/sign-in?to=%2Fdo%2Fchange_batch%3Fqty%3D3%26ref%3Db1" {
		t.Errorf("it leads to %s", to)
	}
	got = s.ask("POST", "/do/change_batch", "note="+strings.Repeat("x", 9<<10), "Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded")
	if to := got.Header.Get("Location"); to != "/sign-in?to=%2Fdo%2Fchange_batch" {
		t.Errorf("a long form leads to %s", to)
	}
}

func TestASessionLooksAtTheAPIAndChangesNothingThere(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	boss := s.visit(s.issue("boss", access.Scopes...))
	if got := s.ask("GET", "/v1/orders", "", boss...); got.Status != 200 {
		t.Errorf("looking: %d %s", got.Status, got.Body)
	}
	got := s.ask("POST", "/add_batch", `{"ref":"b1","sku":"LAMP","qty":10}`, append(slices.Clone(boss), "Content-Type", plain)...)
	expectProblem(t, got, 401, access.CodeUnauthorized, "")
}

func TestASessionEndsWithItsToken(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{Required: true})
	clerk := s.visit(s.issue("clerk", access.Read))
	if _, err := s.tokens.Revoke(t.Context(), "clerk"); err != nil {
		t.Fatal(err)
	}
	if got := s.ask("GET", "/", "", append([]string{"Accept", "text/html"}, clerk...)...); got.Status != 303 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

func TestWhereNobodyHasToSignInAnOldSessionIsNoObstacle(t *testing.T) {
	s := openGuarded(t, httpapi.Guard{})
	clerk := s.visit(s.issue("clerk", access.Read))
	html := append([]string{"Accept", "text/html"}, clerk...)
	if got := s.ask("GET", "/", "", html...); got.Status != 200 || got.Body != "for clerk" {
		t.Errorf("signed in: %d %s", got.Status, got.Body)
	}
	s.now = s.now.Add(access.SessionAge + time.Hour)
	if got := s.ask("POST", "/import", "", html...); got.Status != 200 || got.Body != "for " {
		t.Errorf("afterwards: %d %s", got.Status, got.Body)
	}
}
