package access_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"allot/internal/access"
)

// begin begins a session with a token.
func (o *office) begin(t *testing.T, s *access.Sessions, token string) (secret string) {
	t.Helper()
	secret, _, err := s.Begin(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func (o *office) sessions() *access.Sessions {
	return access.NewSessions(o.Registry, func() time.Time { return o.now })
}

func TestASessionOpensWhatItsTokenOpens(t *testing.T) {
	o := newOffice(t)
	s := o.sessions()
	till := o.issue(t, access.Token{Name: "till", Scopes: []access.Scope{access.Allocate}})
	secret := o.begin(t, s, till)
	c, err := s.Caller(t.Context(), secret)
	if err != nil || c.Actor != "till" || !slices.Equal(c.Scopes, []access.Scope{access.Allocate}) {
		t.Errorf("the caller is %+v, %v", c, err)
	}
	if secret == till || secret == o.begin(t, s, till) {
		t.Error("the secret of a session is that of its token, or of another one")
	}
}

func TestNobodyBeginsASessionWithoutAToken(t *testing.T) {
	o := newOffice(t)
	s := o.sessions()
	for _, token := range []string{"", "guess", access.NewSecret()} {
		_, _, err := s.Begin(t.Context(), token)
		expectCode(t, err, access.CodeUnauthorized, "not known")
	}
}

func TestSessionsEnd(t *testing.T) {
	for name, end := range map[string]func(o *office, s *access.Sessions, secret string) error{
		"by themselves":           func(o *office, _ *access.Sessions, _ string) error { o.now = o.now.Add(access.SessionAge); return nil },
		"when somebody signs out": func(_ *office, s *access.Sessions, secret string) error { s.End(secret); return nil },
		"when the token is revoked": func(o *office, _ *access.Sessions, _ string) error {
			_, err := o.Revoke(t.Context(), "till")
			return err
		},
		"when the token expires": func(o *office, _ *access.Sessions, _ string) error { o.now = o.now.Add(time.Hour); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			s := o.sessions()
			token := access.Token{Name: "till", Scopes: access.Scopes}
			if name == "when the token expires" {
				token.Expires = o.now.Add(time.Hour)
			}
			secret := o.begin(t, s, o.issue(t, token))
			other := o.begin(t, s, o.issue(t, access.Token{Name: "boss", Scopes: access.Scopes}))
			if err := end(o, s, secret); err != nil {
				t.Fatal(err)
			}
			_, err := s.Caller(t.Context(), secret)
			expectCode(t, err, access.CodeUnauthorized, "")
			if _, err := s.Caller(t.Context(), other); (err != nil) != (name == "by themselves") {
				t.Errorf("another session: %v", err)
			}
		})
	}
}

func TestASessionIsNoToken(t *testing.T) {
	o := newOffice(t)
	s := o.sessions()
	secret := o.begin(t, s, o.issue(t, access.Token{Name: "till", Scopes: access.Scopes}))
	_, err := o.Caller(t.Context(), secret)
	expectCode(t, err, access.CodeUnauthorized, "not known")
}

func TestIfTokensCannotBeReadNoSessionOpensAnything(t *testing.T) {
	o := newOffice(t)
	s := o.sessions()
	secret := o.begin(t, s, o.issue(t, access.Token{Name: "till", Scopes: access.Scopes}))
	o.store.err = errors.New("no disk")
	o.now = o.now.Add(access.MaxAge)
	if c, err := s.Caller(t.Context(), secret); !errors.Is(err, o.store.err) || len(c.Scopes) > 0 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestThereAreOnlySoManySessions(t *testing.T) {
	o := newOffice(t)
	s := o.sessions()
	till := o.issue(t, access.Token{Name: "till", Scopes: access.Scopes})
	first := o.begin(t, s, till)
	o.now = o.now.Add(time.Second)
	second := o.begin(t, s, till)
	for range 9_999 {
		o.begin(t, s, till)
	}
	if _, err := s.Caller(t.Context(), first); err == nil {
		t.Error("the oldest of too many is there")
	}
	if _, err := s.Caller(t.Context(), second); err != nil {
		t.Errorf("the others: %v", err)
	}
}
