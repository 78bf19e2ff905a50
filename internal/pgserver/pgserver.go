// Package pgserver starts a PostgreSQL of one's own, to test on and to measure
// against: in a directory and on a port that nobody else uses, from the
// programs on this machine. It knows nothing of what is kept there.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrMissing says that there is no PostgreSQL on this machine.
var ErrMissing = errors.New("there is no PostgreSQL here: install the package postgresql, or put initdb and postgres on the PATH")

// Server is a PostgreSQL that belongs to us.
type Server struct {
	dir    string // holds all that it has
	bin    string // holds its programs
	port   int
	run    *exec.Cmd
	exited chan struct{} // closed when run has ended
}

// startTimeout is how long a server may take until it answers.
const startTimeout = time.Minute

// New sets up a database cluster and starts it with settings such as
// "fsync=off". It returns ErrMissing if the programs are not there.
func New(ctx context.Context, settings ...string) (_ *Server, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s, err := prepare(bin)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Remove())
		}
	}()
	initdb := s.command(ctx, "initdb", "--pgdata", s.data(), "--username", "allot", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if s.port, err = freePort(ctx); err != nil {
		return nil, err
	}
	return s, s.Start(ctx, settings...)
}

// prepare makes a directory for a server.
func prepare(bin string) (*Server, error) {
	dir, err := os.MkdirTemp("", "allot-pg-*")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin}
	if err := s.own(dir); err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

// Standby copies the server, and starts the copy with settings. It follows the
// server and can only be read, until it is promoted.
func (s *Server) Standby(ctx context.Context, settings ...string) (_ *Server, err error) {
	standby, err := prepare(s.bin)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, standby.Remove())
		}
	}()
	backup := standby.command(ctx, "pg_basebackup", "--pgdata", standby.data(), "--host", "127.0.0.1", "--port", fmt.Sprint(s.port),
		"--username", "allot", "--no-password", "--write-recovery-conf", "--checkpoint", "fast", "--no-sync")
	if out, err := backup.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pg_basebackup: %w\n%s", err, out)
	}
	if standby.port, err = freePort(ctx); err != nil {
		return nil, err
	}
	return standby, standby.Start(ctx, settings...)
}

// Put gives the server a file that nobody else can read, and returns its path.
func (s *Server) Put(name string, content []byte) (path string, _ error) {
	path = filepath.Join(s.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return "", err
	}
	return path, s.own(path)
}

// programs is the directory with initdb and postgres: Debian keeps them off the
// PATH, by version.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is right
	if len(found) == 0 {
		return "", ErrMissing
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts the server, which must not run, and returns when it answers.
func (s *Server) Start(ctx context.Context, settings ...string) error {
	args := []string{"-D", s.data(), "-p", fmt.Sprint(s.port), "-k", s.dir, "-c", "listen_addresses=127.0.0.1"}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(s.logFile(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	run := s.command(context.WithoutCancel(ctx), "postgres", args...)
	run.Stdout, run.Stderr = log, log
	if err := run.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	exited := make(chan struct{})
	s.run, s.exited = run, exited
	go func() {
		_ = run.Wait() // whoever stops it knows why it ended
		close(exited)
	}()
	return s.awaitReady(ctx)
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// awaitReady returns when the server says in its files that it takes
// connections.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		state, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
		lines := strings.Split(string(state), "\n")
		if err == nil && len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready" && lines[0] == fmt.Sprint(s.run.Process.Pid) {
			return nil
		}
		select {
		case <-s.exited:
			return s.failed("postgres ended while it was starting")
		case <-ctx.Done():
			return s.failed("postgres is not ready after " + startTimeout.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// failed is an error with the end of the server's log.
func (s *Server) failed(what string) error {
	log, err := os.ReadFile(s.logFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s, and its log: %w", what, err)
	}
	return fmt.Errorf("%s:\n%s", what, log[max(0, len(log)-2000):])
}

// Signal sends the server's first process a signal: SIGINT stops it fast,
// SIGQUIT at once, SIGKILL as a crash would.
func (s *Server) Signal(signal syscall.Signal) error { return s.run.Process.Signal(signal) }

// Stop sends the server a signal and returns when it has ended.
func (s *Server) Stop(signal syscall.Signal) error {
	if s.run == nil {
		return nil
	}
	if err := s.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-s.exited
	return nil
}

// Remove ends the server and removes all that it had.
func (s *Server) Remove() error { return errors.Join(s.Stop(syscall.SIGQUIT), os.RemoveAll(s.dir)) }

// Addr is where the server listens.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.port) }

// URL is how to reach a database of the server: "postgres" is there from the
// start.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://allot@%s/%s?sslmode=disable", s.Addr(), database)
}

// command is one of the server's programs, to be run.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	s.asItself(cmd)
	return cmd
}
