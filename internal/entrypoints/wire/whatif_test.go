package wire_test

import (
	"errors"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

func TestChangesAreReadOneALine(t *testing.T) {
	got, err := wire.DecodeChanges(strings.NewReader("\n{\"op\":\"close_batch\",\"ref\":\"b1\"}\r\n\n {\"op\":\"cancel\",\"order_id\":\"o\",\"sku\":\"s\",\"reason\":\"phone\"}"), domain.Origin{Actor: "ann"})
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, error %v", got, err)
	}
	if got[1] != (domain.CancelLine{Origin: domain.Origin{Actor: "ann", Reason: "phone"}, OrderID: "o", SKU: "s"}) {
		t.Errorf("the second is %+v", got[1])
	}
}

func TestTheFirstChangeThatCantBeReadIsNamed(t *testing.T) {
	for _, wrong := range []string{`{"op":"cloze_batch"}`, `{`, strings.Repeat("x", 70<<10)} {
		_, err := wire.DecodeChanges(strings.NewReader("\n{\"op\":\"close_batch\",\"ref\":\"b1\"}\n"+wrong+"\n"), domain.Origin{})
		refusal, ok := errors.AsType[*service.Refusal](err)
		if !ok || refusal.Nth != 2 || domain.KindOf(err) != domain.Invalid {
			t.Errorf("%.20s: error %v", wrong, err)
		}
	}
}
