package nearest_test

import (
	"testing"

	"allot/internal/nearest"
)

func TestTheWordThatIsMeant(t *testing.T) {
	known := []string{"allocate", "backorders", "sku", "qty"}
	for word, want := range map[string]string{
		"allocte": "allocate", "backorder": "backorders", "skus": "sku", "qt": "qty", "allocate": "allocate",
		"verify": "", "": "", "xyz": "",
	} {
		if got := nearest.To(word, known); got != want {
			t.Errorf("near %q is %q, not %q", word, got, want)
		}
	}
}

func TestDistanceCountsChanges(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abd", 1}, {"kitten", "sitting", 3}, {"abc", "xabc", 1}} {
		if got := nearest.Distance(c.a, c.b); got != c.want {
			t.Errorf("from %q to %q are %d changes, not %d", c.a, c.b, got, c.want)
		}
	}
}
