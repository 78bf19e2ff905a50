package cli

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"allot/internal/access"
	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
)

// desk is where tokens are issued and revoked: at the database, or at a server
// that has it.
type desk interface {
	Issue(ctx context.Context, t access.Token) (_ access.Token, secret string, _ error)
	Revoke(ctx context.Context, name string) (access.Token, error)
	List(ctx context.Context) ([]access.Token, error)
}

var _ desk = (*access.Registry)(nil)

// atDesk has fn use the desk of the server that was named, else of the one that
// has the database open, else of the database.
func (r *run) atDesk(ctx context.Context, fn func(desk) error) error {
	return r.hereOrThere(ctx, func(app *bootstrap.App) error { return fn(app.Tokens) }, func(s remote) error { return fn(remoteDesk{s}) })
}

// remoteDesk is a desk at a server.
type remoteDesk struct{ remote }

const tokensPath = "/v1/tokens"

// Issue implements desk.
func (d remoteDesk) Issue(ctx context.Context, t access.Token) (access.Token, string, error) {
	wanted := struct {
		Name    string         `json:"name"`
		Scopes  []access.Scope `json:"scopes"`
		Expires time.Time      `json:"expires,omitzero"`
	}{t.Name, t.Scopes, t.Expires}
	var made wire.Token
	err := d.call(ctx, http.MethodPost, tokensPath, wanted, &made)
	return made.Token(), made.Secret, err
}

// Revoke implements desk.
func (d remoteDesk) Revoke(ctx context.Context, name string) (access.Token, error) {
	var revoked wire.Token
	err := d.call(ctx, http.MethodDelete, tokensPath+"/"+url.PathEscape(name), nil, &revoked)
	return revoked.Token(), err
}

// List implements desk.
func (d remoteDesk) List(ctx context.Context) (all []access.Token, _ error) {
	var list wire.Tokens
	err := d.call(ctx, http.MethodGet, tokensPath, nil, &list)
	for _, t := range list.Items {
		all = append(all, t.Token())
	}
	return all, err
}
