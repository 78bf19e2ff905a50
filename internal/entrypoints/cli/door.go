package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// door is where commands go: into the database, which this process has opened,
// or to the server that has it open.
type door struct {
	send  importer.Sink
	close func() error
}

// writes makes cmd one that writes: it has a server to talk to, and may be
// tried without effect.
func (r *run) writes(cmd *cobra.Command) *cobra.Command {
	config.Flags(cmd.Flags(), "server", "token-file")
	cmd.Flags().BoolVarP(&r.dryRun, "dry-run", "n", false, "say what would happen, and write nothing")
	return cmd
}

// asks makes cmd one that asks before it writes.
func (r *run) asks(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVarP(&r.yes, "yes", "y", false, "don't ask")
	return cmd
}

// open opens the way for commands: to the server that was named, else to the
// one that has the database open, else into the database itself. A dry run
// goes to a server only if it was named.
func (r *run) open(ctx context.Context) (*door, error) {
	if r.config.Server != "" {
		c, err := r.toServer()
		if err != nil {
			return nil, err
		}
		return &door{send: c.send, close: c.close}, nil
	}
	if r.dryRun {
		return r.intoImagination(ctx)
	}
	file := r.config.Database()
	if owner, ok := bootstrap.OwnerOf(file); ok && owner.URL != "" {
		return r.throughOwner(owner), nil
	}
	app, err := bootstrap.Open(ctx, file, r.command, r.options())
	if inUse, ok := errors.AsType[*bootstrap.InUseError](err); ok && inUse.Owner.URL != "" {
		return r.throughOwner(inUse.Owner), nil // it was only starting
	}
	if err != nil {
		return nil, err
	}
	finish := func() (err error) {
		if ctx.Err() == nil {
			_, err = app.Fills.GoOn(ctx) // nobody else would until the next start
		}
		return errors.Join(err, app.Close())
	}
	return &door{send: sendTo(app.Bus), close: finish}, nil
}

func (r *run) options() bootstrap.Options {
	now := func() time.Time { return r.Now().In(r.config.Timezone) }
	return bootstrap.Options{Group: r.config.Group, Now: now, WebhooksAnywhere: r.config.WebhookPrivate, AllowLoss: r.config.AllowLoss}
}

func sendTo(bus *service.Bus) importer.Sink {
	return func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return service.SendEach(ctx, bus, commands)
	}
}

// adviceOnOwner is what to do about a server that has the database, but
// doesn't answer.
const adviceOnOwner = "it has the database open: look whether it hangs, and stop it"

// throughOwner opens the way to the server that has the database.
func (r *run) throughOwner(owner bootstrap.Owner) *door {
	c := r.toOwner(owner)
	return &door{send: c.send, close: c.close}
}

// toOwner is a client of the server that has the database. Its key shows that
// we are the same user, and may say on whose behalf we act.
//
// The process that holds the lock has said where it is, so its certificate,
// which may be for another name, isn't asked for.
func (r *run) toOwner(owner bootstrap.Owner) *client {
	c := newClient(owner.URL, adviceOnOwner, r.dryRun)
	c.secret, c.ours = owner.Key, true
	t := c.http.Transport.(*http.Transport)
	t.Proxy, t.TLSClientConfig = nil, &tls.Config{InsecureSkipVerify: true}
	return c
}

// toServer is a client of the server that was named.
func (r *run) toServer() (*client, error) {
	c := newClient(r.config.Server, "look whether it runs, or leave out --server to use the database of the data directory", r.dryRun)
	if c.secret = r.Getenv("ALLOT_TOKEN"); c.secret != "" || r.config.TokenFile == "" {
		return c, nil
	}
	body, err := os.ReadFile(r.config.TokenFile)
	if err != nil {
		return nil, usage("name a file that exists and may be read", "the token can't be read: %v", err)
	}
	c.secret = strings.TrimSpace(string(body))
	return c, nil
}

