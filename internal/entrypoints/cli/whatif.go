package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

func (r *run) whatIf() *cobra.Command {
	var file, plan string
	var apply, save bool
	cmd := &cobra.Command{
		Use:   "what-if -f FILE",
		Short: "Try several changes at once, and see which lines they move",
		Long: "Reads changes from a file, one a line, as POST /v1/bulk takes them, tries them one\n" +
			"after the other on the shop as it is now, and shows where lines would stand in the\n" +
			"end. Nothing is written.\n\n" +
			"It also says the plan, which stands for just that. With --apply and this plan all\n" +
			"changes are made, in one step, if they still do the same; otherwise, or if one of\nthem is refused, none is made.\n\n" +
			"With --save the changes are kept for 90 days, so that others can look at them with\nallot what-if show.",
		Example: examples(
			"allot what-if -f changes.ndjson", "whom would it hurt?",
			"allot what-if -f changes.ndjson --apply --plan 4f1c...", "do it, if it still does that",
			"allot what-if -f changes.ndjson --save", "let others see it",
			"allot what-if -f - -o json < changes.ndjson", "the same for a program",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case file == "":
				return usage("write: allot what-if -f FILE, or -f - for standard input", "-f is missing")
			case apply && plan == "":
				return usage("run it without --apply: it says the plan", "--apply needs --plan")
			case apply && save:
				return usage("leave one of them out", "--save keeps changes that --apply makes")
			case !apply && plan != "":
				return usage("add --apply to make the changes, or leave --plan out", "--plan is only for --apply")
			}
			changes, err := r.readChanges(file)
			if err != nil {
				return err
			}
			if apply {
				return r.makeChanges(cmd.Context(), changes, plan)
			}
			if save {
				return r.saveChanges(cmd.Context(), changes)
			}
			return r.tryChanges(cmd.Context(), changes)
		},
	}
	config.Flags(cmd.Flags(), "server", "token-file")
	cmd.Flags().StringVarP(&file, "file", "f", "", "`FILE` with the changes, one a line; -: standard input")
	cmd.Flags().BoolVar(&apply, "apply", false, "make the changes, if they do what the plan says")
	cmd.Flags().BoolVar(&save, "save", false, "keep the changes, for others to look at")
	cmd.Flags().StringVar(&plan, "plan", "", "the `PLAN` that was said without --apply")
	cmd.AddCommand(r.whatIfShow())
	return cmd
}

// readChanges reads the changes that somebody thinks of.
func (r *run) readChanges(file string) (changes []domain.Message, err error) {
	if file == "-" {
		return wire.DecodeChanges(r.In, r.origin())
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, usage("name a file that exists and may be read", "the changes can't be read: %v", err)
	}
	defer func(f io.Closer) { err = errors.Join(err, f.Close()) }(f)
	return wire.DecodeChanges(f, r.origin())
}

// tryChanges shows what changes would do, by the server that was named, or in
// the database, whoever else uses it.
func (r *run) tryChanges(ctx context.Context, changes []domain.Message) error {
	foreseen, err := r.foresee(ctx, changes)
	if err != nil {
		return err
	}
	if err := r.showWhatIf(len(changes), foreseen); err != nil {
		return err
	}
	r.say("nothing was written; to do just this, add --apply --plan %s", foreseen.Plan)
	return nil
}

func (r *run) foresee(ctx context.Context, changes []domain.Message) (wire.WhatIf, error) {
	if r.config.Server != "" {
		c, err := r.toServer()
		if err != nil {
			return wire.WhatIf{}, err
		}
		return r.changesAt(ctx, c, "/v1/what-if", changes, "")
	}
	app, err := r.preview(ctx)
	if err != nil {
		return wire.WhatIf{}, err
	}
	foreseen, err := service.WhatIf(ctx, app.Bus, changes)
	return wire.WhatIfOf(foreseen, true), errors.Join(err, app.Close())
}

