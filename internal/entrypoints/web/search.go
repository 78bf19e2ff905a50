package web

import (
	"context"
	"net/http"
	"strings"

	"allot/internal/views"
)

// search goes to what has the name that was typed, or shows what begins so.
func (s *site) search(r *http.Request) (page, error) {
	text := strings.TrimSpace(r.FormValue("q"))
	p := page{Template: "search", Title: "Search", Search: text}
	found, err := s.views.Find(r.Context(), text, 20)
	if err != nil {
		return page{}, err
	}
	if p.Go = named(found, text); p.Go != "" {
		return p, nil
	}
	p.Body = results{found, text != "" && len(found.Orders)+len(found.SKUs)+len(found.Batches) == 0}
	return p, nil
}

type results struct {
	views.Matches
	Nothing bool
}

// named is the page of what has exactly that name, or is the only one to begin
// so; "" if that is not one thing.
func named(found views.Matches, text string) string {
	var exact, all []string
	for _, kind := range []struct {
		names []string
		path  string
	}{{found.Orders, "/orders/"}, {found.SKUs, "/products/"}, {found.Batches, "/batches/"}} {
		for _, name := range kind.names {
			all = append(all, kind.path+escape(name))
			if strings.EqualFold(name, text) {
				exact = append(exact, kind.path+escape(name))
			}
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0]
	case len(exact) == 0 && len(all) == 1:
		return all[0]
	}
	return ""
}

// etaOf is the day on which a batch comes; "" if it is here, or unknown.
func (s *site) etaOf(ctx context.Context, ref string) string {
	b, err := s.views.Batch(ctx, ref)
	if err != nil {
		return ""
	}
	return b.ETA
}
