package config

import "github.com/spf13/pflag"

// source gives the text of a setting and where exactly it was found; ok is
// false if the source doesn't have it.
type source func(s Setting) (text, from string, ok bool)

// Load finds the value of every setting. flags must have been parsed; a setting
// that has no flag there is looked for in the other sources. An empty variable
// counts as not set. What can't be used is an *Error.
func Load(flags *pflag.FlagSet, getenv func(string) string) (Config, error) {
	var c Config
	sources, err := c.sources(fromFlags(flags), fromVariables(getenv), getenv)
	if err != nil {
		return Config{}, err
	}
	for _, s := range settings {
		v, err := c.resolve(s, sources...)
		if err != nil {
			return Config{}, err
		}
		c.origins = append(c.origins, v)
	}
	return c, nil
}

// sources returns all sources in order of precedence. Two settings, which it
// resolves, say which there are besides flags and variables.
func (c *Config) sources(flags, variables source, getenv func(string) string) ([]source, error) {
	named := func(name string, from ...source) (Value, error) { return c.resolve(setting(name), from...) }

	path, err := named("config", flags, variables)
	if err != nil {
		return nil, err
	}
	file, err := fromFile(path)
	if err != nil {
		return nil, err
	}
	if _, err := named("book-env", flags, variables, file); err != nil || !c.BookEnv {
		return []source{flags, variables, file}, err
	}
	book, err := fromBook(getenv)
	return []source{flags, variables, book, file}, err
}

// resolve takes the setting from the first source that has it.
func (c *Config) resolve(s Setting, sources ...source) (Value, error) {
	text, from := s.Default, "default"
	for _, look := range sources {
		if t, f, ok := look(s); ok {
			text, from = t, f
			break
		}
	}
	if broken := s.set(c, text); broken != nil {
		return Value{}, refuse(s, text, from, broken)
	}
	return Value{Name: s.Name, Value: withoutSecrets(text), Source: from}, nil
}

func fromFlags(flags *pflag.FlagSet) source {
	return func(s Setting) (string, string, bool) {
		f := flags.Lookup(s.Name)
		if f == nil || !f.Changed {
			return "", "", false
		}
		return f.Value.String(), s.Flag(), true
	}
}

func fromVariables(getenv func(string) string) source {
	return func(s Setting) (string, string, bool) {
		text := getenv(s.Variable())
		return text, s.Variable(), text != ""
	}
}
