package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	if r.config.Server != "" {
		c, err := r.toServer()
		if err != nil {
			return err
		}
		return errors.Join(fn(remoteDesk{c, r.origin().Actor}), c.close())
	}
	file := r.config.Database()
	owner, ok := bootstrap.OwnerOf(file)
	if !ok || owner.URL == "" {
		app, err := bootstrap.Open(ctx, file, r.command, r.options())
		if err == nil {
			return errors.Join(fn(app.Tokens), app.Close())
		}
		inUse, ok := errors.AsType[*bootstrap.InUseError](err)
		if !ok || inUse.Owner.URL == "" {
			return err
		}
		owner = inUse.Owner // it was only starting
	}
	c := r.toOwner(owner)
	return errors.Join(fn(remoteDesk{c, r.origin().Actor}), c.close())
}

// remoteDesk is a desk at a server.
type remoteDesk struct {
	*client
	actor string // on whose behalf
}

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

// call makes a request with a body, if there is one, and reads its answer.
func (d remoteDesk) call(ctx context.Context, method, path string, body, answer any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, d.url+path, sent)
	if err != nil {
		return err
	}
	if sent != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	d.show(request, d.actor)
	got, err := d.do(request)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode >= http.StatusBadRequest {
		return d.problem(got)
	}
	const most = 64 << 20 // bytes
	if err := json.NewDecoder(io.LimitReader(got.Body, most)).Decode(answer); err != nil {
		return fmt.Errorf("read the answer of the server at %s: %w", d.url, err)
	}
	return nil
}
