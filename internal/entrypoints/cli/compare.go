package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
	"allot/internal/yardstick"
)

func (r *run) plans() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "plan",
		Short: "Compare ways to place lines",
		Long:  "Says by figures how good a way to place lines is, for those who choose one. To place\nlines afresh, see allot replan; to change the policy of a product, allot product policy.",
		Example: examples(
			"allot plan compare", "the present lines and stock",
			"allot plan compare --folder DIR", "batches and orders in files",
		),
	}, r.comparePlans())
}

func (r *run) comparePlans() *cobra.Command {
	var folder string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "compare",
		Short: "Compare the policies by lines on time, beside the best possible",
		Long: "Places the open lines by each policy, in memory, and counts those that are on time,\n" +
			"and how late the others are: units times days. It only reads, so a server may run.\n\n" +
			"  now      as the lines stand\n" +
			"  afresh   all lines anew, one after the other, the oldest first\n" +
			"  re-plan  as allot replan moves them from where they stand\n\n" +
			"The best possible is a flow of single units at the least cost. Lines are never split,\n" +
			"and locations, use-by dates and safety stock are not asked for, so it is a bound: no\n" +
			"plan is better, and perhaps none as good. On time and late have a bound each.\n\n" +
			"A line without a required-by date is needed at once: today, or in a folder when it was\n" +
			"placed. A line without stock is late until 30 days after all that is known of its\n" +
			"product. What is frozen, held, shipped in part or in a closed batch isn't compared.\n\n" +
			"With --folder, batches.csv and orders.csv are compared, or the same with .gz, instead\n" +
			"of the database: columns as for allot import, and placed_at. All batches are known\n" +
			"from the start, no line stands anywhere yet, and re-plan begins where afresh ended.\n" +
			"Lines of products without any batch are left out.",
		Example: examples(
			"allot plan compare", "the present lines and stock",
			"allot plan compare --seed 1", "the same, with dates drawn for lines that have none",
			"allot plan compare --folder DIR --seed 1", "batches and orders in files",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := comparison{run: r}
			if cmd.Flags().Changed("seed") {
				c.seed = &seed
			}
			return c.compare(cmd.Context(), folder)
		},
	}
	cmd.Flags().StringVar(&folder, "folder", "", "`DIR` with batches.csv and orders.csv to compare instead of the database")
	cmd.Flags().Uint64Var(&seed, "seed", 0, fmt.Sprintf("`N` draws a required-by date for each line that has none, up to %d days after it was placed; the same N, the same dates", yardstick.MaxDrawn))
	return cmd
}

// comparison is a comparison under way.
type comparison struct {
	*run
	seed   *uint64 // nil: no dates are drawn
	report yardstick.Report
}

func (c *comparison) compare(ctx context.Context, folder string) error {
	err := c.folder(ctx, folder)
	if folder == "" {
		err = c.look(ctx, func(s bootstrap.Store) error { return c.store(ctx, s) })
	}
	if err != nil {
		return err
	}
	if c.report.Plans == nil {
		c.report.Plans = []yardstick.Plan{}
	}
	return c.show()
}

func (c *comparison) today() domain.Date { return domain.NewDate(c.Now().In(c.config.Timezone).Date()) }

func (c *comparison) store(ctx context.Context, s bootstrap.Store) error {
	skus, err := skusOf(func(page views.Page) (views.List[views.Product], error) { return s.Products(ctx, page) })
	if err != nil {
		return err
	}
	bar := c.progress("comparing", int64(len(skus)), "lines")
	defer bar.end()
	return s.View(ctx, func(ctx context.Context, from service.Reader) error {
		for i, sku := range skus {
			product, others, err := yardstick.FromStore(ctx, from, sku, c.today())
			if err != nil {
				return fmt.Errorf("read %s: %w", sku, err)
			}
			c.report.LeftOut += others
			if err := c.add(product); err != nil {
				return err
			}
			bar.set(int64(i+1), c.report.Lines)
		}
		return nil
	})
}

func (c *comparison) folder(ctx context.Context, dir string) error {
	if dir == "" {
		return nil
	}
	reading := c.progress("reading", 0, "rows")
	products, leftOut, err := yardstick.FromFolder(ctx, dir, c.today(), func(rows int) { reading.set(int64(rows), rows) })
	reading.end()
	if err != nil {
		return err
	}
	c.report.LeftOut = leftOut
	bar := c.progress("comparing", int64(len(products)), "lines")
	defer bar.end()
	for i, product := range products {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := c.add(product); err != nil {
			return err
		}
		bar.set(int64(i+1), c.report.Lines)
	}
	return nil
}

func (c *comparison) add(product yardstick.Case) error {
	if c.seed != nil {
		c.report.Drawn += product.Draw(*c.seed)
	}
	if err := c.report.Add(product); err != nil {
		return fmt.Errorf("compare plans for %s: %w", product.Product.SKU, err)
	}
	return nil
}

// compared is a plan as it is printed, or the best possible.
type compared struct {
	yardstick.Plan
	lines int
	best  yardstick.Best
	bound bool // it is the best possible
}

var comparedColumns = []column[compared]{
	{name: "plan", text: func(p compared) string { return p.Plan.Plan }},
	{name: "policy", text: func(p compared) string { return p.Policy }, tell: func(p compared) string { return dash(p.Policy) }},
	{name: "lines_on_time", text: func(p compared) string { return strconv.Itoa(p.OnTime) }, tell: compared.onTime},
	{name: "unit_days_late", text: func(p compared) string { return strconv.FormatInt(p.Late, 10) }},
	{name: "over_best", text: compared.overBest, tell: func(p compared) string { return dash(p.overBest()) }},
	{name: "without_stock", text: func(p compared) string { return p.unlessBound(p.WithoutStock) }, tell: func(p compared) string { return dash(p.unlessBound(p.WithoutStock)) }},
	{name: "moves", text: func(p compared) string { return p.unlessBound(p.Moves) }, tell: func(p compared) string { return dash(p.unlessBound(p.Moves)) }},
}

func (p compared) onTime() string {
	return fmt.Sprintf("%d (%.1f %%)", p.OnTime, 100*float64(p.OnTime)/float64(max(1, p.lines)))
}

// overBest is how much later a plan is than the best possible, if that is late
// at all.
func (p compared) overBest() string {
	if p.bound || p.best.Late == 0 {
		return ""
	}
	return fmt.Sprintf("+%.1f %%", 100*(float64(p.Late)/float64(p.best.Late)-1))
}

func (p compared) unlessBound(n int) string {
	if p.bound {
		return ""
	}
	return strconv.Itoa(n)
}

func (c *comparison) show() error {
	report := c.report
	if report.Dated == 0 && report.Lines > 0 {
		c.say("no line has a required-by date: --seed N draws some")
	}
	return object(c.run, report, func() error {
		c.tell("%s of %s, %d with a required-by date, %d of these drawn; %d left out",
			count(report.Lines, "line", "lines"), count(report.Products, "product", "products"), report.Dated, report.Drawn, report.LeftOut)
		var rows []compared
		for _, p := range report.Plans {
			rows = append(rows, compared{Plan: p, lines: report.Lines, best: report.Best})
		}
		best := yardstick.Plan{Plan: "best possible", OnTime: report.Best.OnTime, Late: report.Best.Late}
		rows = append(rows, compared{Plan: best, lines: report.Lines, bound: true})
		return list(c.run, comparedColumns, these(rows...))
	})
}
