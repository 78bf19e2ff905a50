package cli_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
	"allot/internal/sample"
)

// helps returns the help of every command, by its name.
func helps(t *testing.T, s *shell) map[string]string {
	t.Helper()
	all := map[string]string{}
	var visit func(command string)
	visit = func(command string) {
		text := s.must(t, command+" --help")
		all["allot"+command] = text
		_, below, _ := strings.Cut(text, "Usage:")
		for _, m := range regexp.MustCompile(`(?m)^  ([a-z-]+) {2,}[A-Z]`).FindAllStringSubmatch(below, -1) {
			visit(command + " " + m[1])
		}
	}
	visit("")
	return all
}

func TestEveryCommandSaysWhatItDoesWithTwoExamples(t *testing.T) {
	s := newShell(t)
	all := helps(t, s)
	for _, want := range []string{"allot serve", "allot demo", "allot batch change", "allot db restore", "allot config show", "allot help", "allot completion"} {
		if all[want] == "" {
			t.Errorf("%s was not found: only %d commands were", want, len(all))
		}
	}
	for command, text := range all {
		_, examples, _ := strings.Cut(text, "Examples:\n")
		examples, _, _ = strings.Cut(examples, "\n\n")
		if n := strings.Count(examples, "\n") + 1; examples == "" || n < 2 {
			t.Errorf("%s has %d examples", command, n)
		}
		if !strings.Contains(examples, command) {
			t.Errorf("no example of %s shows it: %s", command, examples)
		}
	}
}

func TestExamplesUseFlagsThatExist(t *testing.T) {
	s := newShell(t)
	all := helps(t, s)
	for command, text := range all {
		_, examples, _ := strings.Cut(text, "Examples:\n")
		examples, _, _ = strings.Cut(examples, "\n\n")
		for line := range strings.Lines(examples) {
			example, _, _ := strings.Cut(line, "#")
			for _, flag := range regexp.MustCompile(` (--?[a-z-]+)`).FindAllStringSubmatch(example, -1) {
				if strings.Contains(example, command+" ") && !regexp.MustCompile(`\s`+flag[1]+`[\s,]`).MatchString(text) {
					t.Errorf("%s has no %s: %s", command, flag[1], line)
				}
			}
		}
	}
}

func TestCompletionIsThereForFourShells(t *testing.T) {
	s := newShell(t)
	for _, name := range []string{"bash", "zsh", "fish", "powershell"} {
		if script := s.must(t, "completion "+name); !strings.Contains(script, "allot") || len(script) < 1000 {
			t.Errorf("%s: %s", name, script)
		}
	}
}

func TestExitCodes(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	s.must(t, "allocate order-1 SMALL-TABLE 3")
	for _, tt := range []struct {
		line string
		exit int
	}{
		{"", wire.ExitDone},
		{"help", wire.ExitDone},
		{"order show order-1", wire.ExitDone},
		{"allocate order-2 SMALL-TABLE 100", wire.ExitDone}, // it waits
		{"import missing.csv --as orders", wire.ExitFailed},
		{"order show order-1 --data elsewhere", wire.ExitFailed},
		{"allocate", wire.ExitUsage},
		{"allocate order-1 SMALL-TABLE -- -3", wire.ExitUsage},
		{"order cancel order-1", wire.ExitUsage},
		{"order show order-9", wire.ExitNotFound},
		{"allocate order-3 TABLE 1", wire.ExitNotFound},
		{"batch change batch-9 --qty 1 --yes", wire.ExitNotFound},
		{"allocate order-3 SMALL-TABLE 100 --or-reject", wire.ExitRefused},
		{"allocate order-1 SMALL-TABLE 4", wire.ExitConflict},
		{"batch add batch-1 SMALL-TABLE 11", wire.ExitConflict},
		{"allocate order-3 SMALL-TABLE 1 --server http://127.0.0.1:1", wire.ExitUnavailable},
	} {
		if got := s.run(t, tt.line); got.exit != tt.exit {
			t.Errorf("allot %s: exit %d, want %d\n%s%s", tt.line, got.exit, tt.exit, got.out, got.err)
		}
	}
}

