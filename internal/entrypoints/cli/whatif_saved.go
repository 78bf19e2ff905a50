package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) whatIfShow() *cobra.Command {
	var plan string
	var apply bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Try the changes of a what-if again that was saved",
		Long: "Tries changes that were saved with --save, or on a page, on the shop as it is now, and\n" +
			"says whether they would still do what they would have done then. Nothing is written.\n\n" +
			"With --apply and the plan that it says, all changes are made, or none.",
		Example: examples(
			"allot what-if show k3v7q2xmb5tdw4ha", "what would it do by now?",
			"allot what-if show k3v7q2xmb5tdw4ha --apply --plan 4f1c...", "do just that",
		),
		Args: needs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case apply && plan == "":
				return usage("run it without --apply: it says the plan", "--apply needs --plan")
			case !apply && plan != "":
				return usage("add --apply to make the changes, or leave --plan out", "--plan is only for --apply")
			}
			saved, err := r.findWhatIf(cmd.Context(), args[0])
			if err != nil {
				return noSuchWhatIf(err)
			}
			if !apply {
				return r.showSaved(saved)
			}
			changes, err := wire.DecodeChanges(bytes.NewReader(joinLines(saved.Changes)), r.origin())
			if err != nil {
				return err
			}
			return r.makeChanges(cmd.Context(), changes, plan)
		},
	}
	cmd.Flags().BoolVar(&apply, "apply", false, "make the changes, if they do what the plan says")
	cmd.Flags().StringVar(&plan, "plan", "", "the `PLAN` that was said without --apply")
	return r.takes(cmd, "server", "token-file")
}

// saveChanges keeps changes for others to look at, and shows what they would do.
func (r *run) saveChanges(ctx context.Context, changes []domain.Message) error {
	var saved wire.SavedWhatIf
	var server string
	err := r.hereOrThere(ctx, func(app *bootstrap.App) error {
		written, err := wire.WriteChanges(changes)
		if err != nil {
			return err
		}
		kept, foreseen, err := app.WhatIfs.Save(ctx, app.Bus, changes, written)
		if err != nil {
			return err
		}
		saved, err = wire.SavedWhatIfOf(kept, foreseen, nil)
		return err
	}, func(s remote) error {
		body, err := wire.EncodeChanges(changes, "")
		if err != nil {
			return err
		}
		server = s.url
		return s.call(ctx, http.MethodPost, "/v1/what-if?store=true", json.RawMessage(body), &saved)
	})
	if err != nil {
		return err
	}
	if err := r.showSaved(saved); err != nil {
		return err
	}
	r.say("saved for 90 days; others see it with: allot what-if show %s", saved.ID)
	if server != "" {
		r.say("its page is %s%s", server, saved.Page)
	}
	return nil
}

// findWhatIf finds a what-if that was saved and tries it, at the server that was
// named, or in the database, whoever else uses it.
func (r *run) findWhatIf(ctx context.Context, id string) (w wire.SavedWhatIf, _ error) {
	if r.config.Server != "" {
		c, err := r.toServer()
		if err != nil {
			return w, err
		}
		err = remote{c, r.origin().Actor}.call(ctx, http.MethodGet, "/v1/what-if/"+url.PathEscape(id), nil, &w)
		return w, errors.Join(err, c.close())
	}
	app, err := r.preview(ctx)
	if err != nil {
		return w, err
	}
	w, err = r.tryAgain(ctx, app, id)
	return w, errors.Join(err, app.Close())
}

func (r *run) tryAgain(ctx context.Context, app *bootstrap.App, id string) (w wire.SavedWhatIf, _ error) {
	saved, err := app.WhatIfs.Find(ctx, id)
	if err != nil {
		return w, err
	}
	changes, err := wire.DecodeChanges(strings.NewReader(saved.Changes), r.origin())
	var foreseen service.Difference
	if err == nil {
		foreseen, err = service.WhatIf(ctx, app.Bus, changes)
	}
	return wire.SavedWhatIfOf(saved, foreseen, err)
}

// showSaved shows a what-if that was saved, and what it would do now.
func (r *run) showSaved(w wire.SavedWhatIf) error {
	return object(r, w, func() error {
		r.tell("what-if %s, saved by %s at %s", w.ID, dash(w.Actor), w.At.Format("2006-01-02 15:04:05Z07:00"))
		for i, change := range w.Changes {
			r.tell("%d. %s", i+1, change)
		}
		if w.Problem != nil {
			r.tell("by now it can't be done: %s", w.Problem.Detail)
			return nil
		}
		if err := r.showWhatIf(len(w.Changes), *w.WhatIf); err != nil {
			return err
		}
		if !w.Same {
			r.say("this is something else than when it was saved")
		}
		r.say("nothing was changed; to do just this: allot what-if show %s --apply --plan %s", w.ID, w.WhatIf.Plan)
		return nil
	})
}

// noSuchWhatIf gives an error about a what-if that doesn't exist a next step.
func noSuchWhatIf(err error) error {
	if errors.Is(err, views.ErrNotFound) || domain.KindOf(err) == domain.NotFound {
		return notFound("it was saved more than 90 days ago, or never: look at the id again", "%v", err)
	}
	return err
}

func joinLines(lines []json.RawMessage) []byte {
	var text []byte
	for _, line := range lines {
		text = append(append(text, line...), '\n')
	}
	return text
}
