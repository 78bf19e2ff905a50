package cli_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"allot/internal/access"
	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

// statusOf asks a server for its version with a token, or none.
func statusOf(t *testing.T, url, secret string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/version", nil)
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	w, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	w.Body.Close()
	return w.StatusCode
}

func TestATokenMadeWithoutAServerOpensOneLater(t *testing.T) {
	s := newShell(t)
	made := s.run(t, "token create web-shop --scope read,allocate --expires 90d")
	secret := strings.TrimSpace(made.out)
	if made.exit != 0 || !strings.HasPrefix(secret, "allot_") || !strings.Contains(made.err, "token web-shop (read,allocate) is in use until 2027-02-22T12:00:00Z") {
		t.Fatalf("%+v", made)
	}
	server := s.serve(t, "serve --addr 127.0.0.1:0 --auth required")
	if got := statusOf(t, server.url, secret); got != 200 {
		t.Errorf("with the token: status %d", got)
	}
	if got := statusOf(t, server.url, ""); got != 401 {
		t.Errorf("without a token: status %d", got)
	}
	if strings.Contains(server.said.String(), "none is in use") {
		t.Errorf("the server misses tokens: %s", server.said)
	}
}

func TestTokensGoThroughTheServerThatRuns(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0 --auth required")
	if !strings.Contains(server.said.String(), "none is in use: make one with allot token create") {
		t.Errorf("the server doesn't say that nobody can come in: %s", server.said)
	}
	secret := strings.TrimSpace(s.must(t, "token create web-shop --scope read"))
	s.fails(t, "token create web-shop --scope read", wire.ExitConflict, `there is a token "web-shop" already`)
	if got := statusOf(t, server.url, secret); got != 200 {
		t.Errorf("status %d", got)
	}
	if got := s.must(t, "token list"); got != "NAME\tSCOPES\tSTATE\tCREATED\tEXPIRES\nweb-shop\tread\tin use\t2026-11-24T12:00:00Z\t-\n" {
		t.Errorf("the list is %q", got)
	}
	s.must(t, "token revoke web-shop")
	if got := statusOf(t, server.url, secret); got != 401 {
		t.Errorf("after it was revoked: status %d", got)
	}
	if got := s.must(t, "token list"); !strings.Contains(got, "\trevoked\t") {
		t.Errorf("the list is %q", got)
	}
	s.fails(t, "token revoke web-shop", wire.ExitNotFound, `no token "web-shop" is in use`)
	if strings.Contains(server.said.String(), secret) {
		t.Errorf("the log has the secret: %s", server.said)
	}
}

