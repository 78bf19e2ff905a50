package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) replan() *cobra.Command {
	var reason domain.Origin
	var all bool
	var given int
	cmd := &cobra.Command{
		Use:   "replan SKU|--all",
		Short: "Place the open lines of products afresh, the most urgent first",
		Long: "Sorts the open lines of a product by priority, the day on which they are needed, and\n" +
			"age, and has each get the batch that the policy of the product has it get. A line\n" +
			"keeps its batch unless another one comes earlier, or a more urgent line takes its\n" +
			"place. What is frozen, held, or shipped in part stays where it is.\n\n" +
			"What moves is shown before anything does. With --all every product is re-planned by\nitself, and only their numbers are shown.",
		Example: examples(
			"allot replan SMALL-TABLE --dry-run", "what would a better plan be?",
			"allot replan SMALL-TABLE", "see it, then decide",
			"allot replan --all --yes", "every product",
		),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case all && len(args) > 0:
				return usage("leave one of them out", "--all is for every product, and %q is one", args[0])
			case all:
				return r.replanAll(cmd.Context(), r.because(reason))
			case len(args) == 0:
				return usage("write: allot replan SKU, or --all for every product", "the SKU is missing")
			}
			return r.replanOne(cmd.Context(), domain.ReplanProduct{Origin: r.because(reason), SKU: args[0]}, confirmed(cmd, given))
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "re-plan every product")
	return r.changes(cmd, &given, &reason)
}

// replanOne shows what re-planning would do, asks, and does just that.
func (r *run) replanOne(ctx context.Context, replan domain.ReplanProduct, given int) error {
	changes := []domain.Message{replan}
	foreseen, err := r.foresee(ctx, changes)
	if err != nil {
		return inFirst(err)
	}
	if r.dryRun || r.config.Output == config.OutputTable {
		if err := r.showWhatIf(len(changes), foreseen); err != nil {
			return err
		}
	}
	if r.dryRun {
		r.say("dry run: nothing was written")
		return nil
	}
	question := fmt.Sprintf("%s: %s", replan.SKU, sumOf(foreseen))
	if n := len(foreseen.Moves); given >= 0 || n > manyLines || foreseen.WithoutStock > 0 {
		err = r.confirmNumber(ctx, question, n, given)
	} else {
		err = r.confirm(ctx, question+" Apply?", hintYes)
	}
	if err != nil {
		return err
	}
	done, err := r.make(ctx, changes, foreseen.Plan)
	if err != nil {
		return inFirst(err)
	}
	if r.config.Output == config.OutputTable {
		return nil
	}
	return r.showWhatIf(len(changes), done)
}

// inFirst is why the only change was refused: that it was the first is no news.
func inFirst(err error) error {
	if refusal, ok := errors.AsType[*service.Refusal](err); ok {
		return refusal.Err
	}
	return err
}

// replans is what became of all products.
type replans struct {
	DryRun   bool `json:"dry_run,omitempty"`
	Products int  `json:"products"`
	Lines    int  `json:"planned"`
	Moved    int  `json:"moved"`
}

var replansColumns = []column[replans]{
	{name: "products", text: func(s replans) string { return strconv.Itoa(s.Products) }},
	{name: "planned", text: func(s replans) string { return strconv.Itoa(s.Lines) }},
	{name: "moved", text: func(s replans) string { return strconv.Itoa(s.Moved) }},
}

func (r *run) replanAll(ctx context.Context, origin domain.Origin) error {
	skus, err := r.allSKUs(ctx)
	if err != nil {
		return err
	}
	if !r.dryRun {
		if err := r.confirm(ctx, "Re-plan "+count(len(skus), "product", "products")+"?", hintYes); err != nil {
			return err
		}
	}
	sum := replans{DryRun: r.dryRun}
	err = r.through(ctx, func(d *door) error {
		bar := r.progress("re-planning", int64(len(skus)), "lines moved")
		defer bar.end()
		for o := range d.send(ctx, replanning(skus, origin)) {
			if o.Err != nil {
				return o.Err
			}
			done, _ := o.Result.(domain.Replanned)
			sum.Products, sum.Lines, sum.Moved = sum.Products+1, sum.Lines+done.Lines, sum.Moved+done.Moved
			bar.set(int64(sum.Products), sum.Moved)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("after %s: %w", count(sum.Products, "product", "products"), err)
	}
	return object(r, sum, func() error { return list(r, replansColumns, these(sum)) })
}

func replanning(skus []string, origin domain.Origin) iter.Seq[domain.Message] {
	return func(yield func(domain.Message) bool) {
		for _, sku := range skus {
			if !yield(domain.ReplanProduct{Origin: origin, SKU: sku}) {
				return
			}
		}
	}
}

// allSKUs are those of all products, of the server that was named, or in the
// database.
func (r *run) allSKUs(ctx context.Context) (skus []string, err error) {
	if r.config.Server == "" {
		return skus, r.look(ctx, func(s bootstrap.Store) (err error) {
			skus, err = skusOf(func(page views.Page) (views.List[views.Product], error) { return s.Products(ctx, page) })
			return err
		})
	}
	c, err := r.toServer()
	if err != nil {
		return nil, err
	}
	skus, err = skusOf(func(page views.Page) (list views.List[views.Product], err error) {
		path := "/v1/products?limit=" + strconv.Itoa(page.Limit)
		if page.After != "" {
			path += "&cursor=" + url.QueryEscape(page.After)
		}
		return list, remote{c, r.origin().Actor}.call(ctx, http.MethodGet, path, nil, &list)
	})
	return skus, errors.Join(err, c.close())
}

func skusOf(next func(views.Page) (views.List[views.Product], error)) (skus []string, _ error) {
	page := views.Page{Limit: views.MaxPage}
	for {
		list, err := next(page)
		if err != nil {
			return nil, err
		}
		for _, p := range list.Items {
			skus = append(skus, p.SKU)
		}
		if page.After = list.Next; page.After == "" {
			return skus, nil
		}
	}
}
