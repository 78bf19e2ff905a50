package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"allot/internal/entrypoints/wire"
)

// disk is a disk that can be full.
type disk interface {
	fill(t *testing.T)
	free(t *testing.T)
}

func diskRounds() int {
	if os.Getenv("ALLOT_SOAK") != "" {
		return 20
	}
	return 3
}

// The kernel refuses to let any file of the server grow, as a quota does.
func TestSoakAServerThatMayNotWriteFurtherLosesNothingAndComesBack(t *testing.T) {
	s := newShell(t)
	s.must(t, "batch add opening SKU 1000000000")
	p := start(t, "serve")
	fillAgainAndAgain(t, s, p, &quota{pid: p.Process.Pid})
}

// quota is a limit on the size of files.
type quota struct {
	pid int
	was unix.Rlimit
}

func (q *quota) fill(t *testing.T) {
	t.Helper()
	wal, err := os.Stat("allot-data/allot.db-wal")
	if err != nil {
		t.Fatal(err)
	}
	q.was = q.limit(t, nil)
	q.limit(t, &unix.Rlimit{Cur: uint64(wal.Size()) + 100_000, Max: q.was.Max})
}

func (q *quota) free(t *testing.T) { t.Helper(); q.limit(t, &q.was) }

func (q *quota) limit(t *testing.T, to *unix.Rlimit) (was unix.Rlimit) {
	t.Helper()
	if err := unix.Prlimit(q.pid, unix.RLIMIT_FSIZE, to, &was); err != nil {
		t.Fatal(err)
	}
	return was
}

// The disk has no space left.
func TestSoakAServerWithoutDiskSpaceLosesNothingAndComesBack(t *testing.T) {
	s := newShell(t)
	if err := os.Mkdir("allot-data", 0o700); err != nil {
		t.Fatal(err)
	}
	mountSmall(t, "allot-data")
	s.must(t, "batch add opening SKU 1000000000")
	fillAgainAndAgain(t, s, start(t, "serve"), ballast{filepath.Join("allot-data", "ballast")})
}

// mountSmall mounts a disk that is small enough to be filled.
func mountSmall(t *testing.T, dir string) {
	t.Helper()
	const size = 24 << 20
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.Itoa(size))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("a disk can't be mounted: that takes root, and a kernel that lets it")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

