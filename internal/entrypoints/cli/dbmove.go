package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/entrypoints/wire"
)

// orNotSQLite is err, with what to do about a database that is none of
// SQLite's, if that is why.
func orNotSQLite(err error, hint string) error {
	if !errors.Is(err, bootstrap.ErrNotSQLite) {
		return err
	}
	return &failure{wire.ExitUsage, err.Error(), hint}
}

func (r *run) dbMigrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Create the tables of the database, or bring them up to date",
		Long: "Commands that write do so by themselves. This is for those who want to do it before,\n" +
			"as another user of the database, or once for many servers. Of several that try, one\n" +
			"does it and the others wait.",
		Example: examples(
			"allot db migrate", "the database of the data directory",
			"allot db migrate --db postgres://allot@db/shop", "a database of PostgreSQL",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := bootstrap.Migrate(cmd.Context(), r.config.Database(), r.command); err != nil {
				return err
			}
			r.say("the tables of %s are up to date", r.config.DatabaseName())
			return nil
		},
	}
}

var tableColumns = []column[bootstrap.Table]{
	{name: "table", text: func(t bootstrap.Table) string { return t.Name }},
	{name: "rows", text: func(t bootstrap.Table) string { return strconv.FormatInt(t.Rows, 10) }},
	{name: "dead_rows", text: func(t bootstrap.Table) string { return strconv.FormatInt(t.DeadRows, 10) }},
	{name: "bytes", text: func(t bootstrap.Table) string { return strconv.FormatInt(t.Bytes, 10) }},
	{name: "index_bytes", text: func(t bootstrap.Table) string { return strconv.FormatInt(t.IndexBytes, 10) }},
	{name: "updates", text: func(t bootstrap.Table) string { return strconv.FormatInt(t.Updates, 10) }},
	{name: "hot_updates", text: func(t bootstrap.Table) string { return strconv.FormatInt(t.HotUpdates, 10) }},
}

func (r *run) dbStats() *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Show how large the tables of a PostgreSQL database are",
		Long: "Shows what PostgreSQL counts of each table: rows, rows that wait to be cleared away,\n" +
			"sizes, and how many updates needed no index touched (hot). Rows are estimates.",
		Example: examples(
			"allot db stats --db postgres://allot@db/shop", "the largest first",
			"allot db stats --db postgres://allot@db/shop -o csv", "for a spreadsheet",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			tables, err := bootstrap.Tables(cmd.Context(), r.config.Database())
			if err != nil {
				return err
			}
			return list(r, tableColumns, these(tables...))
		},
	}
}

func (r *run) dbCopy() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "copy --from DB --to DB",
		Short: "Copy a shop from a file of SQLite's to PostgreSQL",
		Long: "Copies all there is from the embedded database to an empty one of PostgreSQL: stock,\n" +
			"orders, the event log with its positions, how far each subscription is, tokens, webhooks,\n" +
			"mails, answers that are given once, and messages that came from outside. It is all\n" +
			"there or nothing is. The copy is verified at the end. No server may run on the source.",
		Example: examples(
			"allot db copy --from sqlite:allot-data/allot.db --to postgres://allot@db/shop", "move up",
			"allot serve --db postgres://allot@db/shop", "and go on there",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return r.copy(cmd.Context(), from, to) },
	}
	cmd.Flags().StringVar(&from, "from", "", "the database to copy, as sqlite:PATH")
	cmd.Flags().StringVar(&to, "to", "", "the database to fill, as postgres://USER@HOST/NAME")
	return cmd
}

func (r *run) copy(ctx context.Context, from, to string) error {
	source, err := r.config.WithDB(from, "--from")
	if err != nil {
		return err
	}
	target, err := r.config.WithDB(to, "--to")
	if err != nil {
		return err
	}
	if from == "" || source.Postgres() || !target.Postgres() {
		return usage("write: allot db copy --from sqlite:PATH --to postgres://USER@HOST/NAME", "a copy goes from SQLite to PostgreSQL")
	}
	return r.copyBetween(ctx, source, target)
}

func (r *run) copyBetween(ctx context.Context, source, target config.Config) error {
	if owner, ok := bootstrap.OwnerOf(source.Database()); ok {
		return &bootstrap.InUseError{File: source.Database(), Owner: owner}
	}
	bar := r.progress("copy", 0, "events")
	report, err := bootstrap.Copy(ctx, source.Database(), target.Database(), r.options(), func(events int) { bar.set(int64(events), events) })
	bar.end()
	if err != nil {
		return fmt.Errorf("copy %s to %s: %w", source.DatabaseName(), target.DatabaseName(), err)
	}
	v := verifiedOf(report)
	if err := object(r, v, func() error { return list(r, verifiedColumns, these(v)) }); err != nil {
		return err
	}
	return faulty(v.Faults)
}
