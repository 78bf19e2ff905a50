package config

import (
	"slices"
	"strings"
	"time"
)

// Kind is what the value of a setting looks like.
type Kind string

// The kinds of settings.
const (
	String   Kind = "string"
	Int      Kind = "int"
	Duration Kind = "duration" // as 500ms, 10s, 1m30s
	Bool     Kind = "bool"
	Choice   Kind = "choice"
)

// Setting is a thing that a user may set. Its name is its flag's, and its key
// in the configuration file.
type Setting struct {
	Name    string
	Short   string // flag of one letter; may be empty
	Kind    Kind
	Choices []string // of a Choice
	Default string   // as a user would write it
	Arg     string   // stands for the value in usage texts: "DIR"
	Doc     string   // one sentence, without its full stop
	NotFile bool     // may not be set in the configuration file

	parse func(c *Config, text string) *rule // the rule that text breaks, if any
}

// Flag is the setting's flag: "--log-level".
func (s Setting) Flag() string { return "--" + s.Name }

// Variable is the setting's environment variable: "ALLOT_LOG_LEVEL".
func (s Setting) Variable() string {
	return "ALLOT_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
}

// Settings returns the table of settings, which everything else is made from:
// flags, variables, the file's keys, `allot config show`, the reference.
func Settings() []Setting { return slices.Clone(settings) }

