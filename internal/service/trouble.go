package service

import (
	"errors"
	"fmt"

	"allot/internal/domain"
)

// Codes of errors that pass by themselves. They are part of the wire format.
const (
	CodeUnavailable = "unavailable"  // nothing more is known
	CodeOverloaded  = "overloaded"   // too many wait already
	CodeTimedOut    = "timed_out"    // its turn did not come in time
	CodeStorageFull = "storage_full" // no space is left
	CodeReadOnly    = "read_only"    // the storage can be read, but not written to

	CodeOutcomeUnknown = "outcome_unknown" // it may have been done
)

// trouble is what a caller is told of a transaction that failed.
func trouble(err error) error {
	if errors.Is(err, ErrOutcomeUnknown) {
		return unavailable(CodeOutcomeUnknown, "the answer of the database got lost: it may be done or not",
			"send the same again, with the same key if it had one: what was done already is not done twice")
	}
	if errors.Is(err, ErrStorage) {
		return StorageTrouble(err)
	}
	if errors.Is(err, ErrStale) {
		return unavailable(CodeUnavailable, "nothing was written: "+err.Error(), "send the same again in a moment")
	}
	return err
}

// StorageTrouble is what the sender of a command is told of an ErrStorage:
// nothing was kept of it.
func StorageTrouble(err error) error {
	switch {
	case errors.Is(err, ErrStorageFull):
		return unavailable(CodeStorageFull, "nothing was written: "+err.Error(),
			"make space on the disk of the database, then send the same again; it needs no restart, and reading goes on")
	case errors.Is(err, ErrStorageReadOnly):
		return unavailable(CodeReadOnly, "nothing was written: "+err.Error(),
			"see to the disk of the database, then send the same again; it needs no restart, and reading goes on")
	}
	return unavailable(CodeUnavailable, "nothing was written: "+err.Error(),
		"send the same again in a moment; if it goes on, look at the database and its disk")
}

func overloaded(waiting int) error {
	return unavailable(CodeOverloaded, fmt.Sprintf("it was not done: %d commands wait already, and no more may", waiting),
		"send the same again after a pause; many commands at once belong into one bulk request or an import, which wait")
}

func timedOut() error {
	return unavailable(CodeTimedOut, "it was not done: its turn did not come before the deadline", "send the same again after a pause")
}

func unavailable(code, message, hint string) error {
	return &domain.Error{Kind: domain.Unavailable, Code: code, Message: message, Hint: hint}
}
