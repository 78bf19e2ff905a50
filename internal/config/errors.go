package config

import (
	"fmt"
	"regexp"
)

// Error is a setting that can't be used as it was given. It is for the user to
// put right; its text says everything that its fields do.
type Error struct {
	Setting string // its name, or the unknown name that was used for one
	Value   string // as it was written, without passwords; empty if it isn't about the value
	Source  string // as in Value
	Rule    string // what is wrong: "must be true or false"
	Hint    string // what to do next
}

func (e *Error) Error() string {
	what := e.Setting
	if e.Value != "" {
		what += fmt.Sprintf(" %q", e.Value)
	}
	return fmt.Sprintf("%s (%s) %s: %s", what, e.Source, e.Rule, e.Hint)
}

var (
	credentials = regexp.MustCompile(`//.*@`)
	passwords   = regexp.MustCompile(`password=[^&]*`)
)

// withoutSecrets is text for everybody to see: without what it may have of user
// names and passwords.
func withoutSecrets(text string) string {
	return passwords.ReplaceAllString(credentials.ReplaceAllString(text, "//...@"), "password=...")
}

// refuse makes an Error of a rule that a value breaks.
func refuse(s Setting, text, from string, broken *rule) *Error {
	return &Error{
		Setting: s.Name, Value: withoutSecrets(text), Source: from,
		Rule: broken.must, Hint: broken.hint,
	}
}
