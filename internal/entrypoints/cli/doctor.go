package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

func (r *run) doctor() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong, and say what to do about it",
		Long: "Looks at the settings, the data directory and its disk, the database and who uses it,\n" +
			"the clock, the server, its certificate and its deliveries, Redis and the mail server if they are set. It changes nothing, and a server may run.\n\n" +
			"Each check is ok, a warning (it works, but look at it) or a failure. The exit code is\n" +
			"1 if anything fails. Whether what is in the tables is right, allot verify says.",
		Example: examples(
			"allot doctor", "what people read",
			"allot doctor --output json", "what programs read",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return r.examine(cmd.Context()) },
	}
	return r.takes(cmd, "server", "addr", "redis-url", "redis-availability", "timezone", "smtp-url", "smtp-tls", "mail-from", "mail-to")
}

// finding is what a check found.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"` // what to do about it
}

// What a check may find.
const (
	fine    = "ok"
	warning = "warn"
	failed  = "fail"
)

func ok(check, format string, args ...any) finding {
	return finding{Check: check, Status: fine, Detail: fmt.Sprintf(format, args...)}
}

func warn(check, next, format string, args ...any) finding {
	return finding{check, warning, fmt.Sprintf(format, args...), next}
}

func fail(check, next, format string, args ...any) finding {
	return finding{check, failed, fmt.Sprintf(format, args...), next}
}

var findingColumns = []column[finding]{
	{name: "check", text: func(f finding) string { return f.Check }},
	{name: "status", text: func(f finding) string { return f.Status }},
	{name: "detail", text: func(f finding) string { return f.Detail }},
	{name: "next", text: func(f finding) string { return f.Next }, tell: func(f finding) string { return dash(f.Next) }},
}

func (r *run) examine(ctx context.Context) error {
	findings := []finding{r.checkSettings()}
	if r.config.Postgres() {
		findings = append(findings, r.checkPostgres(ctx)...)
		findings = append(findings, r.checkServer(ctx, bootstrap.Owner{})...)
	} else {
		findings = append(findings, r.examineFile(ctx)...)
	}
	findings = append(findings, r.checkOthers(ctx)...)
	if err := list(r, findingColumns, these(findings...)); err != nil {
		return err
	}
	broken := 0
	for _, f := range findings {
		if f.Status != failed {
			continue
		}
		if broken++; r.quiet && r.config.Output == config.OutputTable {
			fmt.Fprintf(r.Err, "%s: %s; %s\n", f.Check, f.Detail, f.Next)
		}
	}
	if broken > 0 {
		return &failure{exit: wire.ExitFailed, what: count(broken, "check failed", "checks failed")}
	}
	return nil
}

// examineFile looks at a database in a file, and at what is around it.
func (r *run) examineFile(ctx context.Context) []finding {
	findings := []finding{r.checkDirectory(), r.checkPermissions(), r.checkSpace()}
	owner, owned := bootstrap.OwnerOf(r.config.SQLiteFile())
	findings = append(findings, checkOwner(owner, owned))
	findings = append(findings, r.checkDatabase(ctx)...)
	return append(findings, r.checkServer(ctx, owner)...)
}

// checkPostgres looks at a database of PostgreSQL, whose disk and processes are
// for its own programs to look at.
func (r *run) checkPostgres(ctx context.Context) []finding {
	h, err := bootstrap.Check(ctx, r.config.Database())
	if err != nil {
		return []finding{fail("database", "look whether it runs, and whether --db names it", "it can't be asked: %v", err)}
	}
	if len(h.Faults) > 0 {
		return []finding{fail("database", "set that right in its configuration, or accept the loss with --allow-loss", "%s: %s", h.File, strings.Join(h.Faults, "; ")), checkSchema(h.Schema, h.Known)}
	}
	found := []finding{ok("database", "%s answers, and keeps what it acknowledges: %s", h.File, size(uint64(h.Bytes))), checkSchema(h.Schema, h.Known)}
	if h.Schema != h.Known {
		return found
	}
	err = r.lookHere(ctx, func(s bootstrap.Store) error {
		stats, err := s.Stats(ctx)
		if err != nil {
			return err
		}
		inbound, err := s.ParkedMessages(ctx, views.Page{Limit: 1})
		if err != nil {
			return err
		}
		found = append(found, checkDeliveries(bootstrap.Inspection{Failing: stats.Failing, Parked: stats.Parked}))
		if len(inbound.Items) > 0 {
			found = append(found, warn("messages", adviceOnInbound, "there are some from outside that could not be done"))
		}
		return nil
	})
	if err != nil {
		found = append(found, fail("deliveries", "look whether the user of --db may read all tables", "they can't be read: %v", err))
	}
	return found
}

