package views

import (
	"fmt"
	"slices"
	"strings"
)

// LogFilter chooses events. What is empty chooses any.
type LogFilter struct {
	Type    string // of the event: "allocated"
	SKU     string
	OrderID string
}

// BatchFilter chooses batches. What is empty chooses any.
type BatchFilter struct {
	SKU      string
	Location string
}

// MaxLook is how many events of the log one page of Recent looks at.
const MaxLook = 20_000

// Matches are the names that begin with a text, each kind in order.
type Matches struct {
	Orders  []string `json:"orders"`
	SKUs    []string `json:"skus"`
	Batches []string `json:"batches"`
}

// Search returns up to limit names of a kind that begin with a text as it is
// spelled, in order.
type Search func(begin string, limit int) ([]string, error)

// Find finds what begins with a text as it is, or in one case of letters, up to
// limit of each kind: nothing, if there is no text.
func Find(text string, limit int, orders, skus, batches Search) (m Matches, err error) {
	for _, kind := range []struct {
		search Search
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
