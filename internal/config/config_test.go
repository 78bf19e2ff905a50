package config

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// load loads a configuration from arguments, variables and, if it isn't empty,
// the text of a file.
func load(t *testing.T, file string, env map[string]string, args ...string) (Config, error) {
	t.Helper()
	if file != "" {
		path := filepath.Join(t.TempDir(), "allot.toml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	flags := pflag.NewFlagSet("allot", pflag.ContinueOnError)
	Flags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Load(flags, func(name string) string { return env[name] })
}

// origin is the value and source of a setting, without the directory of a file.
func origin(t *testing.T, c Config, name string) Value {
	t.Helper()
	for _, v := range c.Origins() {
		if v.Name == name {
			v.Source = filepath.Base(v.Source)
			return v
		}
	}
	t.Fatalf("no origin of %s", name)
	return Value{}
}

func TestWithoutAnyInputTheDefaultsHold(t *testing.T) {
	got, err := load(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Data: "./allot-data", Addr: "127.0.0.1:5005", Auth: AuthAuto, RedisKeep: 100_000, Output: OutputTable, Timezone: time.UTC,
		LogLevel: slog.LevelInfo, LogFormat: LogAuto, ShutdownTimeout: 10 * time.Second, Group: 4096,
		RequestTimeout: 5 * time.Second, Queue: 4096, AccessLog: true, SMTPTLS: "starttls",
	}
	sameZone := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if diff := cmp.Diff(want, got, sameZone, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".origins" }, cmp.Ignore()), cmp.AllowUnexported(Config{})); diff != "" {
		t.Error(diff)
	}
	for _, v := range got.Origins() {
		if v.Source != "default" {
			t.Errorf("%s comes from %s", v.Name, v.Source)
		}
	}
}

func TestFlagBeatsVariableBeatsBookBeatsFileBeatsDefault(t *testing.T) {
	const file = "# where we are\nserver = 'http://file:1'\n"
	env := map[string]string{"ALLOT_SERVER": "http://variable:1", "API_HOST": "book"}
	book := map[string]string{"API_HOST": "book"}

	for name, tt := range map[string]struct {
		file string
		env  map[string]string
		args []string
		want Value
	}{
		"flag":     {file, env, []string{"--book-env", "--server", "http://flag:1"}, Value{"server", "http://flag:1", "--server"}},
		"variable": {file, env, []string{"--book-env"}, Value{"server", "http://variable:1", "ALLOT_SERVER"}},
		"book":     {file, book, []string{"--book-env"}, Value{"server", "http://book:80", "API_HOST"}},
		"file":     {file, book, nil, Value{"server", "http://file:1", "allot.toml:2"}},
		"default":  {"", book, nil, Value{"server", "", "default"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := load(t, tt.file, tt.env, tt.args...)
			if err != nil {
				t.Fatal(err)
			}
			if got := origin(t, c, "server"); got != tt.want || c.Server != tt.want.Value {
				t.Errorf("got %v (Server %q), want %v", got, c.Server, tt.want)
			}
		})
	}
}

// samples are a value of each setting other than its default.
var samples = map[string]string{
	"book-env": "true", "data": "/srv/allot", "db": "sqlite:/srv/a.db", "addr": "[::1]:0", "server": "https://stock.example", "redis-url": "rediss://cache.example:6380/1", "redis-keep": "0", "redis-availability": "true",
	"output": "ndjson", "timezone": "Europe/London", "log-level": "warn", "log-format": "json",
	"shutdown-timeout": "1m30s", "group": "1", "queue": "8", "allow-loss": "true", "request-timeout": "250ms", "access-log": "false",
	"auth": "required", "insecure": "true", "tls-cert": "cert.pem", "tls-key": "key.pem", "behind-proxy": "true",
	"host": "shop.example,allot.internal", "rate-limit": "100", "rate-limit-per-token": "10", "token-file": "/run/secrets/allot",
	"smtp-url": "smtp://mail.example:26", "smtp-tls": "tls", "mail-from": "allot@shop.example", "mail-to": "ann@shop.example, bob@shop.example", "webhook-allow-private": "true",
}

