package cli_test

import (
	"strings"
	"testing"

	"allot/internal/entrypoints/wire"
)

// interrupted is what somebody types after something else has happened.
type interrupted struct {
	*strings.Reader
	first func()
}

func (i *interrupted) Read(p []byte) (int, error) {
	if i.first != nil {
		first := i.first
		i.first = nil
		first()
	}
	return i.Reader.Read(p)
}

func TestWhatWasAgreedToIsDoneOrNothing(t *testing.T) {
	for _, c := range []struct {
		meanwhile string
		exit      int
		says      string
		qty       string // of batch-1 after it
	}{
		{"allocate order-2 LAMP 1", wire.ExitDone, "", "4"},
		{"allocate order-2 SMALL-TABLE 2", wire.ExitConflict, "by now it would do this:", "10"},
		{"batch change batch-1 --qty 9 --yes", wire.ExitConflict, "nothing was done", "9"},
	} {
		t.Run(c.meanwhile, func(t *testing.T) {
			s := newShell(t)
			s.must(t, "batch add batch-1 SMALL-TABLE 10")
			s.must(t, "batch add batch-2 SMALL-TABLE 10 --eta 2026-12-01")
			s.must(t, "batch add batch-3 LAMP 10")
			s.must(t, "allocate order-1 SMALL-TABLE 3")
			s.terminal = true
			s.in = &interrupted{strings.NewReader("y\n"), func() {
				s.terminal = false
				s.must(t, c.meanwhile)
			}}
			got := s.run(t, "batch change batch-1 --qty 4")
			if got.exit != c.exit || !strings.Contains(got.err+got.out, c.says) {
				t.Errorf("exit %d, want %d, and %q:\n%s%s", got.exit, c.exit, c.says, got.out, got.err)
			}
			if out := s.must(t, "batch show batch-1 --output json"); !strings.Contains(strings.ReplaceAll(out, " ", ""), `"qty":`+c.qty+`,`) {
				t.Errorf("batch-1 should have %s:\n%s", c.qty, out)
			}
		})
	}
}

// What a server that was named would do is shown before it does it, just as what
// happens in the database would be.
func TestAChangeAtAServerIsShownBeforeItIsMade(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	s.must(t, "batch add batch-2 SMALL-TABLE 10 --eta 2026-12-01")
	for _, order := range []string{"order-1", "order-2"} {
		s.must(t, "allocate "+order+" SMALL-TABLE 4")
	}
	const change = "batch change batch-1 --qty 5"
	here := s.must(t, change+" --dry-run")
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	there := " --data elsewhere --server " + server.url
	if out := s.must(t, change+" --dry-run"+there); out != here {
		t.Errorf("the server would do\n%s, the database\n%s", out, here)
	}
	s.fails(t, change+" --confirm 7"+there, wire.ExitConflict, "7")
	if out := s.must(t, change+" --yes"+there); out != here {
		t.Errorf("it did\n%s, and was to do\n%s", out, here)
	}
	if out := s.must(t, "batch change batch-1 --qty 5 --yes"+there); !strings.Contains(out, "5 -> 5 units") {
		t.Errorf("again, it says %q", out)
	}
	s.fails(t, "batch change batch-9 --qty 5 --yes"+there, wire.ExitNotFound, "batch-9")
	s.must(t, "batch receive batch-2 --qty 3 --yes --confirm 1"+there)
	if out := s.must(t, "batch show batch-2 -o json"); !strings.Contains(out, `"qty": 3`) {
		t.Errorf("what came is %s", out)
	}
}
