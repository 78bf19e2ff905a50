package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"allot/internal/entrypoints/cli"
)

// shell runs commands in this process, in a folder of its own.
type shell struct {
	env      map[string]string
	in       io.Reader // nil: reading it fails the test
	terminal bool      // people sit at all three streams
	now      time.Time
}

// newShell returns a shell, and makes its folder the working directory.
func newShell(t *testing.T) *shell {
	t.Helper()
	t.Chdir(t.TempDir())
	return &shell{env: map[string]string{"USER": "nina"}, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
}

// ran is what came of a command.
type ran struct {
	out, err string
	exit     int
}

// run runs a command line: words, with blanks between them.
func (s *shell) run(t *testing.T, line string) ran {
	t.Helper()
	return s.runIn(t.Context(), t, line)
}

func (s *shell) runIn(ctx context.Context, t *testing.T, line string) ran {
	t.Helper()
	var out, err buffer
	exit := cli.Run(ctx, s.process(t, line, &out, &err), strings.Fields(line)...)
	return ran{out.String(), err.String(), exit}
}

// process is what surrounds a command.
func (s *shell) process(t *testing.T, line string, out, err io.Writer) cli.Process {
	t.Helper()
	now, terminal, env, in := s.now, s.terminal, maps.Clone(s.env), s.in
	if in == nil {
		in = forbidden{t, line}
	}
	return cli.Process{
		In: in, Out: out, Err: err, Version: "1.2.3",
		Getenv: func(name string) string { return env[name] },
		Environ: func() (all []string) {
			for name, value := range env {
				all = append(all, name+"="+value)
			}
			return all
		},
		Terminal: func(any) bool { return terminal },
		Now:      func() time.Time { return now },
	}
}

// must runs a command that has to end well, and returns what it printed.
func (s *shell) must(t *testing.T, line string) string {
	t.Helper()
	r := s.run(t, line)
	if r.exit != 0 {
		t.Fatalf("allot %s: exit %d\n%s%s", line, r.exit, r.out, r.err)
	}
	return r.out
}

// fails runs a command that has to fail, and looks for texts in what it says.
func (s *shell) fails(t *testing.T, line string, exit int, says ...string) {
	t.Helper()
	r := s.run(t, line)
	if r.exit != exit {
		t.Errorf("allot %s: exit %d, want %d\n%s%s", line, r.exit, exit, r.out, r.err)
	}
	for _, text := range says {
		if !strings.Contains(r.err, text) {
			t.Errorf("allot %s doesn't say %q: %s", line, text, r.err)
		}
	}
}

// forbidden is an input that nobody may wait for.
type forbidden struct {
	t    *testing.T
	line string
}

func (f forbidden) Read([]byte) (int, error) {
	f.t.Errorf("allot %s reads its input", f.line)
	return 0, errors.New("nobody is there")
}

// buffer is a bytes.Buffer that may be looked at while it is written.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
