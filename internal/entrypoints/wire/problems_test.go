package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

func TestEveryCodeHasAStatusAndAnExitCode(t *testing.T) {
	for _, tt := range []struct {
		code         string
		kind         domain.Kind
		status, exit int
	}{
		{domain.CodeValidationFailed, domain.Invalid, 422, 2},
		{domain.CodeUnknownSKU, domain.NotFound, 422, 3},
		{domain.CodeUnknownBatch, domain.NotFound, 404, 3},
		{domain.CodeUnknownLine, domain.NotFound, 404, 3},
		{domain.CodeLineConflict, domain.Conflict, 409, 5},
		{domain.CodeLineCancelled, domain.Conflict, 409, 5},
		{domain.CodeBatchConflict, domain.Conflict, 409, 5},
		{domain.CodeBatchArrived, domain.Conflict, 409, 5},
		{domain.CodeBatchNotArrived, domain.Conflict, 409, 5},
		{domain.CodeBelowShipped, domain.Conflict, 409, 5},
		{domain.CodeTooManyUnits, domain.Conflict, 409, 5},
		{domain.CodeNothingToShip, domain.Conflict, 409, 5},
		{domain.CodeLineShipped, domain.Conflict, 409, 5},
		{domain.CodeLineWouldMove, domain.Conflict, 409, 5},
		{domain.CodeHoldEnded, domain.Conflict, 409, 5},
		{domain.CodeNotHeld, domain.Conflict, 409, 5},
		{domain.CodeOrderIncomplete, domain.Conflict, 409, 4},
		{service.CodePlanChanged, domain.Conflict, 412, 5},
		{service.CodeVersionChanged, domain.Conflict, 412, 5},
		{service.CodeKeyReused, domain.Invalid, 422, 2},
		{service.CodeUnavailable, domain.Unavailable, 503, 8},
		{service.CodeOverloaded, domain.Unavailable, 503, 8},
		{service.CodeTimedOut, domain.Unavailable, 503, 8},
		{service.CodeStorageFull, domain.Unavailable, 503, 8},
		{service.CodeReadOnly, domain.Unavailable, 503, 8},
		{wire.CodeOutOfStock, domain.Conflict, 409, 4},
		{wire.CodeMalformedJSON, domain.Invalid, 400, 2},
		{wire.CodeNotFound, domain.NotFound, 404, 3},
		{wire.CodeMethodNotAllowed, domain.Invalid, 405, 2},
		{wire.CodeTooLarge, domain.Invalid, 413, 2},
		{wire.CodeUnsupportedMediaType, domain.Invalid, 415, 2},
		{wire.CodeOutcomeUnknown, domain.Unavailable, 503, 8},
		{wire.CodeUnknownHost, domain.Invalid, 421, 2},
		{wire.CodeForeignOrigin, domain.Invalid, 403, 7},
		{wire.CodeRateLimited, domain.Unavailable, 429, 8},
		{access.CodeUnauthorized, domain.Invalid, 401, 7},
		{access.CodeForbidden, domain.Invalid, 403, 7},
		{access.CodeTokenConflict, domain.Conflict, 409, 5},
		{access.CodeUnknownToken, domain.NotFound, 404, 3},

		// Codes that the table doesn't have go by their kind.
		{"bad_header", domain.Invalid, 422, 2},
		{"gone_missing", domain.NotFound, 404, 3},
		{"too_late", domain.Conflict, 409, 5},
		{"closed", domain.Unavailable, 503, 8},
	} {
		err := &domain.Error{Kind: tt.kind, Code: tt.code, Field: "qty", Message: "qty is odd", Hint: "make it even"}
		p := wire.ProblemOf(fmt.Errorf("allocate: %w", err))
		if p.Title == "" || p.Type != "/docs/errors/"+tt.code {
			t.Errorf("%s: title %q, type %q", tt.code, p.Title, p.Type)
		}
		want := wire.Problem{Type: p.Type, Title: p.Title, Status: tt.status, Code: tt.code, Detail: "qty is odd", Field: "qty", Hint: "make it even"}
		if diff := cmp.Diff(want, p); diff != "" {
			t.Error(diff)
		}
		if exit := wire.ExitCode(err); exit != tt.exit {
			t.Errorf("%s: exit code %d, want %d", tt.code, exit, tt.exit)
		}
		if diff := cmp.Diff(error(err), p.Err()); diff != "" {
			t.Errorf("%s, on the way back: %s", tt.code, diff)
		}
	}
}

func TestErrorsThatHaveNoCodeGetOne(t *testing.T) {
	for name, tt := range map[string]struct {
		err          error
		code         string
		status, exit int
	}{
		"no such thing": {fmt.Errorf("order: %w", views.ErrNotFound), "not_found", 404, 3},
		"too late":      {fmt.Errorf("wait: %w", context.DeadlineExceeded), "outcome_unknown", 503, 8},
		"interrupted":   {fmt.Errorf("wait: %w", context.Canceled), "outcome_unknown", 503, 130},
		"anything else": {errors.New("table lines is corrupt"), "internal", 500, 1},
		"marked so":     {&domain.Error{Kind: domain.Internal, Code: "odd", Message: "table lines is corrupt"}, "internal", 500, 1},
	} {
		p := wire.ProblemOf(tt.err)
		if p.Code != tt.code || p.Status != tt.status || wire.ExitCode(tt.err) != tt.exit {
			t.Errorf("%s: %s, status %d, exit code %d", name, p.Code, p.Status, wire.ExitCode(tt.err))
		}
		if text, _ := json.Marshal(p); strings.Contains(string(text), "corrupt") {
			t.Errorf("%s: the world is told too much: %s", name, text)
		}
	}
	if wire.ExitCode(nil) != 0 {
		t.Error("success has an exit code")
	}
}

func TestAClientUnderstandsProblemsThatItDoesNotKnow(t *testing.T) {
	for status, want := range map[int]domain.Kind{
		401: domain.Invalid, 404: domain.NotFound, 410: domain.NotFound, 409: domain.Conflict, 412: domain.Conflict, 422: domain.Invalid,
		429: domain.Unavailable, 503: domain.Unavailable, 500: domain.Internal, 502: domain.Internal,
	} {
		err := wire.Problem{Status: status, Code: "from_the_future"}.Err()
		if got := domain.KindOf(err); got != want || err.Error() == "" {
			t.Errorf("status %d is %s, want %s: %v", status, got, want, err)
		}
	}
	err := wire.Problem{Status: 500, Code: "internal", Detail: "it broke", RequestID: "r-1"}.Err()
	if err.Error() != "it broke (request r-1)" {
		t.Errorf("who reports it needs the request id: %v", err)
	}
}
