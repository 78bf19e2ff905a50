package csvrows_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"allot/internal/csvrows"
	"allot/internal/domain"
)

// read has the rows of a file as "line:value|value", and "line:!" for those
// whose values can't be told apart.
func read(t *testing.T, file string) (out []string) {
	t.Helper()
	rows, _, err := csvrows.Open(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := rows.Next()
		if errors.Is(err, csvrows.ErrEnd) {
			return out
		}
		text := strings.Join(row.Values, "|")
		if _, broken := errors.AsType[*csvrows.Malformed](err); broken {
			text = "!"
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(rune('0'+row.Line))+":"+text)
	}
}

func TestABrokenRowLeavesTheOthersAlone(t *testing.T) {
	for file, want := range map[string][]string{
		"a,b\n1,2\n\n3,4":                    {"2:1|2", "4:3|4"},
		"a;b\r\n1,5;2\r\n":                   {"2:1,5|2"},
		"\ufeffa\tb\n1\t2\n":                 {"2:1|2"},
		"a,b\n\"1\n1\",2\n3,4\n":             {"2:1\n1|2", "4:3|4"},
		"a,b\n\"1,2\n3,4\n5,6\n":             {"2:!", "3:3|4", "4:5|6"},
		"a,b\n\"1,2\n3,4\n5\"x,6\n7,8\n":     {"2:!", "3:3|4", "4:!", "5:7|8"},
		"a,b\n1\n2,3,4\n5,6\n":               {"2:!", "3:!", "4:5|6"},
		"a,b\n1," + long + "\n3,4\n":         {"2:!", "3:3|4"},
		"a,b\n1,2\"2\n\"3\"\"3\",4\n":        {"2:!", "3:3\"3|4"},
		"a,b\n\"1\"1,2\n\"3\n\n3\",4\n5,6\n": {"2:!", "3:3\n\n3|4", "6:5|6"},
	} {
		if got := read(t, file); !slices.Equal(got, want) {
			t.Errorf("%.60q: %.200q, want %q", file, got, want)
		}
	}
}

var long = strings.Repeat("x", 200_000)

func TestColumnsAreFoundByAnyOfTheirNames(t *testing.T) {
	columns := csvrows.Columns{csvrows.Required("ref", "reference", "ref"), csvrows.Required("qty"), csvrows.Optional("eta")}
	h, err := columns.Match([]string{" Qty", "colour", "REF", "quantity", ""})
	if err != nil || h.At["ref"] != 2 || h.At["qty"] != 0 || len(h.At) != 2 {
		t.Errorf("found %v, %v", h.At, err)
	}
	if want := []csvrows.Unknown{{Name: "colour"}, {Name: "quantity", Nearest: "qty"}}; !slices.Equal(h.Unknown, want) {
		t.Errorf("not known: %v, want %v", h.Unknown, want)
	}
	if got := columns.Missing([]string{"eta", "ref"}); !slices.Equal(got, []string{"qty"}) {
		t.Errorf("missing %q, want qty", got)
	}
	if _, err := columns.Match([]string{"ref", "reference"}); domain.KindOf(err) != domain.Invalid {
		t.Errorf("two of the same: %v, want it refused", err)
	}
}
