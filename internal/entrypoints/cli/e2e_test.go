package cli_test

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"allot/internal/entrypoints/wire"
)

var (
	source string // the folder of this file: tests run in others
	built  string // the folder that the program is built in, once, when a test needs it
)

func TestMain(m *testing.M) {
	source, _ = os.Getwd() // or building fails, and says so
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

var build = sync.OnceValues(func() (program string, err error) {
	if built, err = os.MkdirTemp("", "allot-e2e-"); err != nil {
		return "", err
	}
	program = filepath.Join(built, "allot")
	compile := exec.Command("go", "build", "-o", program, "allot/cmd/allot")
	compile.Dir = source
	out, err := compile.CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return program, nil
})

// process is the real program, running.
type process struct {
	*exec.Cmd
	url  string
	said *buffer
}

// start starts the real program as a server, and returns when it takes requests.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(program, append(args, "--addr", "127.0.0.1:0")...), said: &buffer{}}
	p.Stderr = p.said
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "  Stop ") {
		if url := urls.FindString(lines.Text()); p.url == "" {
			p.url = url
		}
	}
	if p.url == "" {
		t.Fatalf("it didn't start: %s", p.said)
	}
	return p
}

// ends sends a signal and returns the exit code.
func (p *process) ends(t *testing.T, s os.Signal) int {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait() // the state says more
	return p.ProcessState.ExitCode()
}

func TestTheProgramServesStopsAndKeepsWhatItWasTold(t *testing.T) {
	s := newShell(t)
	p := start(t, "serve")
	for _, request := range []struct{ path, body, want string }{
		{"/healthz", "", `200  {"status":"alive"}` + "\n"},
		{"/add_batch", `{"ref":"batch-1","sku":"SMALL-TABLE","qty":20,"eta":null}`, "201  OK"},
		{"/allocate", `{"orderid":"order-1","sku":"SMALL-TABLE","qty":15}`, "202 allocated OK"},
		{"/allocate", `{"orderid":"order-1","sku":"SMALL-TABLE","qty":15}`, "202 replayed OK"},
		{"/allocate", `{"orderid":"order-2","sku":"SMALL-TABLE","qty":15}`, "202 out_of_stock OK"},
		{"/allocations/order-1", "", `200  [{"batchref":"batch-1","sku":"SMALL-TABLE"}]` + "\n"},
		{"/allocations/order-2", "", "404  not found"},
	} {
		if got := try(t, p.url+request.path, request.body); got != request.want {
			t.Errorf("%s %s: got %q, want %q", request.path, request.body, got, request.want)
		}
	}
	s.must(t, "allocate order-3 SMALL-TABLE 5") // from here, through the server
	if exit := p.ends(t, syscall.SIGTERM); exit != wire.ExitDone || !strings.Contains(p.said.String(), "stopped: all that was accepted is done") {
		t.Errorf("SIGTERM: exit %d, %s", exit, p.said)
	}
	p = start(t, "serve")
	if got := try(t, p.url+"/allocations/order-3", ""); !strings.HasPrefix(got, "200") {
		t.Errorf("after a restart: %s", got)
	}
	if exit := p.ends(t, os.Interrupt); exit != wire.ExitDone {
		t.Errorf("Ctrl-C: exit %d, %s", exit, p.said)
	}
	s.must(t, "verify")
}

func TestASecondSignalEndsAServerAtOnce(t *testing.T) {
	newShell(t)
	p := start(t, "serve")
	addr := strings.TrimPrefix(p.url, "http://")
	conn, err := net.Dial("tcp", addr) // a request that never ends keeps the server from stopping
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := "POST /v1/bulk HTTP/1.1\r\nHost: " + addr + "\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n"
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the request wasn't accepted: %v, %v", answer, err)
	}
	defer answer.Body.Close()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until it accepts no more connections
		other, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		other.Close()
	}
	go func() { // a person presses again: the first signal may still be on its way through the program
		for range time.Tick(10 * time.Millisecond) {
			if p.Process.Signal(syscall.SIGTERM) != nil {
				return // it has ended
			}
		}
	}()
	if exit := p.ends(t, syscall.SIGTERM); exit != -1 { // by the signal itself
		t.Errorf("exit %d: %s", exit, p.said)
	}
}
