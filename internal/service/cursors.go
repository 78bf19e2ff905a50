package service

import (
	"fmt"
	"slices"
	"strings"

	"allot/internal/domain"
	"allot/internal/views"
)

// Cursors say where the next page of a list begins. Those of lists by number
// are the number; others mean nothing to who gets them.

// CursorAtNumber is the cursor of the page after the item with that number.
func CursorAtNumber(n int64) string { return fmt.Sprint(n) }

// CursorAtKey is the cursor of the page after the item with that key.
func CursorAtKey(key string) string { return fmt.Sprintf("%x", key) }

// CursorAtFailure is the cursor of the page after f.
func CursorAtFailure(f views.Failure) string {
	return CursorAtKey(fmt.Sprintf("%d %q", f.Position, f.Subscription))
}

// CursorAtParked is the cursor of the page after m.
func CursorAtParked(m views.ParkedMessage) string { return CursorAtNumber(m.Number) }

// AfterNumber is the number that a page begins after; 0 if it is the first.
func AfterNumber(p views.Page) (n int64, _ error) {
	if p.After == "" {
		return 0, nil
	}
	if _, err := fmt.Sscanf(p.After, "%d", &n); err != nil || CursorAtNumber(n) != p.After {
		return 0, badCursor(p.After)
	}
	return n, nil
}

// AfterKey is the key that a page begins after; "" if it is the first.
func AfterKey(p views.Page) (key string, _ error) {
	if p.After == "" {
		return "", nil
	}
	if _, err := fmt.Sscanf(p.After, "%x", &key); err != nil || CursorAtKey(key) != p.After {
		return "", badCursor(p.After)
	}
	return key, nil
}

// AfterFailure names the failure that a page begins after, by subscription and
// position; "" and 0 if it is the first.
func AfterFailure(p views.Page) (at views.Failure, _ error) {
	key, err := AfterKey(p)
	if key == "" || err != nil {
		return at, err
	}
	if _, err := fmt.Sscanf(key, "%d %q", &at.Position, &at.Subscription); err != nil || CursorAtFailure(at) != p.After {
		return views.Failure{}, badCursor(p.After)
	}
	return at, nil
}

func badCursor(cursor string) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "cursor",
		Message: fmt.Sprintf("cursor %q is not one that a page of this list ended with", cursor),
		Hint:    "send the cursor of the page before as it is, or none for the first page"}
}

// CursorOfQueue is the cursor of the page of a queue after l.
func CursorOfQueue(l views.Line) string {
	priority := domain.UsualPriority
	if l.Priority != nil {
		priority = *l.Priority
	}
	return cursorInQueue(priority, l.Seq)
}

func cursorInQueue(priority int, seq int64) string { return fmt.Sprintf("%d-%d", priority, seq) }

// AfterInQueue is the line that a page of a queue begins after; all of them
// come after the zero Line of the highest priority, which is the first.
func AfterInQueue(p views.Page) (at domain.Line, _ error) {
	number := domain.HighestPriority
	if p.After == "" {
		at.Priority = domain.NewPriority(number)
		return at, nil
	}
	_, err := fmt.Sscanf(p.After, "%d-%d", &number, &at.Seq)
	at.Priority = domain.NewPriority(number)
	if err != nil || cursorInQueue(number, at.Seq) != p.After {
		return domain.Line{}, badCursor(p.After)
	}
	return at, nil
}

// CursorOfArrival is the cursor of the page of arrivals after b.
func CursorOfArrival(b views.Batch) string {
	eta, _ := domain.ParseDate(b.ETA) // it is one of ours
	return cursorOfArrival(eta, b.Seq)
}

func cursorOfArrival(eta domain.Date, seq int64) string { return fmt.Sprintf("%d-%d", eta, seq) }

// AfterArrival is the ETA and the number of the batch that a page of arrivals
// begins after; zero if it is the first.
func AfterArrival(p views.Page) (eta domain.Date, seq int64, _ error) {
	if p.After == "" {
		return 0, 0, nil
	}
	_, err := fmt.Sscanf(p.After, "%d-%d", &eta, &seq)
	if err != nil || cursorOfArrival(eta, seq) != p.After {
		return 0, 0, badCursor(p.After)
	}
	return eta, seq, nil
}

// CheckLineStatus refuses a status that no line can have. None at all is fine.
func CheckLineStatus(status string) error {
	known := []domain.Status{
		domain.StatusAllocated, domain.StatusBackordered, domain.StatusCancelled, domain.StatusHeld, domain.StatusShipped, domain.StatusExpired,
	}
	if status == "" || slices.Contains(known, domain.Status(status)) {
		return nil
	}
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "status",
		Message: fmt.Sprintf("status is %q; it must be one of %s", status, quoted(known)),
		Hint:    "leave it out for orders of any status"}
}

func quoted(list []domain.Status) string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(out, ", ")
}
