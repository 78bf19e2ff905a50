package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that every machine knows the same time zones
)

const sqliteScheme = "sqlite:"

// What URLs of PostgreSQL begin with.
var postgresSchemes = []string{"postgres://", "postgresql://"}

// rule is a rule that a value breaks, and what to do about it.
type rule struct{ must, hint string }

func parseNotEmpty(to *string, text string) *rule {
	if text == "" {
		return &rule{"must not be empty", "give it a value or leave it out"}
	}
	*to = text
	return nil
}

func parseBool(to *bool, text string) *rule {
	var err error
	if *to, err = strconv.ParseBool(text); err != nil {
		return &rule{"must be true or false", "write one of the two"}
	}
	return nil
}

func parseInt(to *int, text string, least, most int) *rule {
	var err error
	if *to, err = strconv.Atoi(text); err != nil || *to < least || *to > most {
		return &rule{fmt.Sprintf("must be a whole number from %d to %d", least, most), "write it in digits only"}
	}
	return nil
}

func parseDuration(to *time.Duration, text string, least, most time.Duration) *rule {
	var err error
	if *to, err = time.ParseDuration(text); err != nil || *to < least || *to > most {
		return &rule{fmt.Sprintf("must be a time from %v to %v", least, most), "write a number with its unit, for example 500ms, 10s or 1m30s"}
	}
	return nil
}

func parseAddr(to *string, text string) *rule {
	_, port, err := net.SplitHostPort(text)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return &rule{"must be HOST:PORT, the port a number from 0 to 65535", "write for example 127.0.0.1:5005, or [::1]:5005"}
	}
	*to = text
	return nil
}

func parseHosts(to *[]string, text string) *rule {
	if text == "" {
		return nil
	}
	*to = strings.Split(text, ",")
	for _, name := range *to {
		if name == "" || strings.ContainsAny(name, " /:*") {
			return &rule{"must be names without scheme, port or blank", "write for example shop.example,allot.internal"}
		}
	}
	return nil
}

func parseDB(to *string, text string) *rule {
	path, ok := strings.CutPrefix(text, sqliteScheme)
	for _, scheme := range postgresSchemes {
		if !ok {
			path, ok = strings.CutPrefix(text, scheme)
		}
	}
	if text != "" && (!ok || path == "") {
		return &rule{"must be sqlite:PATH, postgres://USER@HOST/NAME or empty", "write for example sqlite:/var/lib/allot/allot.db"}
	}
	*to = text
	return nil
}

func parseServer(to *string, text string) *rule {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return &rule{"must be a URL with http:// or https:// and a host", "write for example http://127.0.0.1:5005"}
	case !goodPort(u):
		return &badPort
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return &rule{"must have no user name, password, query or fragment", "leave that out of the URL"}
	}
	*to = strings.TrimRight(text, "/")
	return nil
}

func parseRedis(to *string, text string) *rule {
	u, err := url.Parse(text)
	switch {
	case text == "":
	case err != nil, u.Scheme == "unix" && u.Path == "", u.Scheme != "unix" && (u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == ""):
		return &rule{"must be a URL with redis://, rediss:// or unix://, and a host or a path", "write for example redis://127.0.0.1:6379/0" + escaped(text)}
	case !goodPort(u):
		return &badPort
	}
	*to = text
	return nil
}

// badPort is what is wrong with a URL whose port none can have.
var badPort = rule{"must have a port from 1 to 65535, or none", "put the port right, or leave it out"}

// goodPort reports whether a URL has no port, or one that there may be.
func goodPort(u *url.URL) bool {
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Port() == "" || err == nil && n > 0
}

// escaped is what to add to the advice on a URL that can't be read, if it may be
// for a password in it.
func escaped(text string) string {
	_, user, _ := strings.Cut(text, "//")
	if i := strings.LastIndex(user, "@"); i < 0 || !strings.ContainsAny(user[:i], "#%/?@") {
		return ""
	}
	return "; of characters in a password write # as %23, % as %25, / as %2F, @ as %40"
}

func parseLevel(to *slog.Level, text string) *rule {
	if err := to.UnmarshalText([]byte(text)); err != nil {
		return &rule{"must be a level of importance", "write for example info"}
	}
	return nil
}

func parseZone(to **time.Location, text string) *rule {
	var err error
	// Go takes "" and "Local" too; what "Local" means differs between machines.
	if *to, err = time.LoadLocation(text); err != nil || text == "" || text == "Local" {
		return &rule{"must be a time zone of the IANA database", "write for example UTC or Europe/London"}
	}
	return nil
}
