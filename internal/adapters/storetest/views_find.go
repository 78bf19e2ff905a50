package storetest

import (
	"fmt"
	"slices"
	"testing"

	"allot/internal/views"
)

func recentEvents(t *testing.T, s *shop) {
	all := must(s.Events(t.Context(), views.Page{}))(t).Items
	slices.Reverse(all)
	for _, f := range []views.LogFilter{{}, {Type: "backordered"}, {SKU: "TABLE"}, {OrderID: "order-5"}, {SKU: "LAMP", Type: "allocated", OrderID: "order-1"}, {SKU: "none"}} {
		var want, got []int64
		for _, e := range all {
			order := fmt.Sprintf(`"order_id":%q`, f.OrderID)
			if (f.Type == "" || f.Type == e.Type) && (f.SKU == "" || f.SKU == e.SKU) && (f.OrderID == "" || contains(e.Data, order)) {
				want = append(want, e.Position)
			}
		}
		for page := (views.Page{Limit: 2}); ; {
			list := must(s.Recent(t.Context(), f, page))(t)
			for _, e := range list.Items {
				got = append(got, e.Position)
			}
			if page.After = list.Next; page.After == "" {
				break
			}
		}
		same(t, got, want)
	}
	_, err := s.Recent(t.Context(), views.LogFilter{}, views.Page{After: "soon"})
	refused(t, err, "cursor")
}

func contains(body []byte, part string) bool { return slices.Contains(parts(string(body)), part) }

// parts are the members of a flat object.
func parts(body string) (out []string) {
	begin := 1
	for i := range body {
		if body[i] == ',' || body[i] == '}' {
			out = append(out, body[begin:i])
			begin = i + 1
		}
	}
	return out
}

func namesAreFound(t *testing.T, s *shop) {
	for text, want := range map[string]views.Matches{
		"order-1": {Orders: []string{"order-1"}},
		"ORDER-2": {Orders: []string{"order-2"}},
		"ta":      {SKUs: []string{"TABLE"}},
		"T":       {SKUs: []string{"TABLE"}, Batches: []string{"t0", "t1", "t2"}},
		"order":   {Orders: []string{"order-1", "order-2", "order-3"}},
		"nothing": {},
		"":        {},
	} {
		same(t, must(s.Find(t.Context(), text, 3))(t), want)
	}
}
