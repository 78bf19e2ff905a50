package cli_test

import (
	"strings"
	"testing"
)

func TestLinesArePlacedByThePolicyOfTheirProduct(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add warehouse TABLE 9")
	s.must(t, "batch add december TABLE 9 --eta 2999-12-01")
	if got := s.must(t, "product policy TABLE --policy latest_on_time --safety-stock 5"); !strings.Contains(got, "latest_on_time") {
		t.Errorf("it said %s", got)
	}
	s.must(t, "allocate o1 TABLE 2 --required-by 2999-12-05")
	s.must(t, "allocate o2 TABLE 6")
	says(t, s.must(t, "explain o1"), "allocated from december", "the latest supply that is still on time")
	says(t, s.must(t, "explain o2"), "warehouse (in the warehouse): it had 9 available, but the safety stock is kept from new lines")
	says(t, s.must(t, "product show TABLE"), "policy latest_on_time, safety stock 5 units")
	says(t, s.must(t, "verify"), "FAULTS")
}

func TestLinesAskForLocationsAndForWhatKeeps(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add old MILK 9 --location north --use-by 1999-12-01")
	s.must(t, "batch add south MILK 9 --location south --use-by 2999-12-01")
	s.must(t, "batch add north MILK 9 --location north")
	s.must(t, "allocate o1 MILK 1 --location north")
	says(t, s.must(t, "explain o1"), "allocated from north", "old (in the warehouse): it has expired")
	s.must(t, "allocate o2 MILK 1 --only-location south --min-life 10")
	says(t, s.must(t, "explain o2"), "allocated from south")
	s.must(t, "allocate o3 MILK 1 --only-location west")
	says(t, s.must(t, "explain o3"), "backordered", "it is not where the line takes its stock from")
	s.must(t, "order cancel o3 MILK --yes")

	s.must(t, "batch change south --location west --use-by 2999-11-01 --yes")
	says(t, s.must(t, "batch show south"), "at west; to be used by 2999-11-01", "o2")
	says(t, s.must(t, "batch list --location west"), "south")
	says(t, s.must(t, "product show MILK"), "at west: on hand 9 + inbound 0 - allocated 1 = available 8")
	says(t, s.must(t, "available MILK --location north -o json"), `"available":8`)
}

// says fails the test if a text lacks one of some parts.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
