package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"allot/internal/config"
	"allot/internal/entrypoints/wire"
)

// topics are pages of help that are about no command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "Settings, and where they come from", Long: environment()},
		{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodes()},
		{Use: "formatting", Short: "The forms of answers", Long: formatting},
	}
}

func environment() string {
	var text strings.Builder
	text.WriteString("A setting comes from its flag, else its variable, else the file that --config names,\n" +
		"else it has its default. allot config show says which it was.\n\n")
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, s := range config.Settings() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Variable(), dash(s.Default), s.Doc)
	}
	_ = w.Flush() // into a text
	text.WriteString("\nA variable that is empty counts as not set. Who wants something done is taken from USER,\n" +
		"and the token for a server that is named with --server from ALLOT_TOKEN.")
	return text.String()
}

func exitCodes() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, e := range []struct {
		code    int
		meaning string
	}{
		{wire.ExitDone, "done; also if a line waits for stock"},
		{wire.ExitFailed, "it failed, or verify found something"},
		{wire.ExitUsage, "what was asked for can't be right: a flag, an argument, a value"},
		{wire.ExitNotFound, "there is no such order, batch or product"},
		{wire.ExitRefused, "refused for lack of stock, as --or-reject asked"},
		{wire.ExitConflict, "it is not as you thought: it exists with other content, or was cancelled"},
		{wire.ExitPartly, "done in part: an import had rows that were refused"},
		{wire.ExitDenied, "the server wants a token, or one that allows more"},
		{wire.ExitUnavailable, "the server can't be reached, or can't do it at present: try again"},
		{wire.ExitInterrupted, "stopped by Ctrl-C; doing the same again is safe"},
	} {
		fmt.Fprintf(w, "%d\t%s\n", e.code, e.meaning)
	}
	_ = w.Flush() // into a text
	return strings.TrimRight(text.String(), "\n")
}

const formatting = `Data goes to standard output, and everything that is said about it to standard error.

--output table   for people: aligned on a terminal, tabs between values in a pipe
--output json    one document
--output ndjson  one JSON object per line, as they come
--output csv     for spreadsheets; the first line names the columns
--output name    the first column alone, for scripts

Names and values are the same everywhere: order_id, sku, qty, batch_ref, promise.
Dates are YYYY-MM-DD. No eta, or no promise of a line that has a batch, means that
the stock is in the warehouse.`
