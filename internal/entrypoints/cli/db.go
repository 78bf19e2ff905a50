package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
)

func (r *run) db() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "db",
		Short: "Back up, restore, check and move the database",
		Long: "The database is one file of SQLite's, by default allot.db in the data directory,\n" +
			"or a database of PostgreSQL, which any number of servers may share: --db names it.",
		Example: examples(
			"allot db backup allot-backup.db", "a server may run meanwhile",
			"allot db check", "is the file intact?",
		),
	}, r.dbBackup(), r.dbRestore(), r.dbCheck(), r.dbMigrate(), r.dbStats(), r.dbCopy())
}

func (r *run) dbBackup() *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a copy of the database to a file",
		Long: "Writes all that is committed as of one moment, while a server goes on working. The\n" +
			"file is complete and on the disk when the command ends well; it is not touched else.",
		Example: examples(
			"allot db backup allot-backup.db", "a file that must not exist",
			"allot db backup --force /backup/allot.db", "replace the one of yesterday",
		),
		Args: needs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := r.config.Database()
			err := bootstrap.Backup(cmd.Context(), file, args[0], force)
			if errors.Is(err, bootstrap.ErrExists) {
				return &failure{wire.ExitConflict, err.Error(), "choose another name, or replace it with --force"}
			}
			if err == nil {
				r.say("%s has all that is in %s", args[0], file)
			}
			return orNotSQLite(r.orNoDatabase(err), "have pg_dump write a copy of a PostgreSQL database")
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if it exists")
	return cmd
}

func (r *run) dbRestore() *cobra.Command {
	return r.asks(&cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the place of the database",
		Long: "Checks a backup and puts it in the place of the database. The old database is kept\n" +
			"beside it, as allot.db.before-restore. No server may run on it meanwhile.",
		Example: examples(
			"allot db restore allot-backup.db", "it asks before it does anything",
			"allot db restore allot-backup.db --data ./copy", "look at a backup elsewhere",
		),
		Args: needs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return r.restore(cmd.Context(), args[0]) },
	})
}

func (r *run) restore(ctx context.Context, backup string) error {
	file := r.config.Database()
	if err := r.confirm(ctx, fmt.Sprintf("Put %s in the place of %s?", backup, r.config.DatabaseName()), "pass --yes"); err != nil {
		return err
	}
	if err := r.checkNotServed(); err != nil {
		return err
	}
	kept, err := bootstrap.Restore(ctx, backup, file, r.command)
	if err != nil {
		return orNotSQLite(err, "have pg_restore put back what pg_dump has written")
	}
	r.say("%s has what %s had", file, backup)
	if kept != "" {
		r.say("the old database is kept as %s", kept)
	}
	return nil
}

var healthColumns = []column[bootstrap.Health]{
	{name: "file", text: func(h bootstrap.Health) string { return h.File }}, // or the name of the database
	{name: "bytes", text: func(h bootstrap.Health) string { return strconv.FormatInt(h.Bytes, 10) }},
	{name: "schema_version", text: func(h bootstrap.Health) string { return strconv.FormatInt(h.Schema, 10) }},
	{name: "faults", text: func(h bootstrap.Health) string { return strconv.Itoa(len(h.Faults)) }},
}

func (r *run) dbCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check that the database is intact",
		Long: "Has SQLite check the pages, indexes and references of the database file, or asks\n" +
			"PostgreSQL whether it keeps what it acknowledges; and says which version the tables\n" +
			"have. Whether what is in them is right, allot verify says.",
		Example: examples(
			"allot db check", "a server may run meanwhile",
			"allot db check --db sqlite:allot-backup.db", "look at a backup",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			health, err := bootstrap.Check(cmd.Context(), r.config.Database())
			if err != nil {
				return r.orNoDatabase(err)
			}
			if err := object(r, health, func() error { return list(r, healthColumns, these(health)) }); err != nil {
				return err
			}
			if health.Schema < health.Known {
				r.say("hint: this program knows schema version %d: allot db migrate brings the tables up to date", health.Known)
			}
			return faulty(health.Faults)
		},
	}
}