// checkSettings says which settings were set, and where.
func (r *run) checkSettings() finding {
	var set []string
	for _, v := range r.config.Origins() {
		if v.Source != "default" {
			set = append(set, v.Name+" from "+v.Source)
		}
	}
	if stray := r.strayVariables(); len(stray) > 0 {
		return warn("settings", "put the names of the variables right", "%s", strings.Join(stray, "; "))
	}
	if len(set) == 0 {
		return ok("settings", "all have their defaults")
	}
	return ok("settings", "%s", strings.Join(set, ", "))
}

func checkOwner(o bootstrap.Owner, owned bool) finding {
	const check = "lock"
	switch {
	case !owned:
		return ok(check, "nobody writes to the database")
	case o.PID == 0:
		return warn(check, "ask again; if it stays so, look for processes that have the database open", "a process holds the lock that doesn't say who it is")
	case o.URL == "":
		return ok(check, "%s (pid %d) writes to the database", o.Program, o.PID)
	}
	return ok(check, "%s (pid %d) writes to the database, and takes commands at %s", o.Program, o.PID, o.URL)
}

// checkDatabase looks into the database.
func (r *run) checkDatabase(ctx context.Context) []finding {
	file := r.config.SQLiteFile()
	i, err := bootstrap.Inspect(ctx, file)
	if errors.Is(err, fs.ErrNotExist) {
		return []finding{warn("database", "allot serve, allot import and allot demo create one; --data names another directory", "there is none at %s yet", file)}
	}
	if err != nil {
		return []finding{fail("database", "keep a copy of the data directory as it is; see to its disk, or restore a backup: allot db restore FILE", "it can't be read: %v", err)}
	}
	if len(i.Faults) > 0 {
		return []finding{fail("database", "keep a copy of the data directory as it is, and restore a backup: allot db restore FILE",
			"%s is damaged: %s", file, strings.Join(i.Faults, "; "))}
	}
	return []finding{
		ok("database", "%s is intact, as far as can be seen quickly: %s", file, size(uint64(i.Bytes))),
		checkSchema(i.Schema, i.Known), ok("pragmas", "%s", strings.Join(i.Pragmas, ", ")), r.checkClock(i), checkDeliveries(i), checkInbound(i), r.checkWebhooks(i),
	}
}

func checkSchema(have, known int64) finding {
	switch {
	case have < known:
		return warn("schema", "allot serve brings it up to date; back it up first: allot db backup FILE, or pg_dump", "version %d, and this program knows version %d", have, known)
	case have > known:
		return fail("schema", "use the newer program that wrote it", "version %d, and this program knows only version %d", have, known)
	}
	return ok("schema", "version %d, which this program knows", have)
}

func checkDeliveries(i bootstrap.Inspection) finding {
	switch {
	case i.Parked > 0:
		return warn("deliveries", "allot events parked says why", "%s parked, and %d tried again", count(i.Parked, "is", "are"), i.Failing)
	case i.Failing > 0:
		return warn("deliveries", "allot events parked says why; they are tried again by themselves", "%s tried again", count(i.Failing, "is", "are"))
	}
	return ok("deliveries", "none has failed")
}

const adviceOnInbound = "allot events parked --inbound says why; send again what should be done after all"

func checkInbound(i bootstrap.Inspection) finding {
	if i.Inbound > 0 {
		return warn("messages", adviceOnInbound, "%s from outside could not be done", count(i.Inbound, "message", "messages"))
	}
	return ok("messages", "none from outside is parked")
}

// longestBehind is how long a webhook may take for what happened: it is posted
// at once if a server runs and the other side can be reached.
const longestBehind = time.Minute

func (r *run) checkWebhooks(i bootstrap.Inspection) finding {
	const check = "webhooks"
	var behind []string
	for _, b := range i.Behind {
		if r.Now().Sub(b.Since) > longestBehind {
			behind = append(behind, fmt.Sprintf("%s is %s behind, the first of %s", b.URL, count(b.Events, "event", "events"), b.Since.Format(time.RFC3339)))
		}
	}
	if len(behind) == 0 {
		return ok(check, "none is behind")
	}
	return warn(check, "look whether a server runs, and whether it reaches them: allot webhook list says why not; nothing is lost, and they get it when they can be reached", "%s", strings.Join(behind, "; "))
}
