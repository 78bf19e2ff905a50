package web

import (
	"net/http"
	"strconv"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/service"
)

// maxForm is how large a form may be, in bytes.
const maxForm = 64 << 10

// apply does what a form says, if that still does what was shown. If it can't be
// done the form comes back, as it was filled in, with the reason.
func (s *site) apply(r *http.Request) (page, error) {
	f, err := formOf(r.PathValue("op"))
	if err != nil {
		return page{}, err
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return page{}, &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Message: "the form can't be read: " + err.Error(), Hint: "go back and send it again"}
	}
	p := proposal{form: f, Values: r.PostForm, Back: f.page(r.PostForm)}
	s.foresee(r.Context(), &p)
	if p.Problem != nil {
		return p.page(), nil
	}
	if seen := p.Value("plan"); seen != "" && seen != p.Plan {
		p.Stale = true
		out := p.page()
		out.Status = http.StatusPreconditionFailed
		return out, nil
	}
	if p.Severe && p.Value("seen") == "" {
		p.Unticked = true
		out := p.page()
		out.Status = http.StatusUnprocessableEntity
		return out, nil
	}
	cmd, err := f.command(r.PostForm, domain.Origin{Actor: access.CallerOf(r.Context()).Actor})
	if err != nil {
		p.refused(err)
		return p.page(), nil
	}
	effect, err := service.PerformAny(r.Context(), s.bus, cmd, service.Terms{Plan: p.Plan})
	if err != nil {
		p.refused(err)
		return p.page(), nil
	}
	moved := s.movesOf(r.Context(), effect.Events)
	return page{Go: link(p.Back, "saved", done(effect, len(moved)))}, nil
}

// unchanged stands for a command that changed nothing.
const unchanged = "same"

// done is what was just done, for the address of the page that says so: how
// many lines moved. It has no text, or else any link could have the page say
// anything.
func done(effect service.Effect[any], moved int) string {
	if len(effect.Events) == 0 {
		return unchanged
	}
	return strconv.Itoa(moved)
}

// saved says what was just done; "" if the address doesn't say.
func saved(r *http.Request) string {
	code := r.FormValue("saved")
	moved, err := strconv.Atoi(code)
	switch {
	case code == unchanged:
		return "Nothing to save: it was so already."
	case err != nil || moved < 0:
		return ""
	case moved == 0:
		return "Saved. No line moved."
	}
	return "Saved. " + counted(moved, "line changed", "lines changed") + "."
}
