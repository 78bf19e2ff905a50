package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/config"
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
			"only the two know. What can't be delivered is tried again: see allot deliveries.",
		Example: examples(
			"allot webhook add https://shop.example/events --event out_of_stock", "tell a shop what ran out",
			"allot webhook list", "who is told what",
		),
	}, r.webhookAdd(), r.webhookList(), r.webhookDelete())
}

var webhookColumns = []column[views.Webhook]{
	{name: "id", text: func(w views.Webhook) string { return strconv.FormatInt(w.ID, 10) }},
	{name: "url", text: func(w views.Webhook) string { return w.URL }},
	{name: "events", text: func(w views.Webhook) string { return strings.Join(w.Events, ",") }, tell: func(w views.Webhook) string {
		if len(w.Events) == 0 {
			return "all"
		}
		return strings.Join(w.Events, ",")
	}},
	{name: "at", text: func(w views.Webhook) string { return w.At.Format(time.RFC3339) }},
}

func (r *run) webhookAdd() *cobra.Command {
	var hook views.Webhook
	cmd := &cobra.Command{
		Use:   "add URL",
		Short: "Have events posted to a URL, from now on",
		Long:  "Prints the secret that requests are signed with. It is not shown again.",
		Example: examples(
			"allot webhook add https://shop.example/events", "all events",
			"allot webhook add https://shop.example/events --event out_of_stock --event backordered", "some",
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
	cmd.Flags().StringArrayVar(&hook.Events, "event", nil, "only events of a `TYPE`; may be repeated")
	cmd.Flags().StringVar(&hook.Secret, "secret", "", "`SECRET` to sign with, as whsec_ and base64; if empty, a new one")
	config.Flags(cmd.Flags(), "server")
	return cmd
}

func (r *run) webhookList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the URLs that events are posted to",
		Example: examples(
			"allot webhook list", "all of them",
			"allot webhook list --output json", "for programs; secrets are not shown",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.look(cmd.Context(), func(s bootstrap.Store) error {
				hooks, err := s.Webhooks(cmd.Context())
				if err != nil {
					return err
				}
				for i := range hooks {
					hooks[i].Secret = ""
				}
				return list(r, webhookColumns, these(hooks...))
			})
		},
	}
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
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usage("allot webhook list lists the webhooks with their ids", "ID is %q, which is no number", args[0])
			}
			return r.throughWebhooks(cmd.Context(), func(to webhooks) error {
				if err := to.Remove(cmd.Context(), id); err != nil {
					return missing(err, "allot webhook list lists the webhooks with their ids")
				}
				r.say("webhook %d is deleted", id)
				return nil
			})
		},
	}
	config.Flags(cmd.Flags(), "server")
	return cmd
}

// webhooks is where webhooks are added and removed: in the database, which this
// process has opened, or by the server that has it open.
type webhooks interface {
	Add(ctx context.Context, hook views.Webhook) (views.Webhook, error)
	Remove(ctx context.Context, id int64) error
}

var _ webhooks = (*service.Webhooks)(nil)

// throughWebhooks has fn change webhooks, as open has commands done.
func (r *run) throughWebhooks(ctx context.Context, fn func(webhooks) error) error {
	if r.config.Server != "" {
		return fn(webhookServer{r.config.Server})
	}
	file := r.config.Database()
	if owner, ok := bootstrap.OwnerOf(file); ok && owner.URL != "" {
		return fn(webhookServer{owner.URL})
	}
	app, err := bootstrap.Open(ctx, file, r.command, r.options())
	if err != nil {
		return err
	}
	return errors.Join(fn(app.Webhooks), app.Close())
}

// webhookServer has a server change webhooks.
type webhookServer struct{ url string }

// Add implements webhooks.
func (s webhookServer) Add(ctx context.Context, hook views.Webhook) (added views.Webhook, _ error) {
	body, err := json.Marshal(struct {
		URL    string   `json:"url"`
		Events []string `json:"events,omitempty"`
		Secret string   `json:"secret,omitempty"`
	}{hook.URL, hook.Events, hook.Secret})
	if err != nil {
		return added, fmt.Errorf("encode a webhook: %w", err)
	}
	return added, s.ask(ctx, http.MethodPost, "/v1/webhooks", body, &added)
}

// Remove implements webhooks.
func (s webhookServer) Remove(ctx context.Context, id int64) error {
	return s.ask(ctx, http.MethodDelete, "/v1/webhooks/"+strconv.FormatInt(id, 10), nil, nil)
}

// ask makes a request and reads the answer, which is JSON if there is any.
func (s webhookServer) ask(ctx context.Context, method, path string, body []byte, answer any) error {
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask %s: %w", s.url, err)
	}
	r.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: dialTimeout + 5*time.Second}
	w, err := client.Do(r)
	if err != nil {
		return &domain.Error{Kind: domain.Unavailable, Code: service.CodeUnavailable, Message: fmt.Sprintf("no answer from %s: %v", s.url, innermost(err)),
			Hint: "look whether the server runs"}
	}
	defer w.Body.Close()
	text, err := io.ReadAll(io.LimitReader(w.Body, mostAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", s.url, err)
	}
	if w.StatusCode >= 400 {
		problem := wire.Problem{Status: w.StatusCode}
		_ = json.Unmarshal(text, &problem) // the status says enough
		return problem.Err()
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", s.url, err)
	}
	return nil
}
