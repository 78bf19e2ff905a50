package wire_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/views"
)

func TestTheBookWritesASCII(t *testing.T) {
	for sku, want := range map[string]string{
		"RUG":          `{"message":"Invalid sku RUG"}`,
		`6" <b>&\`:     `{"message":"Invalid sku 6\" <b>&\\"}`,
		"TAPIS-TRÈS-Ж": `{"message":"Invalid sku TAPIS-TR\u00c8S-\u0416"}`,
		"卓𠀋":           `{"message":"Invalid sku \u5353\ud840\udc0b"}`,
	} {
		if diff := cmp.Diff(want+"\n", string(wire.AppendInvalidSKU(nil, sku))); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTheBookListsAllocatedLinesOnly(t *testing.T) {
	lines := []views.Line{
		{SKU: "CHAIR", Status: "allocated", BatchRef: "b1"}, {SKU: "LAMP", Status: "backordered"},
		{SKU: "RUG", Status: "cancelled"}, {SKU: "TISCH-Ü", Status: "allocated", BatchRef: "b2"},
	}
	want := `[{"batchref":"b1","sku":"CHAIR"},{"batchref":"b2","sku":"TISCH-\u00dc"}]` + "\n"
	if diff := cmp.Diff(want, string(wire.AppendBookAllocations(nil, lines))); diff != "" {
		t.Error(diff)
	}
	if got := wire.AppendBookAllocations(nil, lines[1:3]); len(got) != 0 {
		t.Errorf("nothing is allocated, but there is %s", got)
	}
}

func TestProblemsOnTheBooksRoutesSpeakItsLanguage(t *testing.T) {
	p := wire.BookProblem(domain.Allocate{SKU: "S", Qty: 1}.Validate())
	if p.Status != 400 || p.Field != "orderid" || p.Detail != "orderid is empty" || p.Code != domain.CodeValidationFailed {
		t.Errorf("got %+v", p)
	}
	p = wire.BookProblem(domain.BatchConflict(domain.Batch{}))
	if p.Status != 409 {
		t.Errorf("a conflict is %d", p.Status)
	}
}
