package cli_test

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/entrypoints/wire"
	"allot/internal/sample"
)

func TestAnInboxTakesWhatIsThereOnce(t *testing.T) {
	s := newShell(t)
	mkdir(t, "drop")
	write(t, "drop/batches.csv", "ref,sku,qty,eta\nb1,LAMP,10,\n")
	write(t, "drop/orders.csv", "orderid,sku,qty\no1,LAMP,3\n")
	s.must(t, "inbox drop --once")
	if out := s.must(t, "order show o1"); !strings.Contains(out, "b1") {
		t.Errorf("the order is %s", out)
	}
	write(t, "drop/orders.csv", "orderid,sku,qty\no2,NOPE,3\n")
	s.fails(t, "inbox drop --once", wire.ExitPartly, "orders.csv: 1 row, 1 refused", "hint: see the reports")
	s.fails(t, "inbox nowhere", wire.ExitFailed, "nowhere")
	write(t, "file.csv", "")
	s.fails(t, "inbox file.csv", wire.ExitFailed, "not a directory", "hint: a file is where")
}

func TestAnInboxWorksBesideAServer(t *testing.T) {
	s := newShell(t)
	mkdir(t, "drop")
	start(t, "serve")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan ran)
	go func() { ended <- s.runIn(ctx, t, "inbox drop --every 1ms") }()
	write(t, "drop/batches.csv", "ref,sku,qty,eta\nb1,LAMP,10,\n")
	until(t, func() bool { files, _ := filepath.Glob("drop/done/*batches.csv"); return len(files) == 1 })
	s.must(t, "allocate o1 LAMP 3")
	cancel()
	if got := <-ended; got.exit != wire.ExitDone {
		t.Errorf("exit %d: %s", got.exit, got.err)
	}
}

// The inbox is killed at any moment. In the end every row was done once: the
// shop has the lines that an import by itself would give it.
func TestSoakAnInboxThatIsKilledDoesEachRowOnce(t *testing.T) {
	files, kills, longest := 6, 10, 500
	if os.Getenv("ALLOT_SOAK") != "" {
		files, kills, longest = 30, 100, 200
	}
	s := newShell(t)
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	batches, orders := shopFiles(t)
	write(t, "batches.csv", batches)
	write(t, "orders.csv", orders)
	s.run(t, "import batches.csv --as batches --data by-import")
	s.run(t, "import orders.csv --as orders --data by-import")
	mkdir(t, "drop")
	write(t, "drop/batches.csv", batches)
	for i, text := range parts(t, orders, files-1) {
		write(t, fmt.Sprintf("drop/orders-%02d.csv", i), text)
	}
	killed := 0
	for range kills {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(longest))*time.Millisecond)
		_ = exec.CommandContext(ctx, program, "inbox", "drop", "--once").Run() // it is killed, or had rows that were refused
		if ctx.Err() != nil {
			killed++
		}
		cancel()
	}
	s.run(t, "inbox drop --once")
	s.must(t, "verify")
	if left, _ := filepath.Glob("drop/*.csv"); len(left) > 0 {
		t.Errorf("still there: %q", left)
	}
	if done, _ := filepath.Glob("drop/done/*.csv"); len(done) != files {
		t.Errorf("%d files are done, want %d", len(done), files)
	}
	if diff := cmp.Diff(accepted(t, s, "by-import"), accepted(t, s, "allot-data")); diff != "" {
		t.Errorf("lines (-by import +by inbox):\n%s", diff)
	}
	want := rejectedRows(t, "orders.csv.rejected.csv")
	if diff := cmp.Diff(want, rejectedRows(t, "drop/failed/*.rejected.csv")); diff != "" || len(want) == 0 {
		t.Errorf("refused rows (-by import +by inbox):\n%s", diff)
	}
	t.Logf("%d files with %d rows of orders, killed %d times; %d rows refused", files, strings.Count(orders, "\n")-1, killed, len(want))
}

// shopFiles are the batches and orders of a year of a real shop, from the folder
// that ALLOT_TEST_YEAR names, as allot bench year has it; without it, the sample.
func shopFiles(t *testing.T) (batches, orders string) {
	t.Helper()
	dir := os.Getenv("ALLOT_TEST_YEAR")
	if dir == "" {
		return readAll(t, sample.Batches(sample.FirstDay)), readAll(t, sample.Orders(sample.FirstDay))
	}
	return unzipped(t, filepath.Join(dir, "batches.csv.gz")), unzipped(t, filepath.Join(dir, "orders.csv.gz"))
}

func unzipped(t *testing.T, name string) string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	return readAll(t, plain)
}

func readAll(t *testing.T, from io.Reader) string {
	t.Helper()
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// parts divides a file of orders between orders.
func parts(t *testing.T, orders string, n int) (out []string) {
	t.Helper()
	lines := strings.SplitAfter(orders, "\n")
	header, rows := lines[0], lines[1:]
	for ; n > 0; n-- {
		end := len(rows) / n
		for end > 0 && end < len(rows) && orderOf(rows[end]) == orderOf(rows[end-1]) {
			end++
		}
		out = append(out, header+strings.Join(rows[:end], ""))
		rows = rows[end:]
	}
	return out
}

func orderOf(row string) string {
	id, _, _ := strings.Cut(row, ",")
	return id
}

// accepted lists the lines that a shop has accepted, without where they stand:
// that depends on which came first.
func accepted(t *testing.T, s *shell, data string) (out []string) {
	t.Helper()
	for _, row := range table(t, s.must(t, "export allocations --data "+data)) {
		out = append(out, strings.Join(row[:3], " "))
	}
	rows := table(t, s.must(t, "backorders --limit 0 -o csv --data "+data))
	for _, row := range rows {
		out = append(out, strings.Join(row[:3], " "))
	}
	slices.Sort(out)
	return out
}

// rejectedRows lists the rows in files for refused rows, as they were.
func rejectedRows(t *testing.T, pattern string) (out []string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		rows, err := csv.NewReader(strings.NewReader(read(t, file))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			out = append(out, strings.Join(row[:3], " "))
		}
	}
	slices.Sort(out)
	return out
}
