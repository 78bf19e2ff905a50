package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"allot/internal/bootstrap"
)

// hereOrThere has there use the server that was named, else the one that has
// the database open; if there is neither, here uses the database.
func (r *run) hereOrThere(ctx context.Context, here func(*bootstrap.App) error, there func(remote) error) error {
	if r.config.Server != "" {
		c, err := r.toServer()
		if err != nil {
			return err
		}
		return errors.Join(there(remote{c, r.origin().Actor}), c.close())
	}
	file := r.config.Database()
	owner, ok := bootstrap.OwnerOf(file)
	if !ok || owner.URL == "" {
		app, err := bootstrap.Open(ctx, file, r.command, r.options())
		if err == nil {
			return errors.Join(here(app), app.Close())
		}
		inUse, ok := errors.AsType[*bootstrap.InUseError](err)
		if !ok || inUse.Owner.URL == "" {
			return err
		}
		owner = inUse.Owner // it was only starting
	}
	c := r.toOwner(owner)
	return errors.Join(there(remote{c, r.origin().Actor}), c.close())
}

// remote is a server that is asked for something else than commands.
type remote struct {
	*client
	actor string // on whose behalf
}

// call makes a request with a body, if there is one, and reads its answer, if
// there is to be one.
func (s remote) call(ctx context.Context, method, path string, body, answer any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode a request: %w", err)
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, sent)
	if err != nil {
		return fmt.Errorf("ask the server at %s: %w", s.url, err)
	}
	if sent != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	s.show(request, s.actor)
	got, err := s.do(request)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	switch {
	case got.StatusCode >= http.StatusBadRequest:
		return s.problem(got)
	case answer == nil:
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(got.Body, mostAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("read the answer of the server at %s: %w", s.url, err)
	}
	return nil
}