// makeChanges makes all of some changes, or none, and shows what they did.
func (r *run) makeChanges(ctx context.Context, changes []domain.Message, plan string) error {
	done, err := r.make(ctx, changes, plan)
	if err != nil {
		return err
	}
	return r.showWhatIf(len(changes), done)
}

func (r *run) make(ctx context.Context, changes []domain.Message, plan string) (wire.WhatIf, error) {
	const path = "/v1/what-if/apply"
	if r.config.Server != "" {
		c, err := r.toServer()
		if err != nil {
			return wire.WhatIf{}, err
		}
		return r.changesAt(ctx, c, path, changes, plan)
	}
	file := r.config.Database()
	if owner, ok := bootstrap.OwnerOf(file); ok && owner.URL != "" {
		return r.changesAt(ctx, r.toOwner(owner), path, changes, plan)
	}
	app, err := bootstrap.Open(ctx, file, r.command, r.options())
	if inUse, ok := errors.AsType[*bootstrap.InUseError](err); ok && inUse.Owner.URL != "" {
		return r.changesAt(ctx, r.toOwner(inUse.Owner), path, changes, plan) // it was only starting
	}
	if err != nil {
		return wire.WhatIf{}, err
	}
	done, err := service.PerformTogether(ctx, app.Bus, changes, plan)
	return wire.WhatIfOf(done, false), errors.Join(err, app.Close())
}

// changesAt has a server try changes, or make them.
func (r *run) changesAt(ctx context.Context, c *client, path string, changes []domain.Message, plan string) (w wire.WhatIf, _ error) {
	body, err := wire.EncodeChanges(changes, plan)
	if err != nil {
		return w, err
	}
	err = remote{c, r.origin().Actor}.call(ctx, http.MethodPost, path, json.RawMessage(body), &w)
	return w, errors.Join(err, c.close())
}

func (r *run) showWhatIf(changes int, w wire.WhatIf) error {
	return object(r, w, func() error {
		r.tell("%s: %s", count(changes, "change", "changes"), sumOf(w))
		if len(w.Moves) == 0 && r.config.Output == config.OutputTable {
			return nil
		}
		return list(r, overColumns, these(w.Moves...))
	})
}

// sumOf is what changes do, in a sentence.
func sumOf(w wire.WhatIf) string {
	if len(w.Moves) == 0 {
		return "no line moves."
	}
	return fmt.Sprintf("%s, %d later, %d earlier, %d without stock, %d filled.", count(len(w.Moves), "line moves", "lines move"), w.Later, w.Earlier, w.WithoutStock, w.Filled)
}

var overColumns = []column[wire.MoveOver]{
	{name: "order_id", text: func(m wire.MoveOver) string { return m.OrderID }},
	{name: "sku", text: func(m wire.MoveOver) string { return m.SKU }},
	{name: "qty", text: func(m wire.MoveOver) string { return strconv.Itoa(m.Qty) }},
	{name: "from", text: func(m wire.MoveOver) string { return m.From }, tell: func(m wire.MoveOver) string { return dash(m.From) }},
	{name: "from_eta", text: func(m wire.MoveOver) string { return m.FromETA.String() }, tell: func(m wire.MoveOver) string { return when(m.From, m.FromETA) }},
	{name: "to", text: func(m wire.MoveOver) string { return m.To }, tell: func(m wire.MoveOver) string { return dash(m.To) }},
	{name: "to_eta", text: func(m wire.MoveOver) string { return m.ToETA.String() }, tell: func(m wire.MoveOver) string { return when(m.To, m.ToETA) }},
	{name: "effect", text: func(m wire.MoveOver) string { return string(m.Effect) }, tell: effectOver},
}

// effectOver is what a move means to the order, for people.
func effectOver(m wire.MoveOver) string {
	switch m.Effect {
	case service.WithoutStock:
		return "without stock"
	case service.Later, service.Earlier, service.SameDay:
		return move{From: m.From, FromETA: m.FromETA, To: m.To, ToETA: m.ToETA}.effect()
	}
	return string(m.Effect)
}
