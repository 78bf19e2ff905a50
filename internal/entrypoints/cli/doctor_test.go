package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"allot/internal/adapters/sqlite"
	"allot/internal/entrypoints/wire"
	"allot/internal/redistest"
	"allot/internal/service"
	"allot/internal/views"
)

// found is what the doctor says of a check.
type found struct{ Check, Status, Detail, Next string }

// examine has the doctor look, and returns what it finds by check.
func (s *shell) examine(t *testing.T, flags string) (map[string]found, int) {
	t.Helper()
	r := s.run(t, "doctor --output json --addr 127.0.0.1:0 "+flags)
	var all []found
	if err := json.Unmarshal([]byte(r.out), &all); err != nil {
		t.Fatalf("%v in %s%s", err, r.out, r.err)
	}
	by := map[string]found{}
	for _, f := range all {
		if (f.Status == "ok") != (f.Next == "") {
			t.Errorf("%+v: what is not well needs a next step, and only that", f)
		}
		by[f.Check] = f
	}
	return by, r.exit
}

func TestADoctorFindsNothingWhereAllIsWell(t *testing.T) {
	s := newShell(t)
	s.now = time.Now()
	s.must(t, "batch add b1 LAMP 5")
	got, exit := s.examine(t, "")
	for _, check := range []string{"settings", "directory", "permissions", "lock", "database", "schema", "pragmas", "clock", "deliveries", "webhooks", "server"} {
		if got[check].Status != "ok" {
			t.Errorf("%s: %+v", check, got[check])
		}
	}
	if got["space"].Status == "" || exit != wire.ExitDone && got["space"].Status != "fail" {
		t.Errorf("exit %d, space: %+v", exit, got["space"])
	}
	for check, says := range map[string]string{"pragmas": "synchronous=2", "settings": "addr from --addr", "lock": "nobody"} {
		if !strings.Contains(got[check].Detail, says) {
			t.Errorf("%s doesn't say %q: %+v", check, says, got[check])
		}
	}
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	got, _ = s.examine(t, "")
	for check, says := range map[string]string{"lock": "takes commands at " + server.url, "server": server.url + " is ready"} {
		if got[check].Status != "ok" || !strings.Contains(got[check].Detail, says) {
			t.Errorf("%s doesn't say %q: %+v", check, says, got[check])
		}
	}
}

