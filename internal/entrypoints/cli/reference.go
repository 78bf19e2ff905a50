package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"allot/internal/config"
	"allot/internal/entrypoints/wire"
)

// Reference writes the reference of the command line in Markdown, from the
// commands themselves.
func Reference(w io.Writer) {
	root := (&run{}).root()
	fmt.Fprint(w, "# Command line\n\nGenerated from the program: `allot help COMMAND` says the same.\n")
	global := root.PersistentFlags()
	fmt.Fprintf(w, "\nEvery command takes:\n\n```\n%s```\n", global.FlagUsages())
	describe(w, root)
}

func describe(w io.Writer, cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		if c.Name() == "help" || c.Hidden {
			continue
		}
		fmt.Fprintf(w, "\n## allot %s\n\n", strings.TrimPrefix(c.CommandPath(), "allot "))
		text := c.Long
		if text == "" {
			text = c.Short
		}
		fmt.Fprintf(w, "```\n%s\n```\n", strings.TrimSpace(text))
		use := c.UseLine() // before flags are looked at, which adds some
		if own := flagsOf(c); c.Runnable() && (own != "" || !c.HasSubCommands()) {
			fmt.Fprintf(w, "\n```\n%s\n%s```\n", use, own)
		}
		if c.Example != "" {
			fmt.Fprintf(w, "\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimSpace(c.Example), "\n  ", "\n"))
		}
		describe(w, c)
	}
}

// flagsOf are the flags that a command has and others don't.
func flagsOf(c *cobra.Command) string {
	own := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			own.AddFlag(f)
		}
	})
	if usages := own.FlagUsages(); usages != "" {
		return "\n" + usages
	}
	return ""
}

// ConfigurationReference writes the reference of the settings in Markdown.
func ConfigurationReference(w io.Writer) {
	fmt.Fprint(w, "# Configuration\n\nA setting comes from its flag, else its variable, else the file that `--config` names, else it has its default. "+
		"`allot config show` says which it was. A variable that is empty counts as not set; an unknown key in the file is refused, and `allot serve` and `allot doctor` tell of a variable that is written wrongly.\n\n"+
		"| flag, and key in the file | variable | default | meaning |\n|---|---|---|---|\n")
	for _, s := range config.Settings() {
		fmt.Fprintf(w, "| `%s` | `%s` | %s | %s |\n", s.Flag(), s.Variable(), dash(s.Default), s.Doc)
	}
}

// ErrorReference writes the reference of errors and exit codes in Markdown.
func ErrorReference(w io.Writer) {
	fmt.Fprint(w, "# Errors and exit codes\n\nOver HTTP an error is `application/problem+json` with `type`, `title`, `status`, `code`, `detail`, `field` if it is about one, "+
		"`hint` and `request_id`. Programs go by `code`, which never changes. The book's routes answer 400 where this table has 422.\n\n"+
		"| code | HTTP | exit | meaning |\n|---|---|---|---|\n")
	for _, m := range wire.Meanings() {
		fmt.Fprintf(w, "| `%s` | %d | %d | %s |\n", m.Code, m.Status, m.Exit, m.Title)
	}
	fmt.Fprintf(w, "\nExit codes of `allot`:\n\n```\n%s\n```\n", exitCodes())
}
