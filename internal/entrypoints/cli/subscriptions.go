package cli

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
)

func (r *run) eventsSubscriptions() *cobra.Command {
	return r.takes(&cobra.Command{
		Use:   "subscriptions",
		Short: "List where the events of a running server go, and how far each has come",
		Long: "Lists what a running server takes events to: mails, Redis and webhooks. Each has come\n" +
			"to a position of the log; one that is behind says since when, and one that is held up\n" +
			"says why. Where events wait nothing is lost: they go out when the other side is back.\n" +
			"Those that the other side refuses wait for themselves: see allot events parked.",
		Example: examples(
			"allot events subscriptions", "who is behind, and why",
			"allot events subscriptions --output json", "for programs",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := r.subscriptions(cmd.Context())
			if err != nil {
				return err
			}
			return list(r, subscriptionColumns, these(all...))
		},
	}, "server", "token-file")
}

var subscriptionColumns = []column[wire.Subscription]{
	{name: "subscription", text: func(s wire.Subscription) string { return s.Name }},
	{name: "position", text: func(s wire.Subscription) string { return strconv.FormatInt(s.Position, 10) }},
	{name: "behind_since", text: func(s wire.Subscription) string { return since(s.BehindSince) }, tell: func(s wire.Subscription) string { return dash(since(s.BehindSince)) }},
	{name: "trouble", text: func(s wire.Subscription) string { return s.Trouble }, tell: func(s wire.Subscription) string { return dash(s.Trouble) }},
}

// since is a time from which on something is so; empty if it isn't so.
func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// subscriptions asks a running server where its events go.
func (r *run) subscriptions(ctx context.Context) ([]wire.Subscription, error) {
	s, err := r.running()
	if err != nil {
		return nil, err
	}
	defer s.close() // there is nothing to lose
	var all struct {
		Items []wire.Subscription `json:"items"`
	}
	err = s.call(ctx, http.MethodGet, "/v1/subscriptions", nil, &all)
	return all.Items, err
}

// runs reports whether a server was named, or has the database open.
func (r *run) runs() bool {
	owner, ok := bootstrap.OwnerOf(r.config.Database())
	return r.config.Server != "" || ok && owner.URL != ""
}
