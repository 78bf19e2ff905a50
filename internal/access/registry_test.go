package access_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"allot/internal/access"
	"allot/internal/adapters/memory"
	"allot/internal/domain"
)

// office is a registry over a store in memory, with a clock that stands still
// until it is moved.
type office struct {
	*access.Registry
	store *counted
	now   time.Time
}

// counted counts how often tokens are read.
type counted struct {
	*memory.Store
	reads int
	err   error
}

func (c *counted) Tokens(ctx context.Context) ([]access.Token, error) {
	c.reads++
	if c.err != nil {
		return nil, c.err
	}
	return c.Store.Tokens(ctx)
}

func newOffice(tb testing.TB) *office {
	tb.Helper()
	o := &office{store: &counted{Store: memory.New()}, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	o.Registry = access.NewRegistry(o.store, func() time.Time { return o.now })
	return o
}

func (o *office) issue(tb testing.TB, t access.Token) (secret string) {
	tb.Helper()
	_, secret, err := o.Issue(tb.Context(), t)
	if err != nil {
		tb.Fatal(err)
	}
	return secret
}

// expectCode fails the test unless err is a refusal of that code which says what to do next.
func expectCode(t *testing.T, err error, code, says string) {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Code != code || e.Hint == "" || !strings.Contains(e.Message, says) {
		t.Errorf("got %#v, want code %s saying %q", err, code, says)
	}
}

func TestASecretSaysWhoseItIs(t *testing.T) {
	o := newOffice(t)
	till := o.issue(t, access.Token{Name: "till", Scopes: []access.Scope{access.Allocate}})
	o.issue(t, access.Token{Name: "boss", Scopes: access.Scopes})
	c, err := o.Caller(t.Context(), till)
	if err != nil {
		t.Fatal(err)
	}
	if c.Actor != "till" || c.Token != "till" || !slices.Equal(c.Scopes, []access.Scope{access.Allocate}) {
		t.Errorf("the caller is %+v", c)
	}
}

func TestASecretIsKeptNowhereAndCannotBeGuessed(t *testing.T) {
	o := newOffice(t)
	secret := o.issue(t, access.Token{Name: "till", Scopes: access.Scopes})
	if other := access.NewSecret(); !strings.HasPrefix(secret, "allot_") || len(secret) < len("allot_")+43 || other == secret {
		t.Errorf("secrets: %s, %s", secret, other)
	}
	all, err := o.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Hash != access.HashOf(secret) {
		t.Errorf("got %+v, %v", all, err)
	}
}

func TestWhatOpensNothingIsRefusedWithItsReason(t *testing.T) {
	o := newOffice(t)
	expiring := o.issue(t, access.Token{Name: "guest", Scopes: access.Scopes, Expires: o.now.Add(time.Hour)})
	revoked := o.issue(t, access.Token{Name: "till", Scopes: access.Scopes})
	if _, err := o.Revoke(t.Context(), "till"); err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(time.Hour - time.Nanosecond)
	if _, err := o.Caller(t.Context(), expiring); err != nil {
		t.Errorf("before it expires: %v", err)
	}
	o.now = o.now.Add(time.Nanosecond)
	for secret, says := range map[string]string{
		"": "not known", "allot_": "not known", access.NewSecret(): "not known", revoked[1:]: "not known",
		revoked: `"till" was revoked`, expiring: `"guest" expired on 2026-11-24T13:00:00Z`,
	} {
		_, err := o.Caller(t.Context(), secret)
		expectCode(t, err, access.CodeUnauthorized, says)
		if len(secret) > 10 && strings.Contains(err.Error(), secret) {
			t.Errorf("the secret is told: %v", err)
		}
	}
}

func TestARevokedTokenOpensNothingAtOnce(t *testing.T) {
	o := newOffice(t)
	secret := o.issue(t, access.Token{Name: "till", Scopes: access.Scopes})
	if _, err := o.Caller(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Revoke(t.Context(), "till"); err != nil {
		t.Fatal(err)
	}
	_, err := o.Caller(t.Context(), secret)
	expectCode(t, err, access.CodeUnauthorized, "revoked")
}

func TestWhatSomebodyElseRevokesOpensNothingASecondLater(t *testing.T) {
	o := newOffice(t)
	secret := o.issue(t, access.Token{Name: "till", Scopes: access.Scopes})
	if _, err := o.Caller(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if _, err := o.store.RevokeToken(t.Context(), "till", o.now); err != nil { // past the registry
		t.Fatal(err)
	}
	if access.MaxAge >= time.Second {
		t.Error("what was read is gone by for longer than a second")
	}
	o.now = o.now.Add(access.MaxAge)
	_, err := o.Caller(t.Context(), secret)
	expectCode(t, err, access.CodeUnauthorized, "revoked")
}

func TestTokensAreReadOnceForManyCallers(t *testing.T) {
	o := newOffice(t)
	secret := o.issue(t, access.Token{Name: "till", Scopes: access.Scopes})
	for range 100 {
		_, _ = o.Caller(t.Context(), secret)
		_, _ = o.Caller(t.Context(), "guess")
	}
	if o.store.reads != 1 {
		t.Errorf("they were read %d times", o.store.reads)
	}
}

func TestIfTokensCannotBeReadNobodyComesIn(t *testing.T) {
	o := newOffice(t)
	secret := o.issue(t, access.Token{Name: "till", Scopes: access.Scopes})
	if _, err := o.Caller(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	o.store.err = errors.New("no disk")
	o.now = o.now.Add(access.MaxAge)
	if c, err := o.Caller(t.Context(), secret); !errors.Is(err, o.store.err) || len(c.Scopes) > 0 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestTokensThatCannotBeRightAreNotIssued(t *testing.T) {
	o := newOffice(t)
	o.issue(t, access.Token{Name: "till", Scopes: access.Scopes})
	scopes := []access.Scope{access.Read}
	for name, tt := range map[string]struct {
		token access.Token
		code  string
		says  string
	}{
		"no name":      {access.Token{Scopes: scopes}, domain.CodeValidationFailed, "name"},
		"an odd name":  {access.Token{Name: "till\n2", Scopes: scopes}, domain.CodeValidationFailed, `"till\n2"`},
		"a long name":  {access.Token{Name: strings.Repeat("x", access.MaxName+1), Scopes: scopes}, domain.CodeValidationFailed, "1 to 64"},
		"a known name": {access.Token{Name: "till", Scopes: scopes}, access.CodeTokenConflict, `"till"`},
		"no scope":     {access.Token{Name: "shop"}, domain.CodeValidationFailed, "scopes"},
		"an odd scope": {access.Token{Name: "shop", Scopes: []access.Scope{"write"}}, domain.CodeValidationFailed, `"write"`},
		"in the past":  {access.Token{Name: "shop", Scopes: scopes, Expires: o.now}, domain.CodeValidationFailed, "has passed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, secret, err := o.Issue(t.Context(), tt.token)
			expectCode(t, err, tt.code, tt.says)
			if secret != "" {
				t.Error("there is a secret all the same")
			}
		})
	}
	_, err := o.Revoke(t.Context(), "nobody")
	expectCode(t, err, access.CodeUnknownToken, `"nobody"`)
}

func TestACommandNeedsAScope(t *testing.T) {
	for want, commands := range map[access.Scope][]domain.Message{
		access.Allocate: {domain.Allocate{}, domain.AllocateOrder{}, domain.AmendLine{}, domain.CancelLine{}, domain.ConfirmHold{}, domain.ReleaseHold{}, domain.ExpireHold{}},
		access.Stock: {
			domain.CreateBatch{}, domain.ChangeBatchQuantity{}, domain.ChangeBatch{}, domain.ReceiveBatch{}, domain.CloseBatch{}, domain.ReopenBatch{},
			domain.ShipLine{}, domain.ReturnLine{}, domain.DescribeProduct{}, domain.SetPolicy{}, domain.GoOnFilling{},
		},
		access.Admin: {unheardOf{}},
	} {
		for _, cmd := range commands {
			if got := access.ScopeOf(cmd); got != want {
				t.Errorf("%T needs %s, want %s", cmd, got, want)
			}
		}
	}
}

type unheardOf struct{ domain.Message }

func BenchmarkCaller(b *testing.B) {
	o := newOffice(b)
	secret := o.issue(b, access.Token{Name: "till", Scopes: access.Scopes})
	for b.Loop() {
		if _, err := o.Caller(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
}
