package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"allot/internal/config"
	"allot/internal/nearest"
)

// The groups that the help lists commands in.
var groups = []*cobra.Group{
	{ID: "start", Title: "Start:"},
	{ID: "stock", Title: "Stock and orders:"},
	{ID: "data", Title: "Data in and out:"},
	{ID: "care", Title: "Care:"},
}

// root returns the tree of commands.
func (r *run) root() *cobra.Command {
	root := parent(&cobra.Command{
		Use:   "allot",
		Short: "Promise stock to orders, also stock that is still at sea",
		Long: "Allot allocates order lines to batches of stock: stock in the warehouse first,\n" +
			"then the shipment that arrives earliest. It never promises a unit twice, and\n" +
			"it can say why each line stands where it does.",
		Example: examples(
			"allot demo", "try it: a sample shop, and a server",
			"allot batch add batch-1 SMALL-TABLE 20 --eta 2026-12-01", "stock that is on its way",
			"allot allocate order-1 SMALL-TABLE 3", "ask for some of it",
		),
		PersistentPreRunE: r.load,
	})
	root.SetHelpCommand(help())
	root.AddGroup(groups...)
	config.Flags(root.PersistentFlags(), "config", "book-env", "data", "db", "allow-loss", "output")
	root.PersistentFlags().BoolVarP(&r.quiet, "quiet", "q", false, "say nothing but what went wrong, and print no tables")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SilenceErrors, root.SilenceUsage = true, true // exit tells errors, and a usage text would bury them
	root.SetFlagErrorFunc(flagError)
	for group, commands := range map[string][]*cobra.Command{
		"start": {r.demo(), r.serve()},
		"stock": {r.batch(), r.allocate(), r.order(), r.explain(), r.product(), r.backorders(), r.available(), r.late(), r.whatIf(), r.replan(), r.plans()},
		"data":  {r.imports(), r.export(), r.csv(), r.events(), r.inbox(), r.sync()},
		"care":  {r.doctor(), r.verify(), r.db(), r.mails(), r.views(), r.webhook(), r.listen(), r.token(), r.bench(), r.configuration(), r.versions(), completion()},
	} {
		for _, c := range commands {
			c.GroupID = group
		}
		root.AddCommand(commands...)
	}
	root.AddCommand(topics()...)
	r.versionFlag(root)
	return root
}

// parent makes cmd a command that only has others below it.
func parent(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
	cmd.DisableFlagsInUseLine = true
	cmd.AddCommand(below...)
	return cmd
}

// help shows the help of a command, or a page about something else.
func help() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		GroupID: "care",
		Short:   "Show the help of a command, or a page about something else",
		Example: examples(
			"allot help batch add", "the same as allot batch add --help",
			"allot help exit-codes", "a page about something else",
		),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return unknownCommand(found, rest[0])
			}
			return found.Help()
		},
	}
}

func unknownCommand(cmd *cobra.Command, name string) error {
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	hint := fmt.Sprintf("%s --help lists the commands", cmd.CommandPath())
	if near := nearest.To(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return usage(hint, "unknown command %q", name)
}

// flagError says what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	hint := fmt.Sprintf("%s --help lists the flags", cmd.CommandPath())
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := nearest.To(unknown.GetSpecifiedName(), known); near != "" && unknown.GetSpecifiedShortnames() == "" {
			hint = fmt.Sprintf("did you mean --%s?", near)
		}
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if rule, ok := flagRules[wrong.GetFlag().Value.Type()]; ok {
			return usage(rule.hint, "--%s is %q; it must be %s", wrong.GetFlag().Name, wrong.GetValue(), rule.must)
		}
	}
	return usage(hint, "%v", err)
}

// flagRules are what values of flags must be, by the type of the flag.
var flagRules = map[string]struct{ must, hint string }{
	"int":      {"a whole number", "write it in digits, for example 12"},
	"int64":    {"a whole number", "write it in digits, for example 12"},
	"duration": {"a time with its unit", "write for example 2s or 1m30s"},
	"uint64":   {"a whole number, 0 or more", "write it in digits, for example 12"},
	"bool":     {"true or false", "write the flag alone to say yes"},
}

// needs checks that a command has the arguments that are named; those in
// brackets may be left out, and one that ends with dots may be repeated.
func needs(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		hint := strings.TrimSpace("write: " + cmd.CommandPath() + " " + strings.Join(names, " "))
		more := len(names) > 0 && strings.HasSuffix(strings.TrimSuffix(names[len(names)-1], "]"), "...")
		if more && len(args) > len(names) {
			return nil
		}
		if len(args) > len(names) {
			return usage(hint, "unexpected argument %q", args[len(names)])
		}
		for _, name := range names[len(args):] {
			if !strings.HasPrefix(name, "[") {
				return usage(hint, "%s is missing", strings.TrimSuffix(name, "..."))
			}
		}
		return nil
	}
}

// examples is the text of examples, which are told in pairs: a command line and
// what it is for.
func examples(pairs ...string) string {
	width := 0
	for i := 0; i < len(pairs); i += 2 {
		width = max(width, len(pairs[i]))
	}
	var text strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&text, "  %-*s  # %s\n", width, pairs[i], pairs[i+1])
	}
	return strings.TrimRight(text.String(), "\n")
}