func TestNothingIsAskedWhereNobodyIs(t *testing.T) {
	s := newShell(t) // its input fails the test when it is read
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	s.must(t, "allocate order-1 SMALL-TABLE 3")
	s.must(t, "db backup backup.db")
	for _, line := range []string{"batch change batch-1 --qty 1", "batch change batch-1 --qty 5", "order cancel order-1", "db restore backup.db"} {
		s.fails(t, line, wire.ExitUsage, "there is no terminal to ask on", "hint: pass --")
	}
}

func TestAQuestionEndsWithCtrlC(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	in, person := io.Pipe() // nobody ever types anything
	defer person.Close()
	s.in, s.terminal = in, true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := s.runIn(ctx, t, "batch change batch-1 --qty 5"); got.exit != wire.ExitInterrupted {
		t.Errorf("exit %d: %s", got.exit, got.err)
	}
}

func TestAnImportThatWaitsForInputEndsWithCtrlC(t *testing.T) {
	for _, text := range []string{"orderid,", "orderid,sku,qty\no1,SMALL-TABLE,1\n"} {
		s := newShell(t)
		s.must(t, "batch add batch-1 SMALL-TABLE 10")
		in, person := io.Pipe()
		s.in = in
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			io.WriteString(person, text) // returns when it was read
			cancel()
		}()
		got := s.runIn(ctx, t, "import - --as orders")
		person.Close()
		if got.exit != wire.ExitInterrupted || !strings.Contains(got.err, "hint: run it again") {
			t.Errorf("exit %d: %s", got.exit, got.err)
		}
	}
}

