package httpapi

import (
	"net/http"
	"time"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

// tokens are those of the server, and whether they are only to be looked at.
func (a *api) tokens(r *http.Request, parameter ...string) (_ *access.Registry, dryRun bool, _ error) {
	q, err := parameters(r, parameter...)
	if err != nil {
		return nil, false, err
	}
	if a.gate.Tokens == nil {
		return nil, false, &domain.Error{Kind: domain.NotFound, Code: wire.CodeNotFound, Message: "this server has no tokens", Hint: "start it over a database"}
	}
	dryRun, err = q.dryRun()
	return a.gate.Tokens, dryRun, err
}

var issueTokenDoc = operation{
	id: "issue_token", summary: "Make a token", detail: "The answer is the only one that ever has the secret.",
	query: []string{"dry_run"}, body: wire.TokenMembers(),
	answers: answers{201: wire.Token{}}, problems: []string{access.CodeTokenConflict},
}

// issueToken answers POST /v1/tokens. The answer is the only one that ever has
// the secret.
func (a *api) issueToken(w http.ResponseWriter, r *http.Request) error {
	tokens, dryRun, err := a.tokens(r, "dry_run")
	if err != nil {
		return err
	}
	wanted, err := decode(w, r, func(body []byte, _ domain.Origin) (access.Token, error) { return wire.DecodeToken(body) })
	if err != nil {
		return err
	}
	if dryRun {
		t, err := tokens.PreviewIssue(r.Context(), wanted)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusCreated, wire.TokenOf(t))
	}
	t, secret, err := tokens.Issue(r.Context(), wanted)
	if err != nil {
		return err
	}
	a.log.InfoContext(r.Context(), "token issued", "token", t.Name, "scopes", t.Scopes, "expires", expiry(t),
		"actor", access.CallerOf(r.Context()).Actor, "request_id", requestID(w))
	answer := wire.TokenOf(t)
	answer.Secret = secret
	w.Header().Set("Cache-Control", "no-store")
	return writeJSON(w, http.StatusCreated, answer)
}

// expiry is until when a token opens anything, for the log.
func expiry(t access.Token) string {
	if t.Expires.IsZero() {
		return "never"
	}
	return t.Expires.Format(time.RFC3339)
}

var listTokensDoc = operation{id: "list_tokens", summary: "List tokens, without their secrets", answers: answers{200: wire.Tokens{}}}

// listTokens answers GET /v1/tokens.
func (a *api) listTokens(w http.ResponseWriter, r *http.Request) error {
	tokens, _, err := a.tokens(r)
	if err != nil {
		return err
	}
	all, err := tokens.List(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, wire.TokensOf(all))
}

var revokeTokenDoc = operation{
	id: "revoke_token", summary: "Revoke a token, for good", detail: "It opens nothing any more within a second. The name may be given to another token then.",
	query: []string{"dry_run"}, answers: answers{200: wire.Token{}}, problems: []string{access.CodeUnknownToken},
}

// revokeToken answers DELETE /v1/tokens/{name}.
func (a *api) revokeToken(w http.ResponseWriter, r *http.Request) error {
	tokens, dryRun, err := a.tokens(r, "dry_run")
	if err != nil {
		return err
	}
	revoke := tokens.Revoke
	if dryRun {
		revoke = tokens.PreviewRevoke
	}
	t, err := revoke(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	if !dryRun {
		a.log.InfoContext(r.Context(), "token revoked", "token", t.Name,
			"actor", access.CallerOf(r.Context()).Actor, "request_id", requestID(w))
	}
	return writeJSON(w, http.StatusOK, wire.TokenOf(t))
}
