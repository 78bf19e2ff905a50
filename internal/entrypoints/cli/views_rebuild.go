package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/service"
)

func (r *run) viewsRebuild() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Fill what is kept in Redis anew",
		Long: "Puts what is available of each product into Redis, in the place of what is there, and\n" +
			"forgets products that the shop doesn't have. Readers see the old until the new is\n" +
			"there, and a server may run: what changes meanwhile is put as well, and nothing\n" +
			"older takes its place. If it ends early, the server or the next rebuild goes on.\n\n" +
			"A server does this by itself when Redis has lost everything, and on each new day. What\n" +
			"belongs to another shop, or to this one before a backup was restored, it leaves alone:\n" +
			"this command asks, and makes it one of this shop. A dry run says what it would change.",
		Example: examples(
			"allot views rebuild --dry-run", "is what readers see right?",
			"allot views rebuild --yes", "after a backup was restored",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.withReadModel(cmd.Context(), func(m *bootstrap.ReadModel) error {
				if r.dryRun {
					return r.compareReadModel(cmd.Context(), m)
				}
				return r.rebuildReadModel(cmd.Context(), m)
			})
		},
	}
	cmd.Flags().BoolVarP(&r.dryRun, "dry-run", "n", false, "say what would change, and write nothing")
	return r.takes(r.asks(cmd), "redis-url", "timezone")
}

func (r *run) rebuildReadModel(ctx context.Context, m *bootstrap.ReadModel) error {
	before, err := m.Standing(ctx)
	if err != nil {
		return err
	}
	if before.Foreign {
		question := fmt.Sprintf("What is in Redis reflects event %d of another log. Is no other shop using it, and shall it be replaced?", before.Position)
		if err := r.confirm(ctx, question, hintYes); err != nil {
			return err
		}
	}
	bar, filled, err := r.overProducts(ctx, m, "rebuild")
	if err != nil {
		return err
	}
	err = m.Rebuild(ctx, filled)
	bar.end()
	if err != nil {
		return err
	}
	after, err := m.Standing(ctx)
	if err != nil {
		return err
	}
	told := modelStandingOf(after)
	return object(r, told, func() error { return list(r, modelStandingColumns, these(told)) })
}

// overProducts shows how many products something is through with.
func (r *run) overProducts(ctx context.Context, m *bootstrap.ReadModel, what string) (*bar, func(int), error) {
	stats, err := m.Shop.Stats(ctx)
	if err != nil {
		return nil, nil, err
	}
	b := r.progress(what, int64(stats.Products), "products")
	return b, func(products int) { b.set(int64(products), products) }, nil
}

// modelDifference is what a rebuild would change.
type modelDifference struct {
	DryRun   bool `json:"dry_run"`
	Products int  `json:"products"`
	Missing  int  `json:"missing"`
	Behind   int  `json:"behind"`
	Wrong    int  `json:"wrong"`
	Extra    int  `json:"extra"`
}

var modelDifferenceColumns = []column[modelDifference]{
	{name: "products", text: func(d modelDifference) string { return strconv.Itoa(d.Products) }},
	{name: "missing", text: func(d modelDifference) string { return strconv.Itoa(d.Missing) }},
	{name: "behind", text: func(d modelDifference) string { return strconv.Itoa(d.Behind) }},
	{name: "wrong", text: func(d modelDifference) string { return strconv.Itoa(d.Wrong) }},
	{name: "extra", text: func(d modelDifference) string { return strconv.Itoa(d.Extra) }},
}

func (r *run) compareReadModel(ctx context.Context, m *bootstrap.ReadModel) error {
	bar, compared, err := r.overProducts(ctx, m, "compare")
	if err != nil {
		return err
	}
	d, err := m.Compare(ctx, compared)
	bar.end()
	if err != nil {
		return err
	}
	if err := r.tellModelDifference(d); err != nil {
		return err
	}
	r.say("dry run: nothing was written")
	return nil
}

func (r *run) tellModelDifference(d service.ModelDifference) error {
	told := modelDifference{true, d.Products, d.Missing, d.Behind, d.Wrong, d.Extra}
	return object(r, told, func() error { return list(r, modelDifferenceColumns, these(told)) })
}
