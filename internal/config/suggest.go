package config

import (
	"fmt"

	"allot/internal/nearest"
)

// suggest returns a hint that names the known word nearest to the given one, or
// otherwise if none is near.
func suggest(given string, known []string, otherwise string) string {
	if near := nearest.To(given, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return otherwise
}
