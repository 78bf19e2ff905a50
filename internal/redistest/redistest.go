// Package redistest starts Redis servers for tests: real ones, from the program
// on PATH, each in a directory of its own and on a socket of its own. It knows
// nothing of what is kept in them.
package redistest

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Server is a Redis server. It is stopped when its test ends.
type Server struct {
	URL string

	socket string
	args   []string
	mu     sync.Mutex
	cmd    *exec.Cmd // nil: it is not running
}

// Start starts a server and returns when it answers. It keeps nothing on disk
// unless args, options of redis-server, say so.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		missing(t)
	}
	dir, err := os.MkdirTemp("", "allot-redis-") // short: a socket's path may not be long
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{socket: filepath.Join(dir, "socket")}
	s.URL = "unix://" + s.socket
	s.args = append([]string{program, "--port", "0", "--unixsocket", s.socket, "--dir", dir, "--save", "", "--appendonly", "no"}, args...)
	t.Cleanup(func() {
		s.Kill()
		os.RemoveAll(dir)
	})
	s.Restart(t)
	return s
}

func missing(t testing.TB) {
	t.Helper()
	const why = "redis-server is not installed: on Debian, apt-get install redis-server"
	if os.Getenv("ALLOT_TEST_REQUIRE") == "all" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Kill ends the server with SIGKILL, if it runs: it has no chance to save
// anything.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it may have ended already
	_ = s.cmd.Wait()         // it was killed
	s.cmd = nil
}

// Restart starts the server again after Kill, and returns when it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for range time.Tick(5 * time.Millisecond) {
		if s.answers() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v doesn't answer", s.args)
		}
	}
}

// answers reports whether the server takes commands: it doesn't while it reads
// what it has on disk.
func (s *Server) answers() bool {
	conn, err := net.Dial("unix", s.socket)
	if err != nil {
		return false
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && answer == "+PONG\r\n"
}
