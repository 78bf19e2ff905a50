package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// kept is what is known of a scenario because it was saved.
type kept struct {
	service.SavedWhatIf
	Same bool // its changes would still do what they would have done then
}

// save keeps changes, and goes to their page.
func (s *site) save(ctx context.Context, changes []domain.Message) (page, error) {
	written, err := wire.WriteChanges(changes)
	if err != nil {
		return page{}, err
	}
	saved, _, err := s.WhatIfs.Save(ctx, s.bus, changes, written)
	if err != nil {
		return page{}, err
	}
	return page{Go: "/what-if/" + saved.ID}, nil
}

// savedWhatIf shows what the changes of a what-if that was saved would do now.
func (s *site) savedWhatIf(r *http.Request) (page, error) {
	saved, err := s.WhatIfs.Find(r.Context(), r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	w := scenarioOf(slices.DeleteFunc(strings.Split(saved.Changes, "\n"), blank))
	w.Saved = &kept{SavedWhatIf: saved}
	s.imagine(r.Context(), &w)
	w.Saved.Same = w.Known && w.Plan == saved.Plan
	out := w.page()
	out.API = "/v1/what-if/" + saved.ID
	return out, nil
}
