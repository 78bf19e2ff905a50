package domain

import (
	"slices"
	"strings"
)

// Locations is a list of locations, the best first. It is a value: lists of the
// same names in the same order are equal. The zero Locations names none.
type Locations string

// separator can't be in the name of a location.
const separator = "\x00"

// MaxLocations is how many locations a line may name.
const MaxLocations = 16

// LocationsOf returns the list of the given names, the best first, none of which
// has a zero byte.
func LocationsOf(names ...string) Locations { return Locations(strings.Join(names, separator)) }

// Names are the locations, the best first.
func (l Locations) Names() []string {
	if l == "" {
		return nil
	}
	return strings.Split(string(l), separator)
}

// rank is the place of a location in the list; one that is not named comes
// after all others.
func (l Locations) rank(location string) (rank int) {
	if l == "" {
		return 0
	}
	for name := range strings.SplitSeq(string(l), separator) {
		if name == location {
			return rank
		}
		rank++
	}
	return rank
}

// has reports whether the list names a location.
func (l Locations) has(location string) bool {
	return location != "" && slices.Contains(l.Names(), location)
}

func (l Locations) validate(field string) error {
	names := l.Names()
	if len(names) > MaxLocations {
		return invalid(field, "leave out the least of them", "has %d locations; at most %d are allowed", len(names), MaxLocations)
	}
	for i, name := range names {
		if err := checkIdentifier(field, name); err != nil {
			return err
		}
		if slices.Contains(names[:i], name) {
			return invalid(field, "name each location once", "has %q twice", name)
		}
	}
	return nil
}
