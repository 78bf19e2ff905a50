package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/entrypoints/wire"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const refusedOrder = "orderid,sku,qty\no1,NOPE,1\n"

func TestRefusedRowsNeverReplaceAFile(t *testing.T) {
	s := newShell(t)
	write(t, "orders.csv", refusedOrder)
	write(t, "orders.csv.rejected.csv", "put right by somebody")
	for _, name := range []string{"orders.csv.rejected-2.csv", "orders.csv.rejected-3.csv"} {
		s.fails(t, "import orders.csv --as orders", wire.ExitPartly, "put them right in "+name)
		if text := read(t, name); !strings.Contains(text, "o1,NOPE,1,1,2,sku,NOPE,unknown_sku,") {
			t.Errorf("%s has %q", name, text)
		}
	}
	if text := read(t, "orders.csv.rejected.csv"); text != "put right by somebody" {
		t.Errorf("what was there is now %q", text)
	}
	files, _ := filepath.Glob("*.csv*")
	want := []string{"orders.csv", "orders.csv.rejected-2.csv", "orders.csv.rejected-3.csv", "orders.csv.rejected.csv"}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestTheFileThatIsReadCantTakeRefusedRows(t *testing.T) {
	s := newShell(t)
	write(t, "rejected.csv", refusedOrder)
	if err := os.Link("rejected.csv", "other-name.csv"); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open("rejected.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	s.in = in
	for _, line := range []string{
		"import - --as orders", "import rejected.csv --as orders --rejected ./rejected.csv", "import other-name.csv --as orders --rejected rejected.csv",
	} {
		s.fails(t, line, wire.ExitUsage, "it is the file that is read", "hint: name another file with --rejected")
	}
	if text := read(t, "rejected.csv"); text != refusedOrder {
		t.Errorf("it was overwritten with %q", text)
	}
}

func TestRefusedRowsNeedAFolderBeforeAnythingIsRead(t *testing.T) {
	s := newShell(t)
	write(t, "batches.csv", "ref,sku,qty,eta\nb1,LAMP,10,\nb2,LAMP,x,\n")
	s.fails(t, "import batches.csv --as batches --rejected nowhere/rows.csv", wire.ExitUsage, "there is no folder for it", "hint: make the folder")
	s.fails(t, "batch show b1", wire.ExitFailed, "there is no database")
}

func TestRefusedRowsCanBeThrownAway(t *testing.T) {
	s := newShell(t)
	write(t, "orders.csv", refusedOrder)
	s.fails(t, "import orders.csv --as orders --rejected "+os.DevNull, wire.ExitPartly)
	if files, _ := filepath.Glob("*.csv*"); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
}