func TestAServerThatIsNamedWantsAToken(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0 --auth required")
	admin := strings.TrimSpace(s.must(t, "token create boss --scope admin"))
	stock := strings.TrimSpace(s.must(t, "token create depot --scope stock"))
	const add = "batch add batch-1 SMALL-TABLE 10 --server "

	s.fails(t, add+server.url, wire.ExitDenied, "a token is needed", "ALLOT_TOKEN")
	s.env["ALLOT_TOKEN"] = admin
	s.fails(t, add+server.url, wire.ExitDenied, `the token "boss" lacks the scope`)
	s.env["ALLOT_TOKEN"] = stock
	s.must(t, add+server.url)
	s.fails(t, "token list --server "+server.url, wire.ExitDenied, `the token "depot" lacks the scope admin`)

	delete(s.env, "ALLOT_TOKEN")
	if err := os.WriteFile("boss.token", []byte(admin+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	made := s.must(t, "token create till --scope allocate --output json --token-file boss.token --server "+server.url)
	var till wire.Token
	if err := json.Unmarshal([]byte(made), &till); err != nil || till.Name != "till" || !strings.HasPrefix(till.Secret, "allot_") {
		t.Errorf("%v in %s", err, made)
	}
	if got := s.must(t, "token list --output name --token-file boss.token --server "+server.url); got != "boss\ndepot\ntill\n" {
		t.Errorf("the list is %q", got)
	}
	s.fails(t, "token list --token-file none.token --server "+server.url, wire.ExitUsage, "none.token")
}

func TestTokensThatCannotBeRightAreRefusedBeforeAnythingIsOpened(t *testing.T) {
	s := newShell(t)
	for line, says := range map[string]string{
		"token create till":                                       "a token without scopes opens nothing",
		"token create till --scope write":                         `"write" is no scope`,
		"token create t/1 --scope read":                           `"t/1" can't be the name`,
		"token create till --scope read --expires soon":           `--expires is "soon"`,
		"token create till --scope read --expires 0d":             `--expires is "0d"`,
		"token create till --scope read --expires -1h":            `--expires is "-1h"`,
		"token create till --scope read --expires 9999999999999d": "100 years",
	} {
		s.fails(t, line, wire.ExitUsage, says, "hint: ")
	}
	if _, err := os.Stat("allot-data"); err == nil {
		t.Error("there is a database")
	}
}

func TestWhoCannotReadTheKeyIsToldWhatToDo(t *testing.T) {
	s := newShell(t)
	s.serve(t, "serve --addr 127.0.0.1:0 --auth required")
	if err := os.Remove("allot-data/allot.db.key"); err != nil {
		t.Fatal(err)
	}
	s.fails(t, "batch add batch-1 SMALL-TABLE 10", wire.ExitDenied, "a token is needed", "the user whose server it is")
	s.fails(t, "token create till --scope read", wire.ExitDenied, "a token is needed", "the user whose server it is")
}

// lastActor is who did what was done last.
func lastActor(t *testing.T) string {
	t.Helper()
	app, err := bootstrap.OpenReadOnly(t.Context(), "allot-data/allot.db", bootstrap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	page, err := app.Store.Events(t.Context(), views.Page{})
	if err != nil || len(page.Items) == 0 {
		t.Fatalf("%d events, %v", len(page.Items), err)
	}
	return page.Items[len(page.Items)-1].Actor
}

func TestWhoDidItIsTheSameWithAndWithoutAServer(t *testing.T) {
	s := newShell(t)
	s.env["USER"] = "Nina Ångström"
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	if got := lastActor(t); got != "Nina Ångström" {
		t.Errorf("without a server it is %q", got)
	}
	for _, auth := range []string{"auto", "required"} {
		server := s.serve(t, "serve --addr 127.0.0.1:0 --auth "+auth)
		s.must(t, "batch add batch-"+auth+" SMALL-TABLE 10")
		if got := lastActor(t); got != "Nina Ångström" {
			t.Errorf("with a server, auth %s, it is %q", auth, got)
		}
		server.stop()
	}
}

func TestAServerRefusesToBeExposedByAccident(t *testing.T) {
	s := newShell(t)
	for _, line := range []string{"serve --addr 0.0.0.0:0", "serve --addr :0", "serve --addr [::]:0", "serve --addr 0.0.0.0:0 --auth required"} {
		s.fails(t, line, wire.ExitUsage, "can be reached from other machines", "--tls-cert", "--behind-proxy", "--insecure")
	}
	s.fails(t, "serve --addr 127.0.0.1:0 --tls-cert cert.pem", wire.ExitUsage, "belong together")
	s.fails(t, "serve --addr 127.0.0.1:0 --tls-cert cert.pem --tls-key key.pem", wire.ExitUsage, "cert.pem")
}

func TestWhoMayComeInDependsOnWhereFrom(t *testing.T) {
	for line, want := range map[string]struct {
		status int
		says   string
	}{
		"serve --addr 127.0.0.1:0":                          {200, ""},
		"serve --addr localhost:0":                          {200, ""},
		"serve --addr 127.0.0.1:0 --behind-proxy":           {401, "none is in use"},
		"serve --addr 0.0.0.0:0 --behind-proxy":             {401, "none is in use"},
		"serve --addr 0.0.0.0:0 --insecure":                 {200, "warning: whoever reaches 0.0.0.0:0 may see and change everything"},
		"serve --addr 0.0.0.0:0 --insecure --auth required": {401, "none is in use"},
	} {
		t.Run(line, func(t *testing.T) {
			s := newShell(t)
			server := s.serve(t, line)
			if got := statusOf(t, server.url, ""); got != want.status {
				t.Errorf("status %d, want %d", got, want.status)
			}
			if !strings.Contains(server.said.String(), want.says) {
				t.Errorf("%q isn't said: %s", want.says, server.said)
			}
			s.must(t, "batch add batch-1 SMALL-TABLE 10") // commands of the same user always may
		})
	}
}

func TestWhatIsRevokedInTheDatabaseOpensNothingASecondLater(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	app, err := bootstrap.Open(t.Context(), t.TempDir()+"/allot.db", "test", bootstrap.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	_, secret, err := app.Tokens.Issue(t.Context(), access.Token{Name: "till", Scopes: access.Scopes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Tokens.Caller(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Store.RevokeToken(t.Context(), "till", now); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	if _, err := app.Tokens.Caller(t.Context(), secret); err == nil {
		t.Error("it still opens")
	}
}

// writeCertificate writes a certificate for 127.0.0.1, and its key.
func writeCertificate(t *testing.T) (cert *x509.Certificate) {
	t.Helper()
	borrowed := httptest.NewTLSServer(nil)
	defer borrowed.Close()
	key, err := x509.MarshalPKCS8PrivateKey(borrowed.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: borrowed.Certificate().Raw}, "key.pem": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return borrowed.Certificate()
}

func TestAServerWithACertificateSpeaksTLSAndOurCommandsReachIt(t *testing.T) {
	s := newShell(t)
	cert := writeCertificate(t)
	server := s.serve(t, "serve --addr 0.0.0.0:0 --tls-cert cert.pem --tls-key key.pem --host shop.example")
	url := regexp.MustCompile(`https://127[0-9.:]+`).FindString(server.out)
	secret := strings.TrimSpace(s.must(t, "token create till --scope read"))
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	if got := lastActor(t); got != "nina" {
		t.Errorf("the actor is %q", got)
	}

	roots := x509.NewCertPool()
	roots.AddCert(cert)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	for host, want := range map[string]int{"": 200, "shop.example": 200, "evil.example": 421} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/version", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Host = host
		w, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		if w.StatusCode != want {
			t.Errorf("as %q: status %d, want %d", host, w.StatusCode, want)
		}
	}
}
