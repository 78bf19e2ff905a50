package access_test

import (
	"testing"

	"allot/internal/access"
)

func TestACallerMayDoWhatTheirScopesSayAndNothingElse(t *testing.T) {
	c := access.Caller{Actor: "till", Scopes: []access.Scope{access.Allocate}}
	for _, s := range access.Scopes {
		if got, want := c.May(s), s == access.Allocate; got != want {
			t.Errorf("May(%s) = %v, want %v", s, got, want)
		}
	}
}

func TestNobodyMayDoAnything(t *testing.T) {
	for _, s := range access.Scopes {
		if access.CallerOf(t.Context()).May(s) {
			t.Errorf("without a caller, %s is allowed", s)
		}
	}
}

func TestTheCallerGoesWithTheContext(t *testing.T) {
	ctx := access.WithCaller(t.Context(), access.Caller{Actor: "till"})
	if got := access.CallerOf(ctx).Actor; got != "till" {
		t.Errorf("the actor is %q", got)
	}
}
