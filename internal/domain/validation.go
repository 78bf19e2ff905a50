package domain

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of what a command may carry.
const (
	MaxQty        = math.MaxInt32 // units, of one line or one batch
	MaxIdentifier = 255           // characters, of a SKU, an order id or a batch reference
	MaxNote       = 1000          // characters, of a note
)

func invalid(field, hint, format string, args ...any) error {
	return &Error{Kind: Invalid, Code: CodeValidationFailed, Field: field, Hint: hint,
		Message: field + " " + fmt.Sprintf(format, args...)}
}

// checkIdentifier refuses what can't name anything reliably. Identifiers are
// opaque and compared byte by byte: nothing is trimmed, folded or normalised.
func checkIdentifier(field, s string) error {
	switch {
	case s == "":
		return invalid(field, "give it a value", "is empty")
	case !utf8.ValidString(s):
		return invalid(field, "send UTF-8", "%q is not valid UTF-8", s)
	case utf8.RuneCountInString(s) > MaxIdentifier:
		return invalid(field, "shorten it", "has %d characters; at most %d are allowed", utf8.RuneCountInString(s), MaxIdentifier)
	case strings.HasSuffix(s, " "):
		return invalid(field, "remove the blank", "%q ends with a blank", s)
	}
	ascii := true
	for i, r := range s {
		if ascii = ascii && r < utf8.RuneSelf; !identifierRune(r, i == 0) {
			return invalid(field, "use letters, digits and printable ASCII, a letter or digit first", "%q has %q at place %d, which is not allowed there", s, r, utf8.RuneCountInString(s[:i])+1)
		}
	}
	if !ascii && !norm.NFC.IsNormalString(s) {
		return invalid(field, "send it in Unicode normal form C", "%q is not in normal form C, so that it could look like another", s)
	}
	return nil
}

func identifierRune(r rune, first bool) bool {
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return true
	case first:
		return false
	default:
		return r >= ' ' && r <= '~' || unicode.Is(unicode.M, r)
	}
}

func checkQty(field string, qty, least int) error {
	if qty < least || qty > MaxQty {
		return invalid(field, "send a whole number in that range", "is %d; it must lie between %d and %d", qty, least, MaxQty)
	}
	return nil
}

func checkText(field, s string, most int) error {
	switch {
	case !utf8.ValidString(s):
		return invalid(field, "send UTF-8", "%q is not valid UTF-8", s)
	case utf8.RuneCountInString(s) > most:
		return invalid(field, "shorten it", "has %d characters; at most %d are allowed", utf8.RuneCountInString(s), most)
	case strings.ContainsFunc(s, unicode.IsControl):
		return invalid(field, "remove it", "%q has a control character", s)
	}
	return nil
}
