package httpapi

import (
	"encoding/json"
	"net/http"
	"time"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
)

const tokensPath = "/v1/tokens"

// issueToken answers POST /v1/tokens. The answer is the only one that ever has
// the secret.
func (a *api) issueToken(w http.ResponseWriter, r *http.Request) error {
	dryRun, err := readDryRun(r.URL.RawQuery)
	if err != nil {
		return err
	}
	wanted, err := decode(w, r, func(body []byte, _ domain.Origin) (access.Token, error) { return wire.DecodeToken(body) })
	if err != nil {
		return err
	}
	if dryRun {
		t, err := a.gate.Tokens.PreviewIssue(r.Context(), wanted)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusCreated, wire.TokenOf(t))
	}
	t, secret, err := a.gate.Tokens.Issue(r.Context(), wanted)
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

// listTokens answers GET /v1/tokens.
func (a *api) listTokens(w http.ResponseWriter, r *http.Request) error {
	if err := checkNoParameters(r); err != nil {
		return err
	}
	all, err := a.gate.Tokens.List(r.Context())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, wire.TokensOf(all))
}

// revokeToken answers DELETE /v1/tokens/{name}.
func (a *api) revokeToken(w http.ResponseWriter, r *http.Request) error {
	dryRun, err := readDryRun(r.URL.RawQuery)
	if err != nil {
		return err
	}
	revoke := a.gate.Tokens.Revoke
	if dryRun {
		revoke = a.gate.Tokens.PreviewRevoke
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

func checkNoParameters(r *http.Request) error {
	if r.URL.RawQuery != "" {
		return badParameter("query", "leave it out", "%s takes no parameters", r.URL.Path)
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, answer any) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	write(w, status, jsonType, append(body, '\n'))
	return nil
}