func TestADatabaseThatIsInUseIsWorthAnotherTry(t *testing.T) {
	s := newShell(t)
	other, err := bootstrap.Open(t.Context(), "allot-data/allot.db", "allot import", bootstrap.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.fails(t, "batch add batch-1 SMALL-TABLE 10", wire.ExitUnavailable, "is in use by allot import (pid ", ")\nhint: try again when it is done, or stop it")
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
}

func TestANumberThatIsGivenIsAlwaysChecked(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	s.fails(t, "batch change batch-1 --qty 5 --yes --confirm 3", wire.ExitConflict, "0 lines change, not 3")
	s.fails(t, "batch change batch-1 --qty 10 --yes --confirm 3", wire.ExitConflict, "0 lines change, not 3")
	s.must(t, "batch change batch-1 --qty 5 --confirm 0")
}

func TestAChangeThatChangesNothingIsADocument(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	got := s.run(t, "batch change batch-1 --qty 10 --output json")
	var document struct {
		Batch    struct{ Qty int }
		Previous int `json:"previous_qty"`
	}
	if err := json.Unmarshal([]byte(got.out), &document); err != nil || got.exit != 0 || document.Batch.Qty != 10 || document.Previous != 10 {
		t.Errorf("exit %d, error %v: %s%s", got.exit, err, got.out, got.err)
	}
}

func TestMovesOfMoreThanFiftyLinesHaveToBeCounted(t *testing.T) {
	for lines, exit := range map[int]int{50: wire.ExitDone, 51: wire.ExitUsage} {
		t.Run(fmt.Sprint(lines), func(t *testing.T) {
			s := newShell(t)
			s.must(t, fmt.Sprintf("batch add batch-1 SMALL-TABLE %d", lines))
			s.must(t, "batch add batch-2 SMALL-TABLE 100 --eta 2026-12-01")
			s.in = strings.NewReader("orderid,sku,qty\n" + strings.Join(numbered("order-%d,SMALL-TABLE,1", lines), "\n"))
			s.must(t, "import - --as orders")
			s.in = nil
			s.fails(t, "batch change batch-1 --qty 0 --yes", exit)
			if exit != wire.ExitDone {
				s.must(t, fmt.Sprintf("batch change batch-1 --qty 0 --confirm %d --yes", lines))
			}
			if out := s.must(t, "batch show batch-2 --output csv"); strings.Count(out, "\n") != 1+lines {
				t.Errorf("%d lines should be in batch-2:\n%s", lines, out)
			}
		})
	}
}

// numbered is a text so many times, each with its number.
func numbered(format string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return out
}

// hash sums up all files below the working directory, but for their times.
func hash(t *testing.T) string {
	t.Helper()
	sum := sha256.New()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			fmt.Fprintln(sum, path)
			return err
		}
		body, err := os.ReadFile(path)
		fmt.Fprintf(sum, "%s %x\n", path, sha256.Sum256(body))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func TestADryRunWritesNothing(t *testing.T) {
	s := newShell(t)
	if err := os.WriteFile("orders.csv", []byte("orderid,sku,qty\no1,SMALL-TABLE,3\no2,NOPE,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := []string{
		"batch add batch-9 SMALL-TABLE 20 --dry-run", "allocate order-9 SMALL-TABLE 3 -n", "import orders.csv --as orders -n",
		"batch change batch-1 --qty 1 -n", "order cancel order-1 -n", "order cancel order-1 SMALL-TABLE -n --yes",
	}
	empty := hash(t)
	for _, line := range lines {
		s.run(t, line)
	}
	if hash(t) != empty {
		t.Error("something was written where there was nothing")
	}
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	s.must(t, "allocate order-1 SMALL-TABLE 3")
	before := hash(t)
	for _, line := range lines {
		got := s.run(t, line)
		if !strings.Contains(got.err, "dry run: nothing was written") || got.out == "" {
			t.Errorf("allot %s: exit %d\n%s%s", line, got.exit, got.out, got.err)
		}
		if hash(t) != before {
			t.Fatalf("allot %s has written something", line)
		}
	}
}

func TestBarsAndAlignmentAreForTerminals(t *testing.T) {
	s := newShell(t)
	for name, body := range map[string]io.Reader{"batches.csv": sample.Batches(sample.FirstDay), "orders.csv": sample.Orders(sample.FirstDay)} {
		text, _ := io.ReadAll(body)
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := []string{"import batches.csv --as batches", "verify", "product list --limit 3"}
	for _, line := range lines {
		got := s.run(t, line)
		if text := got.out + got.err; strings.ContainsAny(text, "\x1b\r") || strings.Contains(text, "%") || strings.Contains(got.out, "  \t") {
			t.Errorf("in a pipe, allot %s prints %q", line, text)
		}
	}
	s.terminal = true
	for _, line := range lines[:2] {
		if got := s.run(t, line); !strings.Contains(got.err, "100 %") || strings.Contains(got.out, "100 %") {
			t.Errorf("on a terminal, allot %s shows no bar: %q", line, got.err)
		}
		if got := s.run(t, line+" --quiet"); got.err != "" {
			t.Errorf("allot %s --quiet says %q", line, got.err)
		}
	}
	if out := s.must(t, lines[2]); strings.Contains(out, "\t") || !strings.HasPrefix(out, "SKU    ") {
		t.Errorf("on a terminal, allot %s prints %q", lines[2], out)
	}
}

func TestAReadThatServerSettingsCanNotServeIsRefused(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	s.env["ALLOT_SERVER"] = "http://127.0.0.1:1"
	s.fails(t, "batch list", wire.ExitUsage, "can't ask http://127.0.0.1:1", "without ALLOT_SERVER")
	s.fails(t, "order cancel order-1 --yes", wire.ExitUsage, "SKU is missing")
}

func TestExportedBatchesCanBeImported(t *testing.T) {
	s := newShell(t)
	s.must(t, "demo --no-serve --data shop")
	s.in = strings.NewReader(s.must(t, "export batches --data shop"))
	s.must(t, "import - --as batches --data copy")
	if diff := cmp.Diff(s.must(t, "export batches --data shop"), s.must(t, "export batches --data copy")); diff != "" {
		t.Errorf("(-original +copy):\n%s", diff)
	}
}

func TestAllocationsAreExportedInTheOrderInWhichTheyWereMade(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add batch-1 SMALL-TABLE 10")
	s.must(t, "batch add batch-2 SMALL-TABLE 10 --eta 2026-12-01")
	for _, line := range []string{"zebra SMALL-TABLE 4", "ape SMALL-TABLE 6", "mule SMALL-TABLE 3"} {
		s.must(t, "allocate "+line)
	}
	s.must(t, "batch change batch-1 --qty 4 --yes") // ape moves
	rows, err := csv.NewReader(strings.NewReader(s.must(t, "export allocations"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"orderid", "sku", "qty", "batchref"},
		{"zebra", "SMALL-TABLE", "4", "batch-1"}, {"mule", "SMALL-TABLE", "3", "batch-2"}, {"ape", "SMALL-TABLE", "6", "batch-2"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
