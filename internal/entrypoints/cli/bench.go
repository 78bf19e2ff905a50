package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"allot/internal/bench"
	"allot/internal/nearest"
)

func (r *run) bench() *cobra.Command {
	var o bench.Options
	cmd := &cobra.Command{
		Use:   "bench [SCENARIO...]",
		Short: "Measure how fast this machine allocates",
		Long: "Measures, in a database of its own that is removed afterwards, or against a server\n" +
			"that was started with --bench. Whatever is compared is measured in turn, round by\n" +
			"round: look at the ratios, and at how far lowest and highest are apart.\n\n" +
			"Without a scenario, all are measured but postgres, sinks and those whose names begin\n" +
			"with pg, which need the programs of PostgreSQL and Redis, and year, which needs a\n" +
			"folder.\n\n" + scenarioList(),
		Example: examples(
			"allot bench", "everything; takes some minutes",
			"allot bench echo hot", "over HTTP: beside an echo, and on one SKU",
			"allot bench year --folder DIR", "import batches.csv.gz and orders.csv.gz",
			"allot bench echo --url http://127.0.0.1:5005", "a server: allot serve --bench",
		),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Progress = func(what string) { r.say("  %s", what) }
			return r.measure(cmd.Context(), args, o)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Clients, "clients", 64, "clients at once")
	f.IntVar(&o.Rounds, "rounds", 5, "rounds of everything that is compared")
	f.DurationVar(&o.Round, "round", 0, "how long each measurement over HTTP or on PostgreSQL takes (default 2s)")
	f.DurationVar(&o.Overload, "overload", 0, "how long each overload takes, in the scenario overload (default 1m0s)")
	f.IntVar(&o.Existing, "existing", 1_000_000, "allocations that are there already, in the scenarios growth and pg-growth")
	f.StringVar(&o.Folder, "folder", "", "where batches.csv.gz and orders.csv.gz are, for the scenarios year and pg-year; year replays announcements, slips and cancellations if they are there too")
	f.StringVar(&o.URL, "url", "", "address of a server to measure, for the scenarios over HTTP")
	f.StringVar(&o.Dir, "dir", "", "where databases are made and removed again (default: the system's temporary directory)")
	return cmd
}

func scenarioList() string {
	var text strings.Builder
	text.WriteString("Scenarios:\n")
	for _, s := range bench.Scenarios() {
		fmt.Fprintf(&text, "  %-9s %s\n", s[0], s[1])
	}
	return text.String()
}

// measured is a figure as it is printed.
type measured struct {
	scenario string
	bench.Figure
}

var measuredColumns = []column[measured]{
	{name: "scenario", text: func(m measured) string { return m.scenario }},
	{name: "figure", text: func(m measured) string { return m.Name }},
	{name: "median", text: func(m measured) string { return number(m.Median) }},
	{name: "lowest", text: func(m measured) string { return number(m.Low) }},
	{name: "highest", text: func(m measured) string { return number(m.High) }},
	{name: "unit", text: func(m measured) string { return m.Unit }},
}

// number has the digits that mean something.
func number(f float64) string {
	if f >= 100 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

func (r *run) measure(ctx context.Context, scenarios []string, o bench.Options) error {
	scenarios, err := chosen(scenarios, o)
	if err != nil {
		return err
	}
	var reports []bench.Report
	var figures []measured
	for _, scenario := range scenarios {
		r.say("%s", scenario)
		report, err := bench.Run(ctx, scenario, o)
		if err != nil {
			return err
		}
		reports = append(reports, report)
		for _, f := range report.Figures {
			figures = append(figures, measured{scenario, f})
		}
	}
	return object(r, reports, func() error { return list(r, measuredColumns, these(figures...)) })
}

// chosen are the scenarios to measure: those that were named, or all that can be.
func chosen(named []string, o bench.Options) (out []string, _ error) {
	var known []string
	for _, s := range bench.Scenarios() {
		known = append(known, s[0])
	}
	for _, name := range named {
		if !slices.Contains(known, name) {
			hint := "the scenarios are " + strings.Join(known, ", ")
			if near := nearest.To(name, known); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			return nil, usage(hint, "there is no scenario %q", name)
		}
	}
	if len(named) > 0 {
		return named, nil
	}
	return slices.DeleteFunc(known, func(s string) bool {
		return s == "postgres" || s == "sinks" || strings.HasPrefix(s, "pg-") || s == "year" && o.Folder == ""
	}), nil
}
