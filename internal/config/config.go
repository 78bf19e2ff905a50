// Package config is what a user may set: one table of settings, and how their
// values are found. In order of precedence a value comes from its flag, its
// ALLOT_* variable, the file that --config names, or its default; with
// --book-env the variables of the book's service come before the file.
//
// The package knows nothing of what the settings are used for, and reads
// nothing but the flags, the variables and the file that it is given.
package config

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config is the value of every setting. The documentation of each is in the
// table that Settings returns; all have been checked against its rules.
type Config struct {
	File            string // path of the configuration file; empty if there is none
	BookEnv         bool
	Data            string // path of a directory
	DB              string // sqlite:PATH, a URL of PostgreSQL, or empty: Database says where it is then
	AllowLoss       bool
	Addr            string // HOST:PORT
	Auth            Auth
	Insecure        bool
	TLSCert, TLSKey string // paths, or empty
	BehindProxy     bool
	Hosts           []string
	RateLimit       int    // requests a second; 0: no limit
	RatePerToken    int    // the same
	Server          string // URL without a slash at its end, or empty
	TokenFile       string // path, or empty
	RedisURL        string // URL of a Redis server, or empty
	RedisKeep       int    // events, at least, in Redis

	// RedisAvailability keeps what is available of each product in Redis too.
	RedisAvailability bool

	Output          Output
	Timezone        *time.Location
	LogLevel        slog.Level
	LogFormat       LogFormat
	ShutdownTimeout time.Duration
	Group           int // commands, at most, in one commit
	RequestTimeout  time.Duration
	Queue           int // commands, at most, that wait for a commit
	AccessLog       bool
	SMTPURL         string // smtp://[USER:PASSWORD@]HOST[:PORT], or empty: mails are only kept
	SMTPTLS         string // none, starttls or tls
	MailFrom        string // an address; empty only if SMTPURL is
	MailTo          []string
	WebhookPrivate  bool // webhooks may go to addresses that are not public

	origins []Value
}

// Output is the form of a command's answer.
type Output string

// The forms of output.
const (
	OutputTable  Output = "table"
	OutputJSON   Output = "json"
	OutputNDJSON Output = "ndjson"
	OutputCSV    Output = "csv"
	OutputName   Output = "name"
)

// Auth says who has to show a token.
type Auth string

// Who has to show a token.
const (
	AuthAuto     Auth = "auto" // whoever may come from another machine
	AuthRequired Auth = "required"
)

// LogFormat is the form of log lines.
type LogFormat string

// The forms of log lines.
const (
	LogAuto LogFormat = "auto" // text on a terminal, else JSON
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Value is the value of a setting, as it was written but for passwords, and where it was found:
// "--addr", "ALLOT_ADDR", "API_HOST", "allot.toml:3" or "default".
type Value struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// Origins returns the value of every setting and its source, in the order of
// the table of settings.
func (c Config) Origins() []Value { return slices.Clone(c.origins) }

// OriginOf is the value of a setting, as it may be shown, and where it was found.
func (c Config) OriginOf(setting string) Value {
	return c.origins[slices.IndexFunc(c.origins, func(v Value) bool { return v.Name == setting })]
}

// Postgres reports whether the database is in PostgreSQL.
func (c Config) Postgres() bool {
	return slices.ContainsFunc(postgresSchemes, func(scheme string) bool { return strings.HasPrefix(c.DB, scheme) })
}

// Database is where the database is: the URL of PostgreSQL, or the path of a
// file of SQLite's.
func (c Config) Database() string {
	if c.Postgres() {
		return c.DB
	}
	return c.SQLiteFile()
}

// DatabaseName is Database for people to read: without a password.
func (c Config) DatabaseName() string { return withoutSecrets(c.Database()) }

// WithDB is the configuration with another database, which is checked as the
// setting is. from says where it comes from, as in Value.
func (c Config) WithDB(text, from string) (Config, error) {
	s := setting("db")
	if broken := s.set(&c, text); broken != nil {
		return c, refuse(s, text, from, broken)
	}
	return c, nil
}

// SQLiteFile is the path of the SQLite database: the one that DB names, else
// allot.db in the data directory.
func (c Config) SQLiteFile() string {
	if path, ok := strings.CutPrefix(c.DB, sqliteScheme); ok {
		return path
	}
	return filepath.Join(c.Data, "allot.db")
}