func TestEverySettingCanBeGivenByFlagVariableAndFile(t *testing.T) {
	for _, s := range Settings() {
		if s.NotFile {
			continue
		}
		text := samples[s.Name]
		quoted := text
		if s.Kind != Int && s.Kind != Bool {
			quoted = `"` + text + `"`
		}
		for source, input := range map[string]struct {
			file string
			env  map[string]string
			args []string
		}{
			s.Flag():       {args: []string{s.Flag() + "=" + text}},
			s.Variable():   {env: map[string]string{s.Variable(): text}},
			"allot.toml:1": {file: s.Name + " = " + quoted},
		} {
			c, err := load(t, input.file, input.env, input.args...)
			if err != nil {
				t.Errorf("%s: %v", source, err)
				continue
			}
			if got, want := origin(t, c, s.Name), (Value{s.Name, text, source}); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		}
	}
}

func TestTheFileMayBeNamedByAVariable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.toml")
	if err := os.WriteFile(path, []byte("group = 12"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, "", map[string]string{"ALLOT_CONFIG": path})
	if err != nil || c.Group != 12 || c.File != path {
		t.Errorf("got group %d of file %q, error %v", c.Group, c.File, err)
	}
}

func TestTheBooksVariablesCountOnlyIfAsked(t *testing.T) {
	env := map[string]string{"API_HOST": "localhost", "DB_HOST": "postgres", "REDIS_HOST": "redis"}
	c, err := load(t, "", env)
	if err != nil || c.Server != "" || c.BookEnv {
		t.Errorf("got server %q, error %v", c.Server, err)
	}
	c, err = load(t, "book-env = true", map[string]string{"API_HOST": "localhost"})
	if err != nil || c.Server != "http://localhost:5005" {
		t.Errorf("got server %q, error %v", c.Server, err)
	}
}

func TestTheBooksRedisIsWhereTheBookLooksForIt(t *testing.T) {
	for host, want := range map[string]string{"localhost": "redis://localhost:63791", "redis": "redis://redis:6379", "": ""} {
		c, err := load(t, "", map[string]string{"REDIS_HOST": host}, "--book-env")
		if err != nil || c.RedisURL != want {
			t.Errorf("REDIS_HOST=%s: got %q, error %v; want %q", host, c.RedisURL, err, want)
		}
	}
}

func TestPasswordsAreNotShown(t *testing.T) {
	c, err := load(t, "", map[string]string{"ALLOT_REDIS_URL": "redis://me:secret@cache:6379/1"})
	if err != nil || c.RedisURL != "redis://me:secret@cache:6379/1" {
		t.Errorf("got %q, error %v", c.RedisURL, err)
	}
	if got := origin(t, c, "redis-url").Value; got != "redis://...@cache:6379/1" {
		t.Errorf("%q is shown", got)
	}
}

