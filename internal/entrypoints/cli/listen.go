package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
)

func (r *run) listen() *cobra.Command {
	var wanted feed
	var url, secret string
	cmd := &cobra.Command{
		Use:   "listen --forward-to URL",
		Short: "Post the events of a running server to a program that you work on, until Ctrl-C",
		Long: "Does what a webhook does, without one: each event is posted to the URL as it happens,\n" +
			"signed, and what came of it is printed. It may be an address that no server could\n" +
			"reach, on this machine or behind a firewall. An event that fails is not posted again.\n\n" +
			"Begins with what happens next, or after the event that --after names. If the server\n" +
			"is started again, it goes on after the last event.",
		Example: examples(
			"allot listen --forward-to http://127.0.0.1:3000/events", "try a receiver",
			"allot listen --forward-to http://127.0.0.1:3000/events --after 0 --type out_of_stock", "with all that ran out so far",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if url == "" {
				return usage("write: allot listen --forward-to URL; allot events tail prints events", "--forward-to is missing")
			}
			to, err := bootstrap.NewForwarder(url, secret, r.Now)
			if err != nil {
				return err
			}
			defer to.Close()
			if secret == "" {
				r.say("requests are signed with %s", to.Secret)
			}
			tell := oneByOne(r, forwardedColumns, func(f forwarded) error {
				_, err := fmt.Fprintf(r.Out, "%d\t%s\t%s\t%s\n", f.Position, f.Type, f.SKU, f.came())
				return err
			})
			return r.follow(cmd.Context(), wanted, func(e logged) error { return tell(forward(cmd.Context(), to, e)) })
		},
	}
	cmd.Flags().StringVar(&url, "forward-to", "", "`URL` that events are posted to")
	cmd.Flags().StringVar(&secret, "secret", "", "`SECRET` that requests are signed with, as allot webhook add says it; if empty, a new one")
	wanted.flags(cmd)
	return r.takes(cmd, "server", "token-file")
}

// forwarded is what came of an event.
type forwarded struct {
	Position int64  `json:"position"`
	Type     string `json:"type"`
	SKU      string `json:"sku"`
	Taken    bool   `json:"taken"`
	Error    string `json:"error,omitempty"`
}

// came is what the receiver said, in words.
func (f forwarded) came() string {
	if f.Taken {
		return "taken"
	}
	return f.Error
}

var forwardedColumns = []column[forwarded]{
	{name: "position", text: func(f forwarded) string { return strconv.FormatInt(f.Position, 10) }},
	{name: "type", text: func(f forwarded) string { return f.Type }},
	{name: "sku", text: func(f forwarded) string { return f.SKU }},
	{name: "taken", text: func(f forwarded) string { return strconv.FormatBool(f.Taken) }},
	{name: "error", text: func(f forwarded) string { return f.Error }},
}

func forward(ctx context.Context, to *bootstrap.Forwarder, e logged) forwarded {
	f := forwarded{Position: e.Position, Type: e.Type, SKU: e.SKU}
	err := to.Forward(ctx, e.Event)
	if f.Taken = err == nil; err != nil {
		f.Error = err.Error()
	}
	return f
}
