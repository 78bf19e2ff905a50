package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/entrypoints/cli"
	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/wire"
	"allot/internal/sample"
)

// serving is a command that serves, in this process.
type serving struct {
	url  string
	out  string  // what it printed until it served
	said *buffer // on standard error
	stop func() int
}

var urls = regexp.MustCompile(`http://[0-9.:]+`)

// serve starts a command that serves, and returns when it takes requests.
func (s *shell) serve(t *testing.T, line string) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	p := s.process(t, line, in, &buffer{})
	v := &serving{said: p.Err.(*buffer)}
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, p, strings.Fields(line)...)
		in.Close()
	}()
	v.stop = func() int {
		cancel()
		exit := <-ended
		ended <- exit // for who stops it again
		return exit
	}
	t.Cleanup(func() { v.stop() })
	lines := bufio.NewScanner(out)
	for !strings.Contains(v.out, "  Stop ") {
		if !lines.Scan() {
			t.Fatalf("allot %s didn't start: %s%s", line, v.out, v.said)
		}
		v.out += lines.Text() + "\n"
	}
	v.url = urls.FindString(v.out)
	return v
}

// writeSample writes the files of the sample shop.
func writeSample(t *testing.T) {
	t.Helper()
	for name, from := range map[string]io.Reader{"batches.csv": sample.Batches(sample.FirstDay), "orders.csv": sample.Orders(sample.FirstDay)} {
		body, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// counts is an import's summary without what varies or is long.
func counts(t *testing.T, out string) importer.Summary {
	t.Helper()
	var s importer.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	s.Seconds, s.Refusals = 0, nil
	return s
}

var (
	sampleBatches = importer.Summary{As: importer.Batches, Rows: 1202, Lines: 1202, Created: 1202}
	sampleOrders  = importer.Summary{
		As: importer.Orders, Rows: 2000, Lines: 1911, Merged: 89, Allocated: 1875, Backordered: 31, Rejected: 5, RejectedRows: 5,
	}
	knownOrders = importer.Summary{As: importer.Orders, Rows: 2000, Lines: 1911, Merged: 89, Replayed: 1906, Rejected: 5, RejectedRows: 5}
)

func TestAnImportComesToTheSameWithAndWithoutAServer(t *testing.T) {
	s := newShell(t)
	writeSample(t)
	server := s.serve(t, "serve --data served --addr 127.0.0.1:0")
	for _, data := range []string{"alone", "served"} {
		for _, tt := range []struct {
			line string
			exit int
			want importer.Summary
		}{
			{"import batches.csv --as batches", wire.ExitDone, sampleBatches},
			{"import orders.csv --as orders --dry-run", wire.ExitPartly, sampleOrders},
			{"import orders.csv --as orders", wire.ExitPartly, sampleOrders},
			{"import orders.csv --as orders", wire.ExitPartly, knownOrders}, // again, and nothing is doubled
		} {
			got := s.run(t, tt.line+" --output json --data "+data)
			if diff := cmp.Diff(tt.want, counts(t, got.out)); diff != "" || got.exit != tt.exit {
				t.Errorf("%s, %s: exit %d (-want +got):\n%s", data, tt.line, got.exit, diff)
			}
		}
		s.must(t, "verify --data "+data)
	}
	for _, file := range []string{"orders.csv.rejected.csv", "orders.csv.rejected-2.csv", "orders.csv.rejected-3.csv", "orders.csv.rejected-4.csv"} {
		if refused := read(t, file); strings.Count(refused, "\n") != 6 {
			t.Errorf("%s is\n%s", file, refused)
		}
	}
	if diff := cmp.Diff(s.must(t, "export allocations --data alone"), s.must(t, "export allocations --data served")); diff != "" {
		t.Errorf("the allocations differ (-alone +served):\n%s", diff)
	}
	if exit := server.stop(); exit != wire.ExitDone {
		t.Errorf("the server ended with %d: %s", exit, server.said)
	}
}

func TestCommandsGoThroughTheServerThatHasTheDatabase(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	s.must(t, "batch add batch-1 SMALL-TABLE 20")
	s.must(t, "allocate order-1 SMALL-TABLE 15")
	s.fails(t, "allocate order-2 SMALL-TABLE 15 --or-reject", wire.ExitRefused, "one could take 5")
	s.fails(t, "allocate order-1 SMALL-TABLE 16", wire.ExitConflict, "already has a line of 15")
	s.fails(t, "allocate order-3 TABLE 1", wire.ExitNotFound, "no product has SKU")
	s.fails(t, "batch change batch-1 --qty 10 --yes --confirm 1", wire.ExitDone)
	s.must(t, "order cancel order-1 --yes")
	if out := s.must(t, "batch list --output csv"); !strings.Contains(out, "batch-1,SMALL-TABLE,10,0,10,") {
		t.Errorf("a reader sees %s", out)
	}
	if out := s.must(t, "batch add batch-2 SMALL-TABLE 5 --dry-run --output name --server "+server.url+" --data nowhere"); out != "batch-2\n" {
		t.Errorf("a server that was named says %q", out)
	}
	s.must(t, "verify")
}

func TestASecondProcessThatWouldWriteIsRefusedAndToldWhoTheFirstIs(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	for _, line := range []string{"serve", "demo --data allot-data"} {
		s.fails(t, line+" --addr 127.0.0.1:0", wire.ExitFailed, "allot-data/allot.db is in use by allot serve (pid "+strconv.Itoa(os.Getpid()), "at "+server.url)
	}
	s.must(t, "db backup backup.db")
	s.fails(t, "db restore backup.db --yes", wire.ExitFailed, "in use by allot serve")
}

func TestAPortInUseIsNamedWithAnotherOne(t *testing.T) {
	s := newShell(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	got := s.run(t, "serve --addr "+taken.Addr().String())
	if got.exit != wire.ExitFailed || !strings.Contains(got.err, "error: "+taken.Addr().String()+" is in use\n") {
		t.Errorf("exit %d: %s", got.exit, got.err)
	}
	proposed := regexp.MustCompile(`try --addr (127\.0\.0\.1:\d+)`).FindStringSubmatch(got.err)
	if proposed == nil {
		t.Fatalf("no other address is proposed: %s", got.err)
	}
	if l, err := net.Listen("tcp", proposed[1]); err != nil {
		t.Errorf("the one that is proposed is in use as well: %v", err)
	} else {
		l.Close()
	}
}

func TestAServerThatIsRefusedItsAddressHasCreatedNothing(t *testing.T) {
	s := newShell(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, line := range []string{
		"serve --addr " + taken.Addr().String(), "demo --addr " + taken.Addr().String(), "serve --addr 192.0.2.1:5005",
		"serve --addr 0.0.0.0:0", "serve --addr 127.0.0.1:0 --tls-cert none.pem", "serve --addr 127.0.0.1:0 --tls-cert none.pem --tls-key none.pem",
	} {
		if got := s.run(t, line); got.exit == wire.ExitDone || got.err == "" {
			t.Errorf("allot %s: exit %d: %s", line, got.exit, got.err)
		}
		for _, dir := range []string{"allot-data", "allot-demo"} {
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("allot %s has created %s", line, dir)
			}
		}
	}
}

func TestAServerTellsOnlyAddressesThatWork(t *testing.T) {
	s := newShell(t)
	for _, addr := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		server := s.serve(t, "serve --data shop-"+addr[:1]+" --insecure --addr "+addr)
		if strings.Contains(server.out, "0.0.0.0") {
			t.Errorf("nobody can go to 0.0.0.0:\n%s", server.out)
		}
		for _, url := range urls.FindAllString(server.out, -1) {
			if got := try(t, url+"/readyz", ""); !strings.HasPrefix(got, "200") {
				t.Errorf("%s answers %s", url, got)
			}
		}
		for _, want := range []string{"allot 1.2.3\n", "allot.db (new, kept between runs)\n", "empty: add stock with allot batch add"} {
			if !strings.Contains(server.out, want) {
				t.Errorf("%q is not in:\n%s", want, server.out)
			}
		}
		if exit := server.stop(); exit != wire.ExitDone {
			t.Errorf("exit %d: %s", exit, server.said)
		}
	}
}

func TestAnImportThatIsStoppedGoesOnWhereItWas(t *testing.T) {
	for _, through := range []string{"the database", "a server"} {
		t.Run(through, func(t *testing.T) {
			s := newShell(t)
			writeSample(t)
			if through == "a server" {
				s.serve(t, "serve --addr 127.0.0.1:0")
			}
			s.must(t, "import batches.csv --as batches")
			orders, err := os.ReadFile("orders.csv")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			s.in = io.MultiReader(bytes.NewReader(orders[:len(orders)/2]), signal(cancel), bytes.NewReader(orders[len(orders)/2:]))
			got := s.runIn(ctx, t, "import - --as orders")
			if got.exit != wire.ExitInterrupted || !regexp.MustCompile(`error: stopped at row \d+\nhint: run it again: rows already applied are recognised\n$`).MatchString(got.err) {
				t.Errorf("exit %d: %s", got.exit, got.err)
			}
			s.in = bytes.NewReader(orders)
			again := counts(t, s.run(t, "import - --as orders --output json").out)
			if again.Allocated+again.Backordered+again.Replayed != 1906 || again.Lines != 1911 {
				t.Errorf("the second import: %+v", again)
			}
			s.must(t, "verify")
		})
	}
}

// signal is an input of no bytes that sends a signal when it is read.
type signal func()

func (s signal) Read([]byte) (int, error) {
	s()
	return 0, io.EOF
}