// intoImagination opens a way that ends before the database.
func (r *run) intoImagination(ctx context.Context) (*door, error) {
	app, err := r.preview(ctx)
	if err != nil {
		return nil, err
	}
	send := func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return service.PreviewEach(ctx, app.Bus, commands)
	}
	return &door{send: send, close: app.Close}, nil
}

// preview opens the database for previews. If there is none yet, they are about
// an empty shop.
func (r *run) preview(ctx context.Context) (*bootstrap.App, error) {
	file := r.config.Database()
	if bootstrap.Missing(file) {
		return bootstrap.Imagine(r.options()), nil
	}
	return bootstrap.OpenReadOnly(ctx, file, r.options())
}

// through has fn use a door, and closes it.
func (r *run) through(ctx context.Context, fn func(*door) error) error {
	d, err := r.open(ctx)
	if err != nil {
		return err
	}
	if err = errors.Join(fn(d), d.close()); err == nil && r.dryRun {
		r.say("dry run: nothing was written")
	}
	return err
}

// perform has one command done, and then something with its result. What can't
// be right is refused before anything is opened.
func perform[R any](ctx context.Context, r *run, cmd domain.Command[R], then func(R) error) error {
	if err := cmd.Validate(); err != nil {
		return err
	}
	if err := foresee(ctx, r, cmd); err != nil {
		return err
	}
	return r.through(ctx, func(d *door) error {
		result, err := do(ctx, d, cmd)
		if err != nil {
			return err
		}
		return then(result)
	})
}

// foresee refuses what would be refused by an empty shop, if there is no
// database yet: a name that was misspelled makes none.
func foresee[R any](ctx context.Context, r *run, cmd domain.Command[R]) error {
	if r.config.Server != "" || r.dryRun || !bootstrap.Missing(r.config.Database()) {
		return nil
	}
	app := bootstrap.Imagine(r.options())
	_, err := service.Preview(ctx, app.Bus, cmd)
	return errors.Join(err, app.Close())
}

// do has one command done and returns what it names as its result.
func do[R any](ctx context.Context, d *door, cmd domain.Command[R]) (result R, _ error) {
	for o := range d.send(ctx, slices.Values([]domain.Message{cmd})) {
		if o.Err != nil {
			return result, o.Err
		}
		result, ok := o.Result.(R)
		if !ok {
			return result, fmt.Errorf("%s was answered with a %T", cmd.CommandName(), o.Result)
		}
		return result, nil
	}
	return result, fmt.Errorf("%s was not answered", cmd.CommandName())
}

// origin says who wants something done.
func (r *run) origin() domain.Origin {
	for _, variable := range []string{"USER", "LOGNAME", "USERNAME"} {
		if actor := r.Getenv(variable); actor != "" {
			return domain.Origin{Actor: actor}
		}
	}
	return domain.Origin{}
}

// look has fn look at the database, whoever else uses it.
func (r *run) look(ctx context.Context, fn func(bootstrap.Store) error) error {
	if r.config.Server != "" {
		return usage("run it where the data directory is, without "+r.sourceOf("server"),
			"%s reads the database itself and can't ask %s", r.command, r.config.Server)
	}
	return r.lookHere(ctx, fn)
}

// lookHere has fn read the database, whichever server was named.
func (r *run) lookHere(ctx context.Context, fn func(bootstrap.Store) error) error {
	app, err := bootstrap.OpenReadOnly(ctx, r.config.Database(), r.options())
	if err != nil {
		return r.orNoDatabase(err)
	}
	return errors.Join(fn(app.Store), app.Close())
}

// orNoDatabase is err, or that there is no database if that is why.
func (r *run) orNoDatabase(err error) error {
	if !errors.Is(err, fs.ErrNotExist) || !bootstrap.Missing(r.config.Database()) {
		return err
	}
	return &failure{wire.ExitFailed, "there is no database at " + r.config.DatabaseName() + " yet",
		"allot serve, allot import and allot demo create one; --data names another directory"}
}
