package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

func (r *run) webhook() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "webhook",
		Short: "Have events posted to URLs",
		Long: "A webhook is a URL that a running server posts events to, signed with a secret that\n" +
			"only the two know. What can't be delivered is tried again: see allot events parked.",
		Example: examples(
			"allot webhook add https://shop.example/events --type out_of_stock", "tell a shop what ran out",
			"allot webhook list", "who is told what",
		),
	}, r.webhookAdd(), r.webhookList(), r.webhookDelete())
}

// listedWebhook is a webhook, and what a running server says of it.
type listedWebhook struct {
	views.Webhook
	BehindSince time.Time `json:"behind_since,omitzero"`
	Trouble     string    `json:"trouble,omitempty"`
}

var webhookColumns = []column[listedWebhook]{
	{name: "id", text: func(w listedWebhook) string { return strconv.FormatInt(w.ID, 10) }},
	{name: "url", text: func(w listedWebhook) string { return w.URL }},
	{name: "events", text: func(w listedWebhook) string { return strings.Join(w.Events, ",") }, tell: func(w listedWebhook) string {
		if len(w.Events) == 0 {
			return "all"
		}
		return strings.Join(w.Events, ",")
	}},
	{name: "at", text: func(w listedWebhook) string { return w.At.Format(time.RFC3339) }},
}

// heldUpColumns are there for people if a server says that one is behind.
var heldUpColumns = []column[listedWebhook]{
	{name: "behind_since", text: func(w listedWebhook) string { return since(w.BehindSince) }, tell: func(w listedWebhook) string { return dash(since(w.BehindSince)) }},
	{name: "trouble", text: func(w listedWebhook) string { return w.Trouble }, tell: func(w listedWebhook) string { return dash(w.Trouble) }},
}

// listWebhooks lists webhooks, with what a running server says of them.
func (r *run) listWebhooks(ctx context.Context, hooks []views.Webhook) error {
	ways := map[string]wire.Subscription{}
	if r.runs() {
		told, err := r.subscriptions(ctx)
		if err != nil {
			r.say("warning: whether they are held up can't be told: %v", err)
		}
		for _, way := range told {
			ways[way.Name] = way
		}
	}
	var listed []listedWebhook
	for _, hook := range hooks {
		way := ways[service.WebhookName(hook.ID)]
		listed = append(listed, listedWebhook{hook, way.BehindSince, way.Trouble})
	}
	return list(r, besides(r, webhookColumns, heldUpColumns, listed...), these(listed...))
}

func (r *run) webhookAdd() *cobra.Command {
	var hook views.Webhook
	cmd := &cobra.Command{
		Use:   "add URL",
		Short: "Have events posted to a URL, from now on",
		Long:  "Prints the secret that requests are signed with. It is not shown again.",
		Example: examples(
			"allot webhook add https://shop.example/events", "all events",
			"allot webhook add https://shop.example/events --type out_of_stock --type backordered", "some",
		),
		Args: needs("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			hook.URL = args[0]
			return r.throughWebhooks(cmd.Context(), func(to webhooks) error {
				added, err := to.Add(cmd.Context(), hook)
				if err != nil {
					return err
				}
				return object(r, added, func() error {
					r.tell("webhook %d: %s", added.ID, added.URL)
					_, err := fmt.Fprintf(r.Out, "secret %s\n", added.Secret)
					return err
				})
			})
		},
	}
	cmd.Flags().StringSliceVar(&hook.Events, "type", nil, "only events of a `TYPE`; may be repeated")
	cmd.Flags().StringVar(&hook.Secret, "secret", "", "`SECRET` to sign with, as whsec_ and base64; if empty, a new one")
	return r.takes(cmd, "server", "token-file")
}

