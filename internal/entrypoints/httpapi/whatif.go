package httpapi

import (
	"net/http"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

var tryChangesDoc = operation{
	id: "try_changes", summary: "Try several changes, one after the other, and do nothing",
	detail: "The answer is the difference to now: each line once, by where it stands and where it would stand after all of them. " +
		"Up to 1,000 commands, in 64 KiB. See [Try several changes before making any](../how-to/what-if.md).",
	body: wire.TryMembers(), answers: answers{200: wire.WhatIf{}}, problems: changeProblems,
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
	changes, err := permittedChanges(w, r, wire.DecodeTry)
	if err != nil {
		return err
	}
	foreseen, err := service.WhatIf(r.Context(), a.bus, changes.Commands)
	if err != nil {
		return wire.InChange(err)
	}
	return writeJSON(w, http.StatusOK, wire.WhatIfOf(foreseen, true))
}

// makeChanges answers POST /v1/what-if/apply.
func (a *api) makeChanges(w http.ResponseWriter, r *http.Request) error {
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
	if _, err := parameters(r); err != nil {
		return wire.Changes{}, err
	}
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
