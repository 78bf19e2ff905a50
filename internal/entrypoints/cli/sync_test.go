package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
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

// contents is what the files of a folder hold; folders end with a slash.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		at, _ := filepath.Rel(dir, name)
		if d.IsDir() {
			out[at+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(name)
		out[at] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func equalFolders(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(contents(t, want), contents(t, got)); diff != "" {
		t.Fatalf("(-%s +%s):\n%s", want, got, diff)
	}
}

func mkdir(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.MkdirAll(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADryRunOfASyncPrintsWhatIsDoneThen(t *testing.T) {
	s := newShell(t)
	mkdir(t, "source/sub", "dest")
	write(t, "source/sub/new.txt", "X")
	write(t, "source/edited.txt", "Z")
	write(t, "dest/edited.txt", "Y")
	write(t, "dest/old.txt", "X")
	write(t, "dest/gone.txt", "W")
	for _, form := range []string{"json", "ndjson", "csv", "name", "table"} {
		if err := os.CopyFS("copy-"+form, os.DirFS("dest")); err != nil {
			t.Fatal(err)
		}
		foreseen := s.must(t, "sync source copy-"+form+" --delete --dry-run -o "+form)
		equalFolders(t, "copy-"+form, "dest")
		done := s.must(t, "sync source copy-"+form+" --delete -o "+form)
		equalFolders(t, "copy-"+form, "source")
		if diff := cmp.Diff(foreseen, done); diff != "" || !strings.Contains(done, "sub/new.txt") {
			t.Errorf("%s (-foreseen +done):\n%s", form, diff)
		}
	}
}

func TestNamesThatAreNotTextArePrintedWhole(t *testing.T) {
	s := newShell(t)
	mkdir(t, "source")
	write(t, "source/\xff\t\n", "X")
	var steps []struct {
		PathBytes []byte `json:"path_bytes"`
	}
	if err := json.Unmarshal([]byte(s.must(t, "sync source dest -n -o json")), &steps); err != nil {
		t.Fatal(err)
	}
	if len(steps) != 1 || string(steps[0].PathBytes) != "\xff\t\n" {
		t.Errorf("printed %q", steps)
	}
	if out := s.must(t, "sync source dest"); !strings.Contains(out, `"\xff\t\n"`+"\tcopy") {
		t.Errorf("printed %q", out)
	}
	equalFolders(t, "dest", "source")
}

func TestSyncExitCodes(t *testing.T) {
	s := newShell(t)
	mkdir(t, "source")
	s.fails(t, "sync source", wire.ExitUsage, "DEST is missing")
	s.fails(t, "sync source source/in", wire.ExitUsage, "one is in the other", "hint: name two folders that lie apart")
	s.fails(t, "sync source dest --watch --dry-run", wire.ExitUsage)
	s.fails(t, "sync nowhere dest", wire.ExitFailed, "nowhere")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := s.runIn(ctx, t, "sync source dest"); got.exit != wire.ExitInterrupted {
		t.Errorf("stopped: exit %d, %s", got.exit, got.err)
	}
}

func TestHashesAreRememberedInTheCacheOfTheUser(t *testing.T) {
	s := newShell(t)
	mkdir(t, "source", "home")
	write(t, "source/a", "X")
	s.env["HOME"] = "home"
	s.must(t, "sync source dest")
	if files, _ := filepath.Glob("home/.cache/allot/sync/*.state"); len(files) != 1 {
		t.Errorf("state files: %v", files)
	}
	if err := os.RemoveAll("home"); err != nil {
		t.Fatal(err)
	}
	s.must(t, "sync source dest --state=")
	if _, err := os.Stat("home"); err == nil {
		t.Error("something is remembered though it was not to be")
	}
}

func TestAWatchKeepsFoldersEqualUntilCtrlC(t *testing.T) {
	s := newShell(t)
	mkdir(t, "source")
	write(t, "source/a", "X")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan ran)
	go func() { ended <- s.runIn(ctx, t, "sync source dest --watch --every 1ms --delete") }()
	until(t, func() bool { text, _ := os.ReadFile("dest/a"); return string(text) == "X" })
	write(t, "source/b", "Y")
	until(t, func() bool { text, _ := os.ReadFile("dest/b"); return string(text) == "Y" })
	if err := os.Remove("source/a"); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { _, err := os.Stat("dest/a"); return err != nil })
	cancel()
	if got := <-ended; got.exit != wire.ExitDone {
		t.Errorf("exit %d: %s", got.exit, got.err)
	}
	equalFolders(t, "dest", "source")
}

// until waits for something that is going to be true.
func until(t *testing.T, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); {
		if time.Since(began) > 20*time.Second {
			t.Fatal("it doesn't come")
		}
	}
}

// The program is killed at any moment of a sync: nothing that both folders had
// is lost from the destination, and the next run ends as if nothing had been.
func TestSoakASyncThatIsKilledIsTakenUpByTheNext(t *testing.T) {
	rounds := 20
	if os.Getenv("ALLOT_SOAK") != "" {
		rounds = 500
	}
	newShell(t)
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	mkdir(t, "source", "dest")
	killed := 0
	for round := range rounds {
		shuffle(t, round)
		for range 1 + rand.IntN(3) {
			before := contents(t, "dest")
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(30_000))*time.Microsecond)
			if exec.CommandContext(ctx, program, "sync", "source", "dest", "--delete", "--state", "state").Run() != nil {
				killed++
			}
			cancel()
			nothingLost(t, before)
		}
		out, err := exec.Command(program, "sync", "source", "dest", "--delete", "--state", "state").CombinedOutput()
		if err != nil {
			t.Fatalf("round %d: %v\n%s", round, err, out)
		}
		equalFolders(t, "dest", "source")
	}
	t.Logf("%d rounds, killed %d times", rounds, killed)
	if killed == 0 {
		t.Error("it was never killed")
	}
}

// nothingLost expects that each content that both folders had is still in the
// destination.
func nothingLost(t *testing.T, before map[string]string) {
	t.Helper()
	wanted, have := map[string]bool{}, map[string]bool{}
	for _, text := range contents(t, "source") {
		wanted[text] = true
	}
	for _, text := range contents(t, "dest") {
		have[text] = true
	}
	for name, text := range before {
		if wanted[text] && !have[text] && !strings.HasPrefix(name, ".allot-sync") {
			t.Errorf("the content of %s is lost", name)
		}
	}
}

// shuffle gives the files of the source each other's names, edits some and adds some.
func shuffle(t *testing.T, round int) {
	t.Helper()
	var texts []string
	for name, text := range contents(t, "source") {
		if !strings.HasSuffix(name, "/") && rand.IntN(8) > 0 {
			texts = append(texts, text)
		}
	}
	for i := range 10 {
		texts = append(texts, strings.Repeat(fmt.Sprintf("%d-%d ", round, i), 1+rand.IntN(2_000)))
	}
	rand.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	if err := os.RemoveAll("source"); err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		name := fmt.Sprintf("source/%d/%d", i%3, i%40)
		if i%7 == round%7 { // what was a file becomes a folder, and back
			name += "/in"
		}
		mkdir(t, filepath.Dir(name))
		if _, err := os.Stat(name); err == nil {
			continue
		}
		write(t, name, text)
	}
}