func TestADataDirectoryThatCannotBeWrittenToIsNamedAtStart(t *testing.T) {
	s := newShell(t)
	if err := os.Mkdir("disk", 0o700); err != nil {
		t.Fatal(err)
	}
	mountSmall(t, "disk")
	s.must(t, "batch add b1 LAMP 5 --data disk/shop")
	if err := os.Mkdir("disk/empty", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", "disk", "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"serve --addr 127.0.0.1:0", "batch add b2 LAMP 5", "demo --no-serve"} {
		for _, dir := range []string{"disk/shop", "disk/empty", "disk/none"} {
			s.fails(t, command+" --data "+dir, wire.ExitFailed, "error: the data directory "+dir+" can't be written to: ", "read-only file system\n", "hint: let the user who runs allot write there")
		}
	}
	s.fails(t, "batch list --data disk/shop", wire.ExitFailed, "error: the data directory disk/shop can't be written to: ", "hint: ")
	s.fails(t, "batch list --data disk/empty", wire.ExitFailed, "there is no database at disk/empty/allot.db yet")

	if err := syscall.Mount("tmpfs", "disk", "tmpfs", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	s.must(t, "batch add b2 LAMP 5 --data disk/shop")
}

// ballast is a file that takes all the space that is left.
type ballast struct{ path string }

func (b ballast) fill(t *testing.T) {
	t.Helper()
	f, err := os.Create(b.path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 64<<10))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		err = f.Truncate(end - 200_000) // room for some orders
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (b ballast) free(t *testing.T) {
	t.Helper()
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
}

// promised is what a server has said of each order.
type promised struct {
	mu            sync.Mutex
	kept, refused []string
}

const diskClients = 8

func fillAgainAndAgain(t *testing.T, s *shell, p *process, d disk) {
	t.Helper()
	comesBack(t, p.url, "first")
	told := promised{kept: []string{"first"}}
	for round := range diskRounds() {
		d.fill(t)
		told.useUntilRefused(t, p.url, round)
		expectReadOnly(t, p.url)
		d.free(t)
		comesBack(t, p.url, fmt.Sprint("back-", round))
		told.kept = append(told.kept, fmt.Sprint("back-", round))
		s.must(t, "verify")
		if t.Failed() {
			said := p.said.String()
			t.Fatalf("in round %d; the server says, last, %s", round, said[max(0, len(said)-2000):])
		}
	}
	told.compare(t, s)
	if exit := p.ends(t, syscall.SIGTERM); exit != 0 {
		t.Errorf("exit %d: %s", exit, p.said)
	}
	told.compare(t, s)
	t.Logf("%d rounds: %d orders were acknowledged, %d refused", diskRounds(), len(told.kept), len(told.refused))
}

// useUntilRefused has clients order until each was refused three times.
func (k *promised) useUntilRefused(t *testing.T, url string, round int) {
	t.Helper()
	var clients sync.WaitGroup
	for client := range diskClients {
		clients.Go(func() {
			for i, refused := 0, 0; refused < 3 && i < 20_000; i++ {
				order := fmt.Sprintf("order-%d-%d-%d", round, client, i)
				status, body := ask(t, url+"/allocate", `{"orderid":"`+order+`","sku":"SKU","qty":1}`)
				k.mu.Lock()
				switch status {
				case http.StatusAccepted:
					k.kept = append(k.kept, order)
				case http.StatusServiceUnavailable:
					k.refused = append(k.refused, order)
					refused++
					expectCode(t, body)
				default:
					t.Errorf("%s: %d %s", order, status, body)
				}
				k.mu.Unlock()
			}
		})
	}
	clients.Wait()
}

// expectCode expects an answer to name trouble with the disk.
func expectCode(t *testing.T, body string) {
	t.Helper()
	var problem struct{ Code, Hint string }
	if err := json.Unmarshal([]byte(body), &problem); err != nil || problem.Code != "storage_full" && problem.Code != "read_only" || problem.Hint == "" {
		t.Errorf("it is refused with %s", body)
	}
}

func expectReadOnly(t *testing.T, url string) {
	t.Helper()
	for path, want := range map[string]int{"/healthz": 200, "/allocations/first": 200, "/allocations/nobody": 404, "/metrics": 200, "/readyz": 503} {
		status, body := ask(t, url+path, "")
		if status != want {
			t.Errorf("%s: %d %s, want %d", path, status, body, want)
		}
		if path == "/readyz" {
			expectCode(t, body)
		}
	}
}

// comesBack expects a server to take an order within 10 s, and to be ready.
func comesBack(t *testing.T, url, order string) {
	t.Helper()
	freed := time.Now()
	for {
		status, body := ask(t, url+"/allocate", `{"orderid":"`+order+`","sku":"SKU","qty":1}`)
		if status == http.StatusAccepted {
			break
		}
		if time.Since(freed) > 10*time.Second {
			t.Fatalf("10 s after there was space again: %d %s", status, body)
		}
	}
	if status, body := ask(t, url+"/readyz", ""); status != http.StatusOK {
		t.Errorf("it works and is not ready: %d %s", status, body)
	}
}

// compare holds the database against what was said.
func (k *promised) compare(t *testing.T, s *shell) {
	t.Helper()
	var stored []string
	for _, row := range table(t, s.must(t, "export allocations")) {
		stored = append(stored, row[0])
	}
	slices.Sort(stored)
	slices.Sort(k.kept)
	if !slices.Equal(stored, k.kept) {
		t.Errorf("%d orders were acknowledged, and %d are there: %s", len(k.kept), len(stored), difference(stored, k.kept))
	}
	s.must(t, "verify")
}

// difference names some of what only one of two lists has.
func difference(a, b []string) string {
	var out []string
	for _, lists := range [][2][]string{{a, b}, {b, a}} {
		for _, name := range lists[0] {
			if _, found := slices.BinarySearch(lists[1], name); !found && len(out) < 10 {
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, " ")
}