func TestEachRefusalNamesSettingValueSourceRuleAndNextStep(t *testing.T) {
	for name, tt := range map[string]struct {
		file string
		env  map[string]string
		args []string
		want string // DIR stands for the file's directory
	}{
		"flag":      {args: []string{"--addr", "localhost"}, want: `addr "localhost" (--addr) must be HOST:PORT, the port a number from 0 to 65535: write for example 127.0.0.1:5005, or [::1]:5005`},
		"port":      {args: []string{"--addr", ":65536"}, want: `addr ":65536" (--addr) must be HOST:PORT, the port a number from 0 to 65535: write for example 127.0.0.1:5005, or [::1]:5005`},
		"variable":  {env: map[string]string{"ALLOT_GROUP": "0"}, want: `group "0" (ALLOT_GROUP) must be a whole number from 1 to 65536: write it in digits only`},
		"file":      {file: "\n\nshutdown-timeout = \"10\"", want: `shutdown-timeout "10" (DIR/allot.toml:3) must be a time from 0s to 1h0m0s: write a number with its unit, for example 500ms, 10s or 1m30s`},
		"empty":     {args: []string{"--data="}, want: `data (--data) must not be empty: give it a value or leave it out`},
		"bool":      {args: []string{"--book-env=maybe"}, want: `book-env "maybe" (--book-env) must be true or false: write one of the two`},
		"choice":    {args: []string{"-o", "jsn"}, want: `output "jsn" (--output) must be one of table, json, ndjson, csv, name: did you mean json?`},
		"far off":   {args: []string{"-o", "xml"}, want: `output "xml" (--output) must be one of table, json, ndjson, csv, name: write one of them`},
		"database":  {args: []string{"--db", "mysql://u:secret@db/allot"}, want: `db "mysql://...@db/allot" (--db) must be sqlite:PATH, postgres://USER@HOST/NAME or empty: write for example sqlite:/var/lib/allot/allot.db`},
		"no path":   {args: []string{"--db", "sqlite:"}, want: `db "sqlite:" (--db) must be sqlite:PATH, postgres://USER@HOST/NAME or empty: write for example sqlite:/var/lib/allot/allot.db`},
		"host":      {args: []string{"--host", "http://shop.example"}, want: `host "http://shop.example" (--host) must be names without scheme, port or blank: write for example shop.example,allot.internal`},
		"no scheme": {args: []string{"--server", "localhost:5005"}, want: `server "localhost:5005" (--server) must be a URL with http:// or https:// and a host: write for example http://127.0.0.1:5005`},
		"password":  {args: []string{"--server", "http://me:secret@shop"}, want: `server "http://...@shop" (--server) must have no user name, password, query or fragment: leave that out of the URL`},
		"mail":      {args: []string{"--smtp-url", "mail.example:25"}, want: `smtp-url "mail.example:25" (--smtp-url) must be smtp://[USER:PASSWORD@]HOST[:PORT]: write for example smtp://mail.example.com:587; smtp-tls says how it is encrypted`},
		"from":      {args: []string{"--mail-from", "allot"}, want: `mail-from "allot" (--mail-from) must be a mail address: write for example allot@example.com, or Allot <allot@example.com>`},
		"to":        {args: []string{"--mail-to", "ann@a.example;bob"}, want: `mail-to "ann@a.example;bob" (--mail-to) must be mail addresses with commas between them: write for example ann@example.com, bob@example.com`},
		"zone":      {args: []string{"--timezone", "Local"}, want: `timezone "Local" (--timezone) must be a time zone of the IANA database: write for example UTC or Europe/London`},
		"book":      {env: map[string]string{"DB_HOST": "postgres"}, args: []string{"--book-env"}, want: `book-env (DB_HOST) can't be followed, since DB_HOST names a PostgreSQL server, but the database is SQLite: unset DB_HOST, or leave out --book-env`},
		"redis":     {args: []string{"--redis-url", "http://me:secret@cache"}, want: `redis-url "http://...@cache" (--redis-url) must be a URL with redis://, rediss:// or unix://, and a host or a path: write for example redis://127.0.0.1:6379/0`},

		"no file":         {args: []string{"--config", "/none.toml"}, want: `config "/none.toml" (--config) can't be read (open /none.toml: no such file or directory): name a file that exists and may be read`},
		"not TOML":        {file: "group = 1\naddr = :80", want: `config "DIR/allot.toml" (--config) must be TOML (toml: line 2 (last key "addr"): expected value but found ':' instead): write one setting per line: addr = "127.0.0.1:5006"`},
		"unknown key":     {file: "log-format = \"text\"\nlog-lewel = \"info\"", want: `log-lewel (DIR/allot.toml:2) is not a setting that a file may have: did you mean log-level?`},
		"unknown section": {file: "[allot-settings-of-ours]\ndata = \".\"", want: `allot-settings-of-ours (DIR/allot.toml:1) is not a setting that a file may have: the settings are book-env, data, db, allow-loss, addr, auth, insecure, tls-cert, tls-key, behind-proxy, host, rate-limit, rate-limit-per-token, server, token-file, redis-url, redis-keep, redis-availability, output, timezone, log-level, log-format, shutdown-timeout, group, queue, request-timeout, access-log, smtp-url, smtp-tls, mail-from, mail-to, webhook-allow-private`},
		"other file":      {file: `config = "b.toml"`, want: `config (DIR/allot.toml:1) is not a setting that a file may have: the settings are book-env, data, db, allow-loss, addr, auth, insecure, tls-cert, tls-key, behind-proxy, host, rate-limit, rate-limit-per-token, server, token-file, redis-url, redis-keep, redis-availability, output, timezone, log-level, log-format, shutdown-timeout, group, queue, request-timeout, access-log, smtp-url, smtp-tls, mail-from, mail-to, webhook-allow-private`},
		"list":            {file: `addr = ["127.0.0.1:5005"]`, want: `addr (DIR/allot.toml:1) must be a text, a whole number, true or false: put anything else in quotes`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tt.file, tt.env, tt.args...)
			refusal, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("got %v, want an *Error", err)
			}
			if diff := cmp.Diff(tt.want, withoutDir(refusal.Error())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// withoutDir replaces the directory of a test's allot.toml.
func withoutDir(text string) string {
	before, after, ok := strings.Cut(text, "/allot.toml")
	if !ok {
		return text
	}
	return before[:strings.IndexByte(before, '/')] + "DIR/allot.toml" + after
}

func TestAFlagThatACommandDoesNotHaveIsFoundElsewhere(t *testing.T) {
	flags := pflag.NewFlagSet("allot", pflag.ContinueOnError)
	Flags(flags, "data", "config")
	if flags.Lookup("addr") != nil {
		t.Error("addr was not asked for, but is a flag")
	}
	c, err := Load(flags, func(name string) string { return map[string]string{"ALLOT_ADDR": ":80"}[name] })
	if err != nil || c.Addr != ":80" {
		t.Errorf("got addr %q, error %v", c.Addr, err)
	}
}

func TestUsageShowsVariableAndDefault(t *testing.T) {
	flags := pflag.NewFlagSet("allot", pflag.ContinueOnError)
	Flags(flags, "addr", "output", "book-env")
	usage := flags.FlagUsages()
	for _, want := range []string{
		"--addr HOST:PORT", "($ALLOT_ADDR) (default 127.0.0.1:5005)",
		"-o, --output table|json|ndjson|csv|name", "--book-env  ",
	} {
		if !strings.Contains(usage, want) {
			t.Errorf("%q is not in\n%s", want, usage)
		}
	}
}

func TestTheDatabaseIsInTheDataDirectoryUnlessNamed(t *testing.T) {
	const url = "postgres://me@one:5432,two:5432/shop?target_session_attrs=read-write"
	for db, want := range map[string]string{"": "/srv/allot/allot.db", "sqlite:other.db": "other.db", url: url} {
		c, err := load(t, "", nil, "--data", "/srv/allot", "--db", db)
		if err != nil || c.Database() != want {
			t.Errorf("db %q: got %q, error %v, want %q", db, c.Database(), err, want)
		}
	}
}

func TestAPasswordOfTheDatabaseIsNotShown(t *testing.T) {
	c, err := load(t, "", nil, "--db", "postgres://me:secret@db/shop?password=secret&sslmode=require")
	if err != nil {
		t.Fatal(err)
	}
	const want = "postgres://...@db/shop?password=...&sslmode=require"
	if got := origin(t, c, "db").Value; got != want || c.DatabaseName() != want {
		t.Errorf("config show has %q, and others %q, want %q", got, c.DatabaseName(), want)
	}
}
