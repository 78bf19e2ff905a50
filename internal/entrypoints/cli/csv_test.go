package cli_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/entrypoints/wire"
)

// csvFolder makes a folder of CSV files: pairs of a name and a text.
func csvFolder(t *testing.T, files ...string) {
	t.Helper()
	mkdir(t, "shop")
	for i := 0; i < len(files); i += 2 {
		write(t, "shop/"+files[i], files[i+1])
	}
}

// The two tests of the book's appendix.

func TestTheBookReadsBatchesAndOrdersAndWritesAllocations(t *testing.T) {
	s := newShell(t)
	csvFolder(t,
		"batches.csv", "ref,sku,qty,eta\nb1,s1,100,\nb2,s2,100,2011-01-01\nb3,s2,100,2011-01-02\n",
		"orders.csv", "orderid,sku,qty\no,s1,3\no,s2,12\n")
	s.must(t, "csv shop")
	if diff := cmp.Diff("orderid,sku,qty,batchref\no,s1,3,b1\no,s2,12,b2\n", read(t, "shop/allocations.csv")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheBookAlsoReadsExistingAllocationsAndCanAppendToThem(t *testing.T) {
	s := newShell(t)
	csvFolder(t,
		"batches.csv", "ref,sku,qty,eta\nb1,s,10,\nb2,s,10,2011-01-01\n",
		"allocations.csv", "orderid,sku,qty,batchref\nold,s,10,b1\n",
		"orders.csv", "orderid,sku,qty\nnew,s,7\n")
	s.must(t, "csv shop")
	if diff := cmp.Diff("orderid,sku,qty,batchref\nold,s,10,b1\nnew,s,7,b2\n", read(t, "shop/allocations.csv")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestACSVShopThatRunsAgainChangesNothing(t *testing.T) {
	s := newShell(t)
	csvFolder(t,
		"batches.csv", "ref,sku,qty,eta\nb1,s,10,\n",
		"orders.csv", "orderid,sku,qty\no1,s,7\no2,s,7\n")
	s.must(t, "csv shop --dry-run")
	if diff := cmp.Diff([]string{"batches.csv", "orders.csv"}, names(t, "shop")); diff != "" {
		t.Errorf("a dry run has written something:\n%s", diff)
	}
	s.must(t, "csv shop")
	before, seen := contents(t, "shop"), stats(t, "shop")
	s.must(t, "csv shop")
	if diff := cmp.Diff(before, contents(t, "shop")); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(seen, stats(t, "shop")); diff != "" {
		t.Errorf("files were written anew:\n%s", diff)
	}
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// stats tells when each file was written.
func stats(t *testing.T, dir string) map[string]time.Time {
	t.Helper()
	out := map[string]time.Time{}
	for _, name := range names(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = info.ModTime()
	}
	return out
}

func TestWhoWaitsInACSVShopIsServedBeforeNewOrders(t *testing.T) {
	s := newShell(t)
	csvFolder(t,
		"batches.csv", "ref,sku,qty,eta\nb1,s,10,\n",
		"orders.csv", "orderid,sku,qty\no1,s,12\n")
	s.must(t, "csv shop")
	if got := read(t, "shop/backorders.csv"); got != "orderid,sku,qty,priority,required_by,location\no1,s,12,,,\n" {
		t.Errorf("backorders are %q", got)
	}
	write(t, "shop/batches.csv", "ref,sku,qty,eta\nb1,s,10,\nb2,s,13,2027-01-01\n")
	write(t, "shop/orders.csv", "orderid,sku,qty\no2,s,13\n") // yesterday's orders are gone
	s.must(t, "csv shop")
	if got := read(t, "shop/allocations.csv"); got != "orderid,sku,qty,batchref\no1,s,12,b2\n" {
		t.Errorf("allocations are %q", got)
	}
	if got := read(t, "shop/backorders.csv"); got != "orderid,sku,qty,priority,required_by,location\no2,s,13,,,\n" {
		t.Errorf("backorders are %q", got)
	}
}

// Where stock lies and how long it keeps count in files as in a database.
func TestPlacesAndUseByDatesOfACSVShop(t *testing.T) {
	s := newShell(t)
	csvFolder(t,
		"batches.csv", "ref,sku,qty,eta,location,use_by,colour\nold,s,10,,paris,2020-01-01,red\nnear,s,10,,paris,,\nfar,s,10,,lyon,,\n",
		"orders.csv", "orderid,sku,qty,location\no1,s,4,lyon\no2,s,9,lyon\no3,s,99,lyon\n")
	if got := s.run(t, "csv shop").err; !strings.Contains(got, `batches.csv: column "colour" is not known and was left out`) {
		t.Errorf("it says %q of a column that it doesn't know", got)
	}
	if got := read(t, "shop/allocations.csv"); got != "orderid,sku,qty,batchref\no1,s,4,far\no2,s,9,near\n" {
		t.Errorf("allocations are %q", got)
	}
	if got := read(t, "shop/backorders.csv"); got != "orderid,sku,qty,priority,required_by,location\no3,s,99,,,lyon\n" {
		t.Errorf("backorders are %q", got)
	}
	write(t, "shop/batches.csv", "ref,sku,qty,eta,location\nnear,s,10,,paris\nfar,s,10,,lyon\np,s,99,,paris\nl,s,99,,lyon\n")
	write(t, "shop/orders.csv", "orderid,sku,qty\n")
	s.must(t, "csv shop")
	if got := read(t, "shop/allocations.csv"); !strings.HasSuffix(got, "o3,s,99,l\n") {
		t.Errorf("who waits has forgotten where from: %q", got)
	}
}

func TestBadRowsOfACSVShop(t *testing.T) {
	s := newShell(t)
	csvFolder(t,
		"batches.csv", "ref,sku,qty,eta\nb1,s,ten,\nb2,s,10,\n",
		"orders.csv", "orderid,sku,qty\no1,s,1.5\no2,NOPE,1\no3,s,1\n")
	s.fails(t, "csv shop", wire.ExitUsage, `batches.csv line 2, qty "ten": must be a whole number`, "1 row can't be used, and nothing was done", "--skip-bad-rows")
	s.fails(t, "csv shop --skip-bad-rows", wire.ExitPartly,
		`batches.csv line 2, qty "ten"`, `orders.csv line 2, qty "1.5"`, `orders.csv line 3, sku "NOPE"`, "3 rows were left out")
	if got := read(t, "shop/allocations.csv"); got != "orderid,sku,qty,batchref\no3,s,1,b2\n" {
		t.Errorf("allocations are %q", got)
	}
	write(t, "shop/batches.csv", "ref,sku,qty,eta\nb2,s,10,\n")
	before := contents(t, "shop")
	write(t, "shop/orders.csv", before["orders.csv"]+"o4,s,1\n")
	s.fails(t, "csv shop", wire.ExitUsage, `orders.csv line 2, qty "1.5"`, `orders.csv line 3, sku "NOPE"`, "2 rows can't be used, and nothing was done")
	if diff := cmp.Diff(before["allocations.csv"], read(t, "shop/allocations.csv")); diff != "" {
		t.Errorf("something was done:\n%s", diff)
	}
	write(t, "shop/allocations.csv", "orderid,sku,qty,batchref\no9,s,1,b9\n")
	s.fails(t, "csv shop --skip-bad-rows", wire.ExitUsage, `allocations.csv line 2, batchref "b9"`)
}

func TestACSVShopWithoutItsFiles(t *testing.T) {
	s := newShell(t)
	s.fails(t, "csv nowhere", wire.ExitFailed, "nowhere/batches.csv")
	csvFolder(t, "batches.csv", "ref,sku,qty,eta\n")
	s.fails(t, "csv shop", wire.ExitFailed, "shop/orders.csv")
	write(t, "shop/orders.csv", "order,sku,qty\n")
	s.fails(t, "csv shop", wire.ExitUsage, "orders.csv", "lacks orderid")
}

// The program is killed at any moment: each file is an old one or a new one, no
// batch is oversold, no order is lost, and in the end all is as if nothing had been.
func TestSoakACSVShopThatIsKilledGoesOn(t *testing.T) {
	rounds := 8
	if os.Getenv("ALLOT_SOAK") != "" {
		rounds = 300
	}
	s := newShell(t)
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	batches, orders := "ref,sku,qty,eta\n", "orderid,sku,qty\n"
	for i := range 200 {
		batches += fmt.Sprintf("b%d,s%d,%d,\n", i, i%50, 10+i)
	}
	for i := range 10_000 {
		orders += fmt.Sprintf("o%d,s%d,%d\n", i, i%50, 1+i%9)
	}
	csvFolder(t, "batches.csv", batches, "orders.csv", orders)
	s.must(t, "csv shop")
	want := contents(t, "shop")
	killed := 0
	for range rounds {
		for _, name := range []string{"allocations.csv", "backorders.csv"} {
			if err := os.Remove("shop/" + name); err != nil {
				t.Fatal(err)
			}
		}
		for range 1 + rand.IntN(3) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(200))*time.Millisecond)
			if exec.CommandContext(ctx, program, "csv", "shop").Run() != nil {
				killed++
			}
			cancel()
			for name := range want {
				if text, err := os.ReadFile("shop/" + name); err == nil && !strings.HasSuffix(string(text), "\n") {
					t.Errorf("%s was written by half", name)
				}
			}
		}
		if out, err := exec.Command(program, "csv", "shop").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if diff := cmp.Diff(want, contents(t, "shop")); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	t.Logf("%d rounds, killed %d times", rounds, killed)
}