func (r *run) webhookList() *cobra.Command {
	return r.takes(&cobra.Command{
		Use:   "list",
		Short: "List the URLs that events are posted to",
		Long: "Lists the URLs that events are posted to; if a server runs, also since when it is\n" +
			"behind with each, and why. What one refuses is in allot events parked.",
		Example: examples(
			"allot webhook list", "all of them",
			"allot webhook list --output json", "for programs; secrets are not shown",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := func(from webhooks) error {
				hooks, err := from.List(cmd.Context())
				if err != nil {
					return err
				}
				return r.listWebhooks(cmd.Context(), hooks)
			}
			if r.config.Server != "" {
				return r.throughWebhooks(cmd.Context(), show)
			}
			app, err := bootstrap.OpenReadOnly(cmd.Context(), r.config.Database(), r.options())
			if err != nil {
				return r.orNoDatabase(err)
			}
			return errors.Join(show(app.Webhooks), app.Close())
		},
	}, "server", "token-file")
}

func (r *run) webhookDelete() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete ID",
		Short: "Have no more events posted to a URL",
		Example: examples(
			"allot webhook delete 3", "the one that allot webhook list shows as 3",
			"allot webhook delete 3 --server http://127.0.0.1:5005", "on a server",
		),
		Args: needs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(strings.TrimPrefix(args[0], "webhook-"), 10, 64) // its subscription is called so
			if err != nil {
				return usage("allot webhook list lists the webhooks with their ids", "ID is %q, which is no number", args[0])
			}
			return r.throughWebhooks(cmd.Context(), func(to webhooks) error {
				if err := to.Remove(cmd.Context(), id); err != nil {
					return noSuchWebhook(err)
				}
				r.say("webhook %d is deleted", id)
				return nil
			})
		},
	}
	return r.takes(cmd, "server", "token-file")
}

// noSuchWebhook gives an error about a webhook that doesn't exist a next step.
func noSuchWebhook(err error) error {
	if errors.Is(err, views.ErrNotFound) || domain.KindOf(err) == domain.NotFound {
		return notFound("allot webhook list lists the webhooks with their ids", "%v", err)
	}
	return err
}

// webhooks is where webhooks are listed, added and removed: in the database,
// which this process has opened, or at a server that has it.
type webhooks interface {
	List(ctx context.Context) ([]views.Webhook, error)
	Add(ctx context.Context, hook views.Webhook) (views.Webhook, error)
	Remove(ctx context.Context, id int64) error
}

var _ webhooks = (*service.Webhooks)(nil)

// throughWebhooks has fn change webhooks, as open has commands done.
func (r *run) throughWebhooks(ctx context.Context, fn func(webhooks) error) error {
	r.config.WebhookPrivate = true // this process posts nothing: where events may go, the server says that does
	return r.hereOrThere(ctx, func(app *bootstrap.App) error { return fn(app.Webhooks) }, func(s remote) error { return fn(remoteWebhooks{s}) })
}

// remoteWebhooks are the webhooks of a server.
type remoteWebhooks struct{ remote }

const webhooksPath = "/v1/webhooks"

// List implements webhooks.
func (s remoteWebhooks) List(ctx context.Context) ([]views.Webhook, error) {
	var all struct {
		Items []views.Webhook `json:"items"`
	}
	err := s.call(ctx, http.MethodGet, webhooksPath, nil, &all)
	return all.Items, err
}

// Add implements webhooks.
func (s remoteWebhooks) Add(ctx context.Context, hook views.Webhook) (added views.Webhook, _ error) {
	wanted := struct {
		URL    string   `json:"url"`
		Events []string `json:"events,omitempty"`
		Secret string   `json:"secret,omitempty"`
	}{hook.URL, hook.Events, hook.Secret}
	err := s.call(ctx, http.MethodPost, webhooksPath, wanted, &added)
	return added, err
}

// Remove implements webhooks.
func (s remoteWebhooks) Remove(ctx context.Context, id int64) error {
	return s.call(ctx, http.MethodDelete, webhooksPath+"/"+strconv.FormatInt(id, 10), nil, nil)
}
