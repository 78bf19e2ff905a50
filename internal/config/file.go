package config

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// file is a configuration file: a flat list of settings.
type file struct {
	path   string
	text   string
	values map[string]any
}

// fromFile reads the file that the setting "config" names. Without a name the
// source has nothing. It is an error if the file has a key that is no setting.
func fromFile(config Value) (source, error) {
	f := file{path: config.Value}
	if f.path == "" {
		return f.look, nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil, &Error{
			Setting: "config", Value: f.path, Source: config.Source,
			Rule: fmt.Sprintf("can't be read (%v)", err), Hint: "name a file that exists and may be read",
		}
	}
	f.text = string(text)
	if _, err := toml.Decode(f.text, &f.values); err != nil {
		return nil, &Error{
			Setting: "config", Value: f.path, Source: config.Source,
			Rule: fmt.Sprintf("must be TOML (%v)", err), Hint: `write one setting per line: addr = "127.0.0.1:5006"`,
		}
	}
	return f.look, f.check()
}

// check refuses keys that are no settings, and values that no setting has.
func (f *file) check() error {
	var known []string
	for _, s := range settings {
		if !s.NotFile {
			known = append(known, s.Name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(known, key) {
			return &Error{
				Setting: key, Source: f.where(key), Rule: "is not a setting that a file may have",
				Hint: suggest(key, known, "the settings are "+strings.Join(known, ", ")),
			}
		}
		switch f.values[key].(type) {
		case string, int64, bool:
		default:
			return &Error{
				Setting: key, Source: f.where(key), Rule: "must be a text, a whole number, true or false",
				Hint: "put anything else in quotes",
			}
		}
	}
	return nil
}

func (f *file) look(s Setting) (text, from string, ok bool) {
	v, ok := f.values[s.Name]
	if !ok {
		return "", "", false
	}
	return fmt.Sprint(v), f.where(s.Name), true
}

// where is the file's path and, if it can be found, the key's line:
// "allot.toml:3". The TOML reader doesn't tell.
func (f *file) where(key string) string {
	line := regexp.MustCompile(`(?m)^[ \t[]*["']?` + regexp.QuoteMeta(key) + `["']?[ \t]*[=.\]]`)
	at := line.FindStringIndex(f.text)
	if at == nil {
		return f.path
	}
	return fmt.Sprintf("%s:%d", f.path, 1+strings.Count(f.text[:at[0]], "\n"))
}
