package cli_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// A transcript is commands and what they print, to the letter. Its lines are
//
//	$ allot ...       a command, run in a pipe
//	tty$ allot ...    a command, run on a terminal
//	... << text       what somebody types then
//	! ...             what it says on standard error
//	? 2               its exit code, if it isn't 0
//	# ...             a remark
//
// and everything else what it prints on standard output. The folder that it
// runs in has the files of testdata/files.
func TestTranscripts(t *testing.T) {
	transcripts, err := filepath.Glob(filepath.Join(source, "testdata/transcripts/*.txt"))
	if err != nil || len(transcripts) == 0 {
		t.Fatalf("there are no transcripts: %v", err)
	}
	for _, file := range transcripts {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { replay(t, file) })
	}
}

func replay(t *testing.T, file string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t)
	if err := os.CopyFS(".", os.DirFS(filepath.Join(source, "testdata/files"))); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(want)) {
		line = strings.TrimSuffix(line, "\n")
		command, isCommand := strings.CutPrefix(strings.TrimPrefix(line, "tty"), "$ allot")
		switch {
		case isCommand:
			fmt.Fprintln(&got, line)
			s.terminal = strings.HasPrefix(line, "tty")
			got.WriteString(s.transcribe(t, command))
		case line == "" || strings.HasPrefix(line, "#"):
			fmt.Fprintln(&got, line)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got), run the test with -update if that is right:\n%s", diff)
	}
}

// varying is what differs from one run to the next.
var varying = regexp.MustCompile(`(seconds"?:? +)[0-9.e-]+|(pid )\d+, since [-0-9: ]+|(allot\.db\.)\d+(?:\.tmp)`)

// transcribe runs a command and returns what it printed, as a transcript has it.
func (s *shell) transcribe(t *testing.T, command string) string {
	t.Helper()
	s.in = nil
	if line, typed, ok := strings.Cut(command, "<<"); ok {
		command, s.in = line, strings.NewReader(strings.TrimSpace(typed)+"\n")
	}
	r := s.run(t, command)
	text := r.out
	for line := range strings.Lines(r.err) {
		text += "! " + strings.TrimSuffix(line, "\n") + "\n"
	}
	if r.exit != 0 {
		text += fmt.Sprintf("? %d\n", r.exit)
	}
	return varying.ReplaceAllString(strings.ReplaceAll(text, "\n\n", "\n.\n"), "$1$2$3...")
}
