package service

import (
	"fmt"
	"slices"
	"strings"

	"allot/internal/views"
)

// NameSearch returns up to limit names of a kind that begin with a text as it is
// spelled, in order.
type NameSearch func(begin string, limit int) ([]string, error)

// FindNames finds what begins with a text as it is, or in one case of letters, up to
// limit of each kind: nothing, if there is no text.
func FindNames(text string, limit int, orders, skus, batches NameSearch) (m views.Matches, err error) {
	for _, kind := range []struct {
		search NameSearch
		found  *[]string
	}{{orders, &m.Orders}, {skus, &m.SKUs}, {batches, &m.Batches}} {
		for _, begin := range spellings(text) {
			names, err := kind.search(begin, limit)
			if err != nil {
				return m, fmt.Errorf("find %q: %w", text, err)
			}
			*kind.found = append(*kind.found, names...)
		}
		slices.Sort(*kind.found)
		*kind.found = slices.Compact(*kind.found)
		*kind.found = (*kind.found)[:min(limit, len(*kind.found))]
	}
	return m, nil
}

// spellings are the ways in which people may have meant the beginning of a name.
func spellings(text string) []string {
	if text == "" {
		return nil
	}
	all := []string{text, strings.ToUpper(text), strings.ToLower(text)}
	slices.Sort(all)
	return slices.Compact(all)
}