var settings = []Setting{
	{
		Name: "config", Kind: String, Arg: "FILE", NotFile: true,
		Doc:   "file of settings in TOML, one per line: addr = \"127.0.0.1:5006\"",
		parse: func(c *Config, text string) *rule { c.File = text; return nil },
	},
	{
		Name: "book-env", Kind: Bool, Default: "false",
		Doc:   "understand the variables of the book's service too: API_HOST, DB_HOST and others",
		parse: func(c *Config, text string) *rule { return parseBool(&c.BookEnv, text) },
	},
	{
		Name: "data", Kind: String, Default: "./allot-data", Arg: "DIR",
		Doc:   "directory that holds the database",
		parse: func(c *Config, text string) *rule { return parseNotEmpty(&c.Data, text) },
	},
	{
		Name: "db", Kind: String, Arg: "URL",
		Doc:   "database, as sqlite:PATH or postgres://USER@HOST/NAME; if empty, allot.db in the data directory",
		parse: func(c *Config, text string) *rule { return parseDB(&c.DB, text) },
	},
	{
		Name: "allow-loss", Kind: Bool, Default: "false",
		Doc:   "use a PostgreSQL that may lose what it has acknowledged, since fsync or synchronous_commit is off",
		parse: func(c *Config, text string) *rule { return parseBool(&c.AllowLoss, text) },
	},
	{
		Name: "addr", Kind: String, Default: "127.0.0.1:5005", Arg: "HOST:PORT",
		Doc:   "address to serve HTTP on; port 0 takes a free one",
		parse: func(c *Config, text string) *rule { return parseAddr(&c.Addr, text) },
	},
	{
		Name: "auth", Kind: Choice, Default: string(AuthAuto), Choices: choices(AuthAuto, AuthRequired),
		Doc:   "who has to show a token; auto is nobody on a loopback address, else everybody",
		parse: func(c *Config, text string) *rule { c.Auth = Auth(text); return nil },
	},
	{
		Name: "insecure", Kind: Bool, Default: "false",
		Doc:   "serve other machines without tokens or TLS all the same",
		parse: func(c *Config, text string) *rule { return parseBool(&c.Insecure, text) },
	},
	{
		Name: "tls-cert", Kind: String, Arg: "FILE",
		Doc:   "certificate to serve HTTPS with, in PEM; it is read again when it changes",
		parse: func(c *Config, text string) *rule { c.TLSCert = text; return nil },
	},
	{
		Name: "tls-key", Kind: String, Arg: "FILE",
		Doc:   "private key of the certificate, in PEM",
		parse: func(c *Config, text string) *rule { c.TLSKey = text; return nil },
	},
	{
		Name: "behind-proxy", Kind: Bool, Default: "false",
		Doc:   "a proxy in front speaks TLS with the world, and says in X-Forwarded-For who asks",
		parse: func(c *Config, text string) *rule { return parseBool(&c.BehindProxy, text) },
	},
	{
		Name: "host", Kind: String, Arg: "NAMES",
		Doc:   "names that the server is reached under, with commas between them; localhost and addresses are always taken",
		parse: func(c *Config, text string) *rule { return parseHosts(&c.Hosts, text) },
	},
	{
		Name: "rate-limit", Kind: Int, Default: "0", Arg: "N",
		Doc:   "most requests a second that are taken in all; 0 is no limit",
		parse: func(c *Config, text string) *rule { return parseInt(&c.RateLimit, text, 0, maxRate) },
	},
	{
		Name: "rate-limit-per-token", Kind: Int, Default: "0", Arg: "N",
		Doc:   "most requests a second that are taken with one token; 0 is no limit",
		parse: func(c *Config, text string) *rule { return parseInt(&c.RatePerToken, text, 0, maxRate) },
	},
	{
		Name: "server", Kind: String, Arg: "URL",
		Doc:   "running server that commands are sent to; if empty, the one of the data directory, if it runs",
		parse: func(c *Config, text string) *rule { return parseServer(&c.Server, text) },
	},
	{
		Name: "token-file", Kind: String, Arg: "FILE",
		Doc:   "file that has the token for the server, if ALLOT_TOKEN doesn't",
		parse: func(c *Config, text string) *rule { c.TokenFile = text; return nil },
	},
	{
		Name: "redis-url", Kind: String, Arg: "URL",
		Doc:   "Redis server that events are sent to and commands taken from, as redis://HOST:PORT; if empty, none",
		parse: func(c *Config, text string) *rule { return parseRedis(&c.RedisURL, text) },
	},
	{
		Name: "redis-keep", Kind: Int, Default: "100000", Arg: "N",
		Doc:   "events that are kept in Redis, at least, when every consumer group has had them",
		parse: func(c *Config, text string) *rule { return parseInt(&c.RedisKeep, text, 0, 1_000_000_000) },
	},
	{
		Name: "redis-availability", Kind: Bool, Default: "false",
		Doc:   "keep in Redis what is available of each product, for readers that are too many for the API",
		parse: func(c *Config, text string) *rule { return parseBool(&c.RedisAvailability, text) },
	},
	{
		Name: "output", Short: "o", Kind: Choice, Default: string(OutputTable),
		Choices: choices(OutputTable, OutputJSON, OutputNDJSON, OutputCSV, OutputName),
		Doc:     "form of answers: for people, one JSON document, one per line, for spreadsheets, names only",
		parse:   func(c *Config, text string) *rule { c.Output = Output(text); return nil },
	},
	{
		Name: "timezone", Kind: String, Default: "UTC", Arg: "ZONE",
		Doc:   "time zone that turns instants into dates, by its IANA name",
		parse: func(c *Config, text string) *rule { return parseZone(&c.Timezone, text) },
	},
	{
		Name: "log-level", Kind: Choice, Default: "info",
		Choices: []string{"debug", "info", "warn", "error"}, // as slog.Level reads them
		Doc:     "least important log lines that are written",
		parse:   func(c *Config, text string) *rule { return parseLevel(&c.LogLevel, text) },
	},
	{
		Name: "log-format", Kind: Choice, Default: string(LogAuto),
		Choices: choices(LogAuto, LogText, LogJSON),
		Doc:     "form of log lines; auto is text on a terminal, else json",
		parse:   func(c *Config, text string) *rule { c.LogFormat = LogFormat(text); return nil },
	},
	{
		Name: "shutdown-timeout", Kind: Duration, Default: "10s", Arg: "TIME",
		Doc:   "how long a server that was told to stop waits for the requests that it has begun",
		parse: func(c *Config, text string) *rule { return parseDuration(&c.ShutdownTimeout, text, 0, time.Hour) },
	},
	{
		Name: "group", Kind: Int, Default: "4096", Arg: "N",
		Doc:   "most commands in one commit",
		parse: func(c *Config, text string) *rule { return parseInt(&c.Group, text, 1, 65_536) },
	},
	{
		Name: "queue", Kind: Int, Default: "4096", Arg: "N",
		Doc:   "most commands that wait for a commit; more are refused as overloaded",
		parse: func(c *Config, text string) *rule { return parseInt(&c.Queue, text, 1, 1_000_000) },
	},
	{
		Name: "request-timeout", Kind: Duration, Default: "5s", Arg: "TIME",
		Doc: "how long a request may take, but for bulk: then it is answered that it was not done, or may be",
		parse: func(c *Config, text string) *rule {
			return parseDuration(&c.RequestTimeout, text, time.Millisecond, time.Hour)
		},
	},
	{
		Name: "access-log", Kind: Bool, Default: "true",
		Doc:   "write a log line for each request",
		parse: func(c *Config, text string) *rule { return parseBool(&c.AccessLog, text) },
	},
	{
		Name: "smtp-url", Kind: String, Arg: "URL",
		Doc:   "mail server, as smtp://[USER:PASSWORD@]HOST[:PORT]; if empty, mails are only kept, for allot mails",
		parse: func(c *Config, text string) *rule { return parseSMTP(&c.SMTPURL, text) },
	},
	{
		Name: "smtp-tls", Kind: Choice, Default: "starttls",
		Choices: []string{"none", "starttls", "tls"},
		Doc:     "how the connection to the mail server is encrypted: not at all, after the greeting, from the first byte",
		parse:   func(c *Config, text string) *rule { c.SMTPTLS = text; return nil },
	},
	{
		Name: "mail-from", Kind: String, Arg: "ADDRESS",
		Doc:   "address that mails come from",
		parse: func(c *Config, text string) *rule { return parseAddress(&c.MailFrom, text) },
	},
	{
		Name: "mail-to", Kind: String, Arg: "ADDRESSES",
		Doc:   "addresses that are told what runs out of stock, with commas between them",
		parse: func(c *Config, text string) *rule { return parseAddresses(&c.MailTo, text) },
	},
	{
		Name: "webhook-allow-private", Kind: Bool, Default: "false",
		Doc:   "let webhooks go to private, loopback and link-local addresses too",
		parse: func(c *Config, text string) *rule { return parseBool(&c.WebhookPrivate, text) },
	},
}

// maxRate is above what any machine can do.
const maxRate = 1_000_000

func choices[T ~string](all ...T) (texts []string) {
	for _, c := range all {
		texts = append(texts, string(c))
	}
	return texts
}

// setting returns the setting of that name, which must exist.
func setting(name string) Setting {
	return settings[slices.IndexFunc(settings, func(s Setting) bool { return s.Name == name })]
}

// set checks text and makes it the setting's value. It returns the rule that
// text breaks, if any.
func (s Setting) set(c *Config, text string) *rule {
	if s.Kind == Choice && !slices.Contains(s.Choices, text) {
		return &rule{"must be one of " + strings.Join(s.Choices, ", "), suggest(text, s.Choices, "write one of them")}
	}
	return s.parse(c, text)
}
