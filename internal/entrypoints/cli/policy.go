package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"allot/internal/domain"
)

func (r *run) productPolicy() *cobra.Command {
	var policy string
	var safetyStock int
	var reason domain.Origin
	cmd := &cobra.Command{
		Use:   "policy SKU [--policy NAME] [--safety-stock N]",
		Short: "Say by which rule the lines of a product are placed",
		Long: "Sets the policy by which the lines of a product are given batches from now on, or how\n" +
			"many units in the warehouse new lines don't get, or both. Lines that have stock stay\n" +
			"where they are; stock that is no longer kept back goes to lines that wait.\n\n" + policyHelp(),
		Example: examples(
			"allot product policy SMALL-TABLE --policy latest_on_time", "keep what is here for those who need it now",
			"allot product policy MILK --policy first_expired --safety-stock 20", "what expires first goes first",
		),
		Args: needs("SKU"),
		RunE: func(cmd *cobra.Command, args []string) error {
			set := domain.SetPolicy{Origin: r.because(reason), SKU: args[0]}
			if cmd.Flags().Changed("policy") {
				set.Policy = domain.To(policy)
			}
			if cmd.Flags().Changed("safety-stock") {
				set.SafetyStock = domain.To(safetyStock)
			}
			if !set.Policy.Given && !set.SafetyStock.Given {
				return usage("write: "+r.command+" SKU --policy NAME, or --safety-stock N, or both", "--policy is missing, and so is --safety-stock")
			}
			return perform(cmd.Context(), r, set, r.showPolicy)
		},
	}
	cmd.Flags().StringVar(&policy, "policy", "", "`NAME` of the policy: "+strings.Join(policyNames(), ", "))
	cmd.Flags().IntVar(&safetyStock, "safety-stock", 0, "`UNITS` in the warehouse that new lines don't get")
	reasons(cmd, &reason)
	return r.writes(cmd)
}

func policyNames() (names []string) {
	for _, p := range domain.Policies() {
		names = append(names, p.Name)
	}
	return names
}

// policyHelp explains each policy.
func policyHelp() string {
	var text strings.Builder
	for i, p := range domain.Policies() {
		if i > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(p.Name + "\n" + wrapped(p.Explanation, 80, "    "))
	}
	return text.String()
}

// wrapped is a text in lines of at most width characters, each indented.
func wrapped(text string, width int, indent string) string {
	var out strings.Builder
	line := indent
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > width && line != indent {
			out.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return out.String() + line
}

// ruled is how the lines of a product are placed.
type ruled struct {
	SKU         string `json:"sku"`
	Policy      string `json:"policy"`
	SafetyStock int    `json:"safety_stock"`
	Replayed    bool   `json:"replayed,omitempty"`
	DryRun      bool   `json:"dry_run,omitempty"`
}

var ruledColumns = []column[ruled]{
	{name: "sku", text: func(p ruled) string { return p.SKU }},
	{name: "policy", text: func(p ruled) string { return p.Policy }},
	{name: "safety_stock", text: func(p ruled) string { return strconv.Itoa(p.SafetyStock) }},
}

func (r *run) showPolicy(p domain.PolicyAnswer) error {
	if p.Replayed {
		r.say("nothing changed: it was so already")
	}
	shown := ruled{SKU: p.SKU, Policy: p.Policy, SafetyStock: p.SafetyStock, Replayed: p.Replayed, DryRun: r.dryRun}
	return object(r, shown, func() error { return list(r, ruledColumns, these(shown)) })
}

// wishes are the flags of what a line asks of its batch.
type wishes struct {
	locations, only []string
	minLife         int
}

func (w *wishes) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&w.locations, "location", nil, "`NAME` of a location that is preferred; more than one: the best first")
	cmd.Flags().StringArrayVar(&w.only, "only-location", nil, "`NAME` of a location that the stock must come from; more than one: the best first")
	cmd.Flags().IntVar(&w.minLife, "min-life", 0, "`DAYS` after the promise for which the stock must be good, at least")
}

func (w *wishes) parse() domain.Wishes {
	return domain.Wishes{Locations: domain.LocationsOf(w.locations...), OnlyLocations: domain.LocationsOf(w.only...), MinLife: w.minLife}
}

// label are the flags of where a batch lies and how long it keeps.
type label struct{ location, useBy string }

func (l *label) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.location, "location", "", "`NAME` of where it lies, or will arrive")
	cmd.Flags().StringVar(&l.useBy, "use-by", "", "`DATE`, the last one on which it is good, YYYY-MM-DD; without it, it keeps")
}

func (l *label) date() (domain.Date, error) {
	date, err := domain.ParseDate(l.useBy)
	if err != nil {
		return 0, usage("leave --use-by out if it keeps", "--use-by: %v", err)
	}
	return date, nil
}

// change is what the flags that were given change. An empty one takes away what
// was there.
func (l *label) change(cmd *cobra.Command) (to domain.Label, err error) {
	if cmd.Flags().Changed("location") {
		to.Location = domain.To(l.location)
	}
	if cmd.Flags().Changed("use-by") {
		date, err := l.date()
		if err != nil {
			return to, err
		}
		to.UseBy = domain.To(date)
	}
	return to, nil
}
