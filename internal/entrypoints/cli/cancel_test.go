package cli

import (
	"bytes"
	"context"
	"iter"
	"strings"
	"testing"

	"allot/internal/domain"
	"allot/internal/service"
	"allot/internal/views"
)

func TestACancelledOrderIsOneSendAndTellsWhatWasDone(t *testing.T) {
	sends := 0
	d := &door{send: func(_ context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		sends++
		return func(yield func(service.Outcome[any]) bool) {
			for cmd := range commands {
				o := service.Outcome[any]{Result: domain.Placement{Status: domain.StatusCancelled}}
				if cmd.(domain.CancelLine).SKU == "B" {
					o = service.Outcome[any]{Err: domain.UnknownLine("order-1", "B")}
				}
				if !yield(o) {
					return
				}
			}
		}
	}}
	r := &run{Process: Process{Out: &bytes.Buffer{}, Terminal: func(any) bool { return false }}}
	lines := []views.Line{{OrderID: "order-1", SKU: "A"}, {OrderID: "order-1", SKU: "B"}, {OrderID: "order-1", SKU: "C"}}
	err := r.cancelLines(t.Context(), d, domain.Origin{}, lines)
	if err == nil || !strings.Contains(err.Error(), `no line of "B"`) {
		t.Errorf("error %v, want that of B", err)
	}
	out := r.Out.(*bytes.Buffer).String()
	if sends != 1 || !strings.Contains(out, "\tA\t") || strings.Contains(out, "\tB\t") || !strings.Contains(out, "\tC\t") {
		t.Errorf("%d sends, and it prints:\n%s", sends, out)
	}
}
