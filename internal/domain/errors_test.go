package domain_test

import (
	"errors"
	"fmt"
	"testing"

	"allot/internal/domain"
)

func TestTheKindOfAnErrorIsSeenThroughItsWrapping(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want domain.Kind
	}{
		{domain.UnknownSKU("x"), domain.NotFound},
		{fmt.Errorf("allocate: %w", domain.UnknownSKU("x")), domain.NotFound},
		{errors.Join(errors.New("first"), domain.BatchConflict(domain.Batch{})), domain.Conflict},
		{errors.New("disk full"), domain.Internal},
		{nil, domain.Internal},
	} {
		if got := domain.KindOf(tc.err); got != tc.want {
			t.Errorf("%v is %s, not %s", tc.err, got, tc.want)
		}
	}
}

func TestWhatIsUnknownIsNamedWithWhatToDoNext(t *testing.T) {
	for _, tc := range []struct {
		err                  error
		code, field, message string
	}{
		{domain.UnknownSKU("X-1"), domain.CodeUnknownSKU, "sku", `no product has SKU "X-1"`},
		{domain.UnknownBatch("b 1"), domain.CodeUnknownBatch, "ref", `no batch has reference "b 1"`},
		{domain.UnknownLine("o1", "X-1"), domain.CodeUnknownLine, "sku", `order "o1" has no line of "X-1"`},
	} {
		e, ok := errors.AsType[*domain.Error](tc.err)
		if !ok || e.Kind != domain.NotFound || e.Code != tc.code || e.Field != tc.field || e.Error() != tc.message || e.Hint == "" {
			t.Errorf("%s: %+v", tc.code, tc.err)
		}
	}
}
