package wire

import (
	"encoding/json"
	"time"

	"allot/internal/access"
)

// Token is a token as it is told of.
type Token struct {
	Name    string         `json:"name"`
	Scopes  []access.Scope `json:"scopes"`
	Created time.Time      `json:"created"`
	Expires time.Time      `json:"expires,omitzero"`
	Revoked time.Time      `json:"revoked,omitzero"`
	Secret  string         `json:"secret,omitempty"` // of one that has just been issued
}

// TokenOf is how a token is told of.
func TokenOf(t access.Token) Token {
	return Token{Name: t.Name, Scopes: t.Scopes, Created: t.Created, Expires: t.Expires, Revoked: t.Revoked}
}

// Token is the inverse of TokenOf, but for the hash, which isn't told.
func (t Token) Token() access.Token {
	return access.Token{Name: t.Name, Scopes: t.Scopes, Created: t.Created, Expires: t.Expires, Revoked: t.Revoked}
}

// Tokens is a list of tokens.
type Tokens struct {
	Items []Token `json:"items"`
}

// TokensOf is how tokens are told of, in the same order.
func TokensOf(all []access.Token) Tokens {
	list := Tokens{Items: []Token{}}
	for _, t := range all {
		list.Items = append(list.Items, TokenOf(t))
	}
	return list
}

var tokenRequest = object[access.Token]{fields: []field[access.Token]{
	required(text("name", func(t *access.Token) *string { return &t.Name })),
	required(field[access.Token]{name: "scopes", kind: Texts, read: readScopes}),
	{name: "expires", kind: Moment, read: readExpiry},
}}

// TokenMembers lists what the request for a token may have.
func TokenMembers() []Member { return tokenRequest.list() }

// DecodeToken reads what a token is to be: {"name", "scopes", "expires"}. It is
// not yet validated.
func DecodeToken(body []byte) (t access.Token, _ error) {
	members, err := parse(body, nil)
	if err != nil {
		return t, err
	}
	err = tokenRequest.read(members, &t)
	return t, err
}

func readScopes(to *access.Token, value []byte) error {
	if err := json.Unmarshal(value, &to.Scopes); err != nil {
		return invalid("scopes", `send for example ["read", "allocate"]`, "is %s; it must be a list of texts", shorten(value))
	}
	return nil
}

func readExpiry(to *access.Token, value []byte) error {
	s, err := readText[string]("expires", value)
	if err != nil {
		return err
	}
	if to.Expires, err = time.Parse(time.RFC3339, s); err != nil {
		return invalid("expires", "send for example 2027-01-31T00:00:00Z, or leave it out", "is %q; it must be a time", s)
	}
	return nil
}
