package httpapi

import (
	"net/http"
	"strings"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

var tryChangesDoc = operation{
	id: "try_changes", summary: "Try several changes, one after the other, and do nothing",
	detail: "The answer is the difference to now: each line once, by where it stands and where it would stand after all of them. " +
		"Up to 1,000 commands, in 64 KiB. With `store` they are kept for 90 days, so that others can look at them too: the answer is where. See [Try several changes before making any](../how-to/what-if.md).",
	query: []string{"store"}, body: wire.TryMembers(), answers: answers{200: wire.WhatIf{}, 201: wire.SavedWhatIf{}}, problems: changeProblems,
}

var getWhatIfDoc = operation{
	id: "get_what_if", summary: "Try the changes of a what-if again that was saved, and do nothing",
	detail: "They are tried on the shop as it is now. `what_if` is what they would do, with the plan that `/v1/what-if/apply` takes; " +
		"`same` tells whether that is what they would have done when they were saved. If one would be refused by now, `problem` says why.",
	answers: answers{200: wire.SavedWhatIf{}}, problems: []string{wire.CodeNotFound},
}

var makeChangesDoc = operation{
	id: "make_changes", summary: "Make several changes, all of them or none",
	detail: "They are made if they do what their `plan` says, which `/v1/what-if` has told. If one is refused, none is made.",
	body:   wire.MakeMembers(), answers: answers{200: wire.WhatIf{}}, problems: append([]string{service.CodePlanChanged}, changeProblems...),
}

// changeProblems are what changes are refused for, more than others.
var changeProblems = []string{domain.CodeUnknownSKU, domain.CodeUnknownBatch, domain.CodeUnknownLine, domain.CodeLineConflict, domain.CodeBatchConflict}

// tryChanges answers POST /v1/what-if.
func (a *api) tryChanges(w http.ResponseWriter, r *http.Request) error {
	q, err := parameters(r, "store")
	if err != nil {
		return err
	}
	store, err := q.flag("store", "leave it out to try them only")
	if err != nil {
		return err
	}
	changes, err := permittedChanges(w, r, wire.DecodeTry)
	if err != nil {
		return err
	}
	if store {
		return a.saveChanges(w, r, changes.Commands)
	}
	foreseen, err := service.WhatIf(r.Context(), a.bus, changes.Commands)
	if err != nil {
		return wire.InChange(err)
	}
	return writeJSON(w, http.StatusOK, wire.WhatIfOf(foreseen, true))
}

// saveChanges answers POST /v1/what-if?store=true.
func (a *api) saveChanges(w http.ResponseWriter, r *http.Request, commands []domain.Message) error {
	written, err := wire.WriteChanges(commands)
	if err != nil {
		return err
	}
	saved, foreseen, err := a.whatIfs.Save(r.Context(), a.bus, commands, written)
	if err != nil {
		return wire.InChange(err)
	}
	told, err := wire.SavedWhatIfOf(saved, foreseen, nil)
	if err != nil {
		return err
	}
	return reply{status: http.StatusCreated, location: "/v1/what-if/" + saved.ID, body: told}.send(w)
}

// getWhatIf answers GET /v1/what-if/{id}.
func (a *api) getWhatIf(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	id := r.PathValue("id")
	saved, err := a.whatIfs.Find(r.Context(), id)
	if err != nil {
		return notFound(err, "what-if", id, "it was saved more than 90 days ago, or never: look at the address again")
	}
	commands, err := wire.DecodeChanges(strings.NewReader(saved.Changes), domain.Origin{Actor: access.CallerOf(r.Context()).Actor})
	var foreseen service.Difference
	if err == nil {
		foreseen, err = service.WhatIf(r.Context(), a.bus, commands)
	}
	told, err := wire.SavedWhatIfOf(saved, foreseen, err)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, told)
}

// makeChanges answers POST /v1/what-if/apply.
func (a *api) makeChanges(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	changes, err := permittedChanges(w, r, wire.DecodeMake)
	if err != nil {
		return err
	}
	done, err := service.PerformTogether(r.Context(), a.bus, changes.Commands, changes.Plan)
	if err != nil {
		return wire.InChange(err)
	}
	return writeJSON(w, http.StatusOK, wire.WhatIfOf(done, false))
}

// permittedChanges reads changes, each of which the caller may make.
func permittedChanges(w http.ResponseWriter, r *http.Request, read func([]byte, domain.Origin) (wire.Changes, error)) (wire.Changes, error) {
	changes, err := decode(w, r, read)
	if err != nil {
		return changes, err
	}
	caller := access.CallerOf(r.Context())
	for i, cmd := range changes.Commands {
		if scope := access.ScopeOf(cmd); !caller.May(scope) {
			return changes, wire.InChange(&service.Refusal{Nth: i + 1, Err: access.MayNot(caller, scope)})
		}
	}
	return changes, nil
}
