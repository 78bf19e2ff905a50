package config

import (
	"strings"

	"github.com/spf13/pflag"
)

// Flags defines the flags of the named settings, or of all if none is named. A
// flag takes any text: it is Load that checks it, as it checks all sources.
func Flags(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		define(flags, setting(name))
	}
	if len(names) > 0 {
		return
	}
	for _, s := range settings {
		define(flags, s)
	}
}

func define(flags *pflag.FlagSet, s Setting) {
	f := flags.VarPF(&flagValue{text: s.Default, arg: s.usage()}, s.Name, s.Short, s.Doc+" ($"+s.Variable()+")")
	if s.Kind == Bool {
		f.NoOptDefVal = "true"
	}
}

// usage is what stands for the value in usage texts.
func (s Setting) usage() string {
	switch s.Kind {
	case Bool:
		return "bool" // pflag shows none for it
	case Choice:
		return strings.Join(s.Choices, "|")
	default:
		return s.Arg
	}
}

// flagValue is a pflag.Value that keeps what it is given.
type flagValue struct{ text, arg string }

func (v *flagValue) String() string        { return v.text }
func (v *flagValue) Set(text string) error { v.text = text; return nil }
func (v *flagValue) Type() string          { return v.arg }
