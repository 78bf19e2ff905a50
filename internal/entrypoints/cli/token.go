package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/access"
	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
)

func (r *run) token() *cobra.Command {
	return parent(&cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke the tokens that open a server",
		Long: "A program that uses a server from another machine shows a token. What it changes is\n" +
			"done in the name of the token. Scopes say what a token may do; none includes another:\n\n" +
			"  read      look at anything\n" +
			"  allocate  place and change lines of orders, confirm and release holds\n" +
			"  stock     add and change batches, ship and return lines, describe products\n" +
			"  admin     manage tokens and deliveries",
		Example: examples(
			"allot token create web-shop --scope allocate,read", "the secret is shown once",
			"allot token revoke web-shop", "it opens nothing any more, within a second",
		),
	}, r.tokenCreate(), r.tokenList(), r.tokenRevoke())
}

func (r *run) tokenCreate() *cobra.Command {
	var scopes []string
	var expires string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token and show its secret, once",
		Long: "Makes a token and prints its secret, which is kept nowhere: if it is lost, make\n" +
			"another one. The name says who uses it; changes are made in its name.",
		Example: examples(
			"allot token create web-shop --scope allocate,read", "for a program",
			"allot token create guest --scope read --expires 90d > guest.token", "for --token-file",
		),
		Args: needs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := r.wanted(args[0], scopes, expires)
			if err != nil {
				return err
			}
			return r.atDesk(cmd.Context(), func(d desk) error {
				issued, secret, err := d.Issue(cmd.Context(), t)
				if err != nil {
					return err
				}
				return r.showToken(issued, secret)
			})
		},
	}
	cmd.Flags().StringSliceVar(&scopes, "scope", nil, "what it may do: `SCOPES` with commas between them")
	cmd.Flags().StringVar(&expires, "expires", "", "how long it opens anything: `TIME` such as 90d or 12h; for ever if it isn't given")
	return r.takes(cmd, "server", "token-file")
}

// wanted is the token that somebody wants to have, if it can be right.
func (r *run) wanted(name string, scopes []string, expires string) (access.Token, error) {
	t := access.Token{Name: name}
	for _, s := range scopes {
		t.Scopes = append(t.Scopes, access.Scope(s))
	}
	if expires != "" {
		life, err := parseLife(expires)
		if err != nil {
			return t, err
		}
		t.Expires = r.Now().Add(life)
	}
	return t, t.Validate(r.Now())
}

// parseLife reads how long something lasts: days, or what Go calls a duration.
func parseLife(text string) (time.Duration, error) {
	const longest = 100 * 365 * 24 * time.Hour
	life, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		life = time.Duration(min(n, int(longest/(24*time.Hour))+1)) * 24 * time.Hour
	}
	if err != nil || life <= 0 || life > longest {
		return 0, usage("write for example 90d or 12h", "--expires is %q; it must be a time of up to 100 years", text)
	}
	return life, nil
}

// showToken prints a secret, and says what it is for.
func (r *run) showToken(t access.Token, secret string) error {
	told := wire.TokenOf(t)
	told.Secret = secret
	return object(r, told, func() error {
		if _, err := fmt.Fprintln(r.Out, secret); err != nil {
			return err
		}
		until := "until it is revoked"
		if !t.Expires.IsZero() {
			until = "until " + t.Expires.Format(time.RFC3339)
		}
		r.say("token %s (%s) is in use %s; this is the only time that it is shown", t.Name, scopesOf(told), until)
		return nil
	})
}

func (r *run) tokenList() *cobra.Command {
	return r.takes(&cobra.Command{
		Use:   "list",
		Short: "List tokens, without their secrets",
		Example: examples(
			"allot token list", "those that are expired or revoked as well",
			"allot token list --output ndjson", "for programs",
		),
		Args: needs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := func(d desk) error {
				all, err := d.List(cmd.Context())
				if err != nil {
					return err
				}
				return list(r, r.tokenColumns(), these(wire.TokensOf(all).Items...))
			}
			if r.config.Server != "" {
				return r.atDesk(cmd.Context(), show)
			}
			app, err := bootstrap.OpenReadOnly(cmd.Context(), r.config.Database(), r.options())
			if err != nil {
				return r.orNoDatabase(err)
			}
			return errors.Join(show(app.Tokens), app.Close())
		},
	}, "server", "token-file")
}

func (r *run) tokenColumns() []column[wire.Token] {
	return []column[wire.Token]{
		{name: "name", text: func(t wire.Token) string { return t.Name }},
		{name: "scopes", text: scopesOf},
		{name: "state", text: func(t wire.Token) string { return stateOf(t, r.Now()) }},
		{name: "created", text: func(t wire.Token) string { return instant(t.Created) }},
		{name: "expires", text: func(t wire.Token) string { return instant(t.Expires) }, tell: func(t wire.Token) string { return dash(instant(t.Expires)) }},
	}
}

func scopesOf(t wire.Token) string {
	var names []string
	for _, s := range t.Scopes {
		names = append(names, string(s))
	}
	return strings.Join(names, ",")
}

func stateOf(t wire.Token, now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked"
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return "expired"
	}
	return "in use"
}

// instant is a time in words; nothing if there is none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (r *run) tokenRevoke() *cobra.Command {
	return r.takes(&cobra.Command{
		Use:   "revoke NAME",
		Short: "Have a token open nothing any more",
		Long: "Revokes the token of that name, for good. A server that runs knows it within a second.\n" +
			"The name may be given to another token then.",
		Example: examples(
			"allot token revoke web-shop", "it was seen by somebody",
			"allot token revoke web-shop --server https://shop.example", "with a token that has the scope admin",
		),
		Args: needs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.atDesk(cmd.Context(), func(d desk) error {
				t, err := d.Revoke(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return object(r, wire.TokenOf(t), func() error {
					r.say("token %s opens nothing any more", t.Name)
					return nil
				})
			})
		},
	}, "server", "token-file")
}