func TestADoctorFindsWhatIsWrong(t *testing.T) {
	notReady := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"detail":"the disk is full","hint":"make space"}`)
	}))
	defer notReady.Close()
	for name, tt := range map[string]struct {
		spoil         func(t *testing.T, s *shell)
		flags         string
		check, status string
		says          string
	}{
		"no database":     {func(t *testing.T, _ *shell) { os.RemoveAll("allot-data") }, "", "database", "warn", "there is none at "},
		"no directory":    {func(t *testing.T, _ *shell) { os.RemoveAll("allot-data") }, "", "directory", "warn", "there is no allot-data yet"},
		"a file":          {func(*testing.T, *shell) {}, "--data allot-data/allot.db", "directory", "fail", "is a file"},
		"open to all":     {func(*testing.T, *shell) { os.Chmod("allot-data", 0o777) }, "", "permissions", "fail", "may change allot-data"},
		"read by all":     {func(*testing.T, *shell) { os.Chmod("allot-data", 0o755) }, "", "permissions", "warn", "may read"},
		"damage":          {damage, "", "database", "fail", ""},
		"no database yet": {func(*testing.T, *shell) { os.WriteFile("allot-data/allot.db", []byte("some text"), 0o600) }, "", "database", "fail", "can't be read"},
		"a slow clock":    {func(_ *testing.T, s *shell) { s.now = s.now.Add(-time.Hour) }, "", "clock", "fail", "the last event happened at"},
		"parked":          {park, "", "deliveries", "warn", "1 is parked, and 0 tried again"},
		"put off":         {putOff, "", "deliveries", "ok", "none has failed"},
		"a webhook":       {fallBehind, "", "webhooks", "warn", "https://shop.example/events is 1 event behind"},
		"no server":       {func(*testing.T, *shell) {}, "--server http://127.0.0.1:1", "server", "fail", "doesn't answer"},
		"a server":        {func(*testing.T, *shell) {}, "--server " + notReady.URL, "server", "fail", "is not ready: the disk is full"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.must(t, "batch add b1 LAMP 5")
			tt.spoil(t, s)
			got, exit := s.examine(t, tt.flags)
			if f := got[tt.check]; f.Status != tt.status || !strings.Contains(f.Detail, tt.says) {
				t.Errorf("it says %+v", f)
			}
			if tt.status == "fail" && exit != wire.ExitFailed {
				t.Errorf("exit %d", exit)
			}
		})
	}
}

func TestADoctorLooksAtCertificates(t *testing.T) {
	s := newShell(t)
	s.now = time.Now()
	cert := writeCertificate(t) // for 127.0.0.1 and example.com
	server := s.serve(t, "serve --addr 127.0.0.2:0 --tls-cert cert.pem --tls-key key.pem")
	got, _ := s.examine(t, "")
	for check, says := range map[string]string{"server": " is ready", "certificate": "it is good until 2084-"} {
		if got[check].Status != "ok" || !strings.Contains(got[check].Detail, says) {
			t.Errorf("%s doesn't say %q: %+v", check, says, got[check])
		}
	}
	for left, want := range map[time.Duration]string{0: "fail", 24 * time.Hour: "warn", 15 * 24 * time.Hour: "ok"} {
		s.now = cert.NotAfter.Add(-left)
		if got, _ := s.examine(t, ""); got["certificate"].Status != want {
			t.Errorf("with %v left: %+v", left, got["certificate"])
		}
	}
	stranger := httptest.NewTLSServer(nil)
	defer stranger.Close()
	for url, next := range map[string]string{
		"https://" + regexp.MustCompile(`127\.0\.0\.2:\d+`).FindString(server.out): "name it as its certificate does", stranger.URL: "trust who signed its certificate",
	} {
		if got, _ := s.examine(t, "--server "+url); got["server"].Status != "fail" || !strings.Contains(got["server"].Next, next) {
			t.Errorf("%s: %+v", url, got["server"])
		}
	}
}

// A setting that is written wrongly would be as if it weren't there.
func TestAVariableThatIsWrittenWronglyIsTold(t *testing.T) {
	s := newShell(t)
	s.env["ALLOT_TOKEN"], s.env["ALLOT_ADDR"], s.env["ALLOT_HOME_OF_THE_BACKUPS"] = "x", "127.0.0.1:0", "y"
	s.env["ALLOT_PORT"], s.env["ALLOT_SERVICE_HOST"] = "tcp://10.0.0.1:5005", "10.0.0.1" // as Kubernetes does
	if got, _ := s.examine(t, ""); got["settings"].Status != "ok" {
		t.Errorf("it says %+v", got["settings"])
	}
	s.env["ALLOT_REDS_URL"], s.env["allot_auth"] = "redis://cache", "required"
	const says = "ALLOT_REDS_URL is not read: did you mean ALLOT_REDIS_URL?; allot_auth is not read: did you mean ALLOT_AUTH?"
	if got, _ := s.examine(t, ""); got["settings"].Status != "warn" || got["settings"].Detail != says {
		t.Errorf("it says %+v", got["settings"])
	}
	server := s.serve(t, "serve")
	if err := server.said.String(); !strings.Contains(err, "warning: ALLOT_REDS_URL is not read: did you mean ALLOT_REDIS_URL?") {
		t.Errorf("the server says %s", err)
	}
}

func TestADoctorAsksTheServersOfOthersThatAreSet(t *testing.T) {
	s := newShell(t)
	s.now = time.Now()
	s.must(t, "batch add b1 LAMP 5")
	redisServer := redistest.Start(t)
	mailServer, _ := takeMails(t, "127.0.0.1:0")
	mail := " --smtp-tls none --mail-from allot@example.com --mail-to ann@example.com --smtp-url smtp://"
	if got, _ := s.examine(t, ""); got["redis"].Check != "" || got["mail"].Check != "" {
		t.Errorf("it says %+v and %+v of what nobody set", got["redis"], got["mail"])
	}
	got, exit := s.examine(t, "--redis-url "+redisServer.URL+mail+mailServer)
	if got["redis"].Status != "ok" || got["mail"].Status != "ok" {
		t.Errorf("it says %+v and %+v", got["redis"], got["mail"])
	}
	redisServer.Kill()
	got, again := s.examine(t, "--redis-url "+redisServer.URL+mail+"127.0.0.1:1")
	if got["redis"].Status != "warn" || got["mail"].Status != "warn" || again != exit {
		t.Errorf("exit %d, it says %+v and %+v of what can't be reached", again, got["redis"], got["mail"])
	}
	if got, exit := s.examine(t, "--smtp-url smtp://"+mailServer); got["mail"].Status != "fail" || exit != wire.ExitFailed {
		t.Errorf("exit %d, it says %+v of a mail server without anybody to write to", exit, got["mail"])
	}
}

// damage spoils pages of the database.
func damage(t *testing.T, _ *shell) {
	t.Helper()
	body, err := os.ReadFile("allot-data/allot.db")
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(body); i++ {
		body[i] ^= 0xa5
	}
	if err := os.WriteFile("allot-data/allot.db", body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// park parks a delivery.
func park(t *testing.T, _ *shell) {
	postpone(t, service.Failure{Attempts: service.MostAttempts, Error: "no", Parked: true})
}

// putOff puts a delivery off on purpose.
func putOff(t *testing.T, _ *shell) { postpone(t, service.Failure{Error: "not yet"}) }

// fallBehind adds a webhook that nobody posts to, and has something happen that
// is for it, and something that is not.
func fallBehind(t *testing.T, s *shell) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), "allot-data/allot.db", "test")
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.AddWebhook(t.Context(), views.Webhook{URL: "https://shop.example/events", Events: []string{"batch_created"}, At: s.now})
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	s.must(t, "batch add b2 LAMP 5")
	s.must(t, "allocate o1 LAMP 2")
	s.now = s.now.Add(time.Hour)
}

func postpone(t *testing.T, f service.Failure) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), "allot-data/allot.db", "test")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	f.Subscription, f.Event, f.Next = "mail", service.Envelope{Position: 1}, time.Now()
	if err := store.Postpone(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}
