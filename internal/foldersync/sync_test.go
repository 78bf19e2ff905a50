package foldersync_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"allot/internal/foldersync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folders are two folders that lie apart, and one beside them that nobody may touch.
type folders struct{ source, dest, outside string }

func newFolders(t testing.TB) folders {
	t.Helper()
	dir := t.TempDir()
	f := folders{filepath.Join(dir, "source"), filepath.Join(dir, "dest"), filepath.Join(dir, "outside")}
	for _, name := range []string{f.source, f.dest, f.outside} {
		if err := os.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put(t, f.outside, "keep=mine", "sub/", "sub/keep=mine")
	return f
}

// put makes files, folders, links ("name>target") and pipes ("name|") in a folder.
func put(t rapidT, dir string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		var err error
		at := func(name string) string { return filepath.Join(dir, name) }
		if name, ok := strings.CutSuffix(line, "/"); ok {
			err = os.Mkdir(at(name), 0o755)
		} else if name, ok := strings.CutSuffix(line, "|"); ok {
			err = syscall.Mkfifo(at(name), 0o644)
		} else if name, target, ok := strings.Cut(line, ">"); ok {
			err = os.Symlink(target, at(name))
		} else {
			name, text, _ := strings.Cut(line, "=")
			err = os.WriteFile(at(name), []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// rapidT is what *testing.T and *rapid.T have in common.
type rapidT interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// list is what is in a folder, in the form that put takes.
func list(t rapidT, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		line, _ := filepath.Rel(dir, name)
		switch {
		case d.IsDir():
			line += "/"
		case d.Type()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(name)
			line += ">" + target
		case d.Type().IsRegular():
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			line += "=" + string(text)
		default:
			line += "|"
		}
		out = append(out, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func (f folders) sync(t rapidT, o foldersync.Options) foldersync.Result {
	t.Helper()
	result, err := foldersync.Sync(context.Background(), f.source, f.dest, o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// same compares what two folders hold.
func same(t testing.TB, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestADestinationIsCreatedButNotTheFolderThatItIsIn(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "a=X", "d/", "d/b=Y")
	f.dest = filepath.Join(f.dest, "new")
	f.sync(t, foldersync.Options{})
	same(t, list(t, f.dest), list(t, f.source))
	_, err := foldersync.Sync(t.Context(), f.source, filepath.Join(f.dest, "no", "such"), foldersync.Options{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want %v", err, fs.ErrNotExist)
	}
}

func TestADryRunWritesNothingAndSaysWhatIsDoneThen(t *testing.T) {
	for _, dest := range []string{"dest", "new"} {
		f := newFolders(t)
		put(t, f.source, "a=Y", "b=X", "c=Z", "d/")
		put(t, f.dest, "a=X", "b=Y", "e=W")
		f.dest = filepath.Join(filepath.Dir(f.dest), dest)
		state := filepath.Join(t.TempDir(), "state")
		before := list(t, filepath.Dir(f.dest))
		foreseen := f.sync(t, foldersync.Options{Delete: true, DryRun: true, State: state})
		same(t, list(t, filepath.Dir(f.dest)), before)
		if _, err := os.Stat(state); err == nil {
			t.Error("a dry run remembers something")
		}
		done := f.sync(t, foldersync.Options{Delete: true, State: state})
		same(t, told(done.Steps), told(foreseen.Steps))
		same(t, list(t, f.dest), list(t, f.source))
	}
}

func TestFoldersThatContainEachOtherAreRefused(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "in/", "in/f=X")
	put(t, f.outside, "link>"+f.source)
	for _, pair := range [][2]string{
		{f.source, f.source},
		{f.source, f.source + "/in"},
		{f.source + "/in", f.source},
		{f.source, f.source + "/new"},
		{f.source, f.outside + "/link"},
		{f.source, f.outside + "/link/in"},
		{f.outside + "/link/in", f.source},
		{f.source, f.source + "/../source/in/new"},
	} {
		before := list(t, filepath.Dir(f.source))
		_, err := foldersync.Sync(t.Context(), pair[0], pair[1], foldersync.Options{Delete: true})
		if refused, ok := errors.AsType[*foldersync.Error](err); !ok || refused.Again {
			t.Errorf("%q: %v", pair, err)
		}
		same(t, list(t, filepath.Dir(f.source)), before)
	}
	f.dest = filepath.Join(filepath.Dir(f.source), "source-2") // whose name only begins like it
	f.sync(t, foldersync.Options{})
}

func TestLinksPipesAndDevicesAreNeverFollowedNorOpened(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "link>"+f.outside, "file>"+f.outside+"/keep", "pipe|", "d/", "d/f=X", "up>..", "in>d", "g=Y")
	put(t, f.dest, "d>"+f.outside, "g>"+f.outside+"/keep", "x>"+f.outside, "pipe=own", "y|")
	result := f.sync(t, foldersync.Options{Delete: true})
	same(t, list(t, f.dest), []string{"d/", "d/f=X", "g=Y", "pipe=own"})
	same(t, result.Skipped, []string{"file", "in", "link", "pipe", "up"})
	same(t, list(t, f.outside), []string{"keep=mine", "sub/", "sub/keep=mine"})
}

func TestALinkInTheWayIsKeptUnlessDeleteIsSaid(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "d/", "d/f=X")
	put(t, f.dest, "d>"+f.outside)
	f.sync(t, foldersync.Options{})
	same(t, list(t, f.dest), []string{"d.kept-1>" + f.outside, "d/", "d/f=X"})
}

func TestHardLinksInTheDestinationAreNotWrittenThrough(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "a=new")
	if err := os.Link(filepath.Join(f.outside, "keep"), filepath.Join(f.dest, "a")); err != nil {
		t.Fatal(err)
	}
	f.sync(t, foldersync.Options{})
	same(t, list(t, f.dest), []string{"a=new"})
	same(t, list(t, f.outside), []string{"keep=mine", "sub/", "sub/keep=mine"})
}

func TestWhatAKilledSyncHasLeftIsClearedAndNeverSynced(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "a=X", ".allot-sync/", ".allot-sync/1=half")
	put(t, f.dest, ".allot-sync/", ".allot-sync/7=half")
	f.sync(t, foldersync.Options{})
	same(t, list(t, f.dest), []string{"a=X"})
	put(t, f.dest, ".allot-sync>"+f.outside)
	if _, err := foldersync.Sync(t.Context(), f.source, f.dest, foldersync.Options{}); err == nil {
		t.Error("half copied files were to go where a link points")
	}
}

func TestAFileKeepsItsPermissionsAndItsTime(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "a=X")
	if err := os.Chmod(filepath.Join(f.source, "a"), 0o750); err != nil {
		t.Fatal(err)
	}
	f.sync(t, foldersync.Options{})
	want, _ := os.Stat(filepath.Join(f.source, "a"))
	got, err := os.Stat(filepath.Join(f.dest, "a"))
	if err != nil || got.Mode() != want.Mode() || !got.ModTime().Equal(want.ModTime()) {
		t.Errorf("%v %v, want %v %v", got.Mode(), got.ModTime(), want.Mode(), want.ModTime())
	}
}

func TestAStateThatCantBeReadIsLeftOutOfAccount(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "a=X")
	state := filepath.Join(t.TempDir(), "in", "state")
	f.sync(t, foldersync.Options{State: state})
	if err := os.WriteFile(state, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, f.source, "a=Y")
	f.sync(t, foldersync.Options{State: state})
	same(t, list(t, f.dest), []string{"a=Y"})
}

func TestASyncEndsWhenItIsTold(t *testing.T) {
	f := newFolders(t)
	put(t, f.source, "a=X")
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if _, err := foldersync.Sync(ctx, f.source, f.dest, foldersync.Options{}); !errors.Is(err, enough) {
		t.Errorf("error %v, want %v", err, enough)
	}
	same(t, list(t, f.dest), nil)
}

// As somebody writes to the destination between comparing and doing, which is
// when progress is first told, what they wrote is not replaced nor deleted.
func TestWhatChangesMeanwhileIsNotTouched(t *testing.T) {
	for what, change := range map[string]func(folders) error{
		"a file that was going to be replaced": func(f folders) error { return os.WriteFile(f.dest+"/old", []byte("mine"), 0o644) },
		"a file where there was none":          func(f folders) error { return os.WriteFile(f.dest+"/new", []byte("mine"), 0o644) },
		"a file that was going to be copied":   func(f folders) error { return os.WriteFile(f.source+"/old", []byte("mine"), 0o644) },
	} {
		t.Run(what, func(t *testing.T) {
			f := newFolders(t)
			put(t, f.source, "old=Y", "new=ZZ")
			put(t, f.dest, "old=X")
			changed := false
			_, err := foldersync.Sync(t.Context(), f.source, f.dest, foldersync.Options{Progress: func(p foldersync.Progress) {
				if p.Doing == "compare" && !changed {
					if err := change(f); err != nil {
						t.Error(err)
					}
					changed = true
				}
			}})
			if refused, ok := errors.AsType[*foldersync.Error](err); !ok || !refused.Again || !strings.Contains(err.Error(), "changed by somebody else") {
				t.Errorf("error %v, want that something was changed", err)
			}
			if text := strings.Join(list(t, filepath.Dir(f.dest)), " "); !strings.Contains(text, "=mine dest") && !strings.Contains(text, "=mine source") && strings.Count(text, "=mine") != 3 {
				t.Errorf("what was written is gone: %s", text)
			}
			f.sync(t, foldersync.Options{}) // and then it works
		})
	}
}

// Random trees are synced, edited and synced again.
func TestSoakDestinationsBecomeEqual(t *testing.T) {
	rounds := 3 // of as many trees as rapid makes, usually 100
	if os.Getenv("ALLOT_SOAK") != "" {
		rounds = 100
	}
	for range rounds {
		rapid.Check(t, func(rt *rapid.T) { becomesEqual(t, rt) })
	}
}

func becomesEqual(t *testing.T, rt *rapid.T) {
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		rt.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f := folders{dir + "/source", dir + "/dest", dir + "/outside"}
	put(rt, dir, "source/", "dest/", "outside/", "outside/keep=mine", "outside/pipe|")
	build(rt, f, f.dest, drawTree(rt, "destination"))
	for range rapid.IntRange(1, 3).Draw(rt, "edits") {
		if err := errors.Join(os.RemoveAll(f.source), os.Mkdir(f.source, 0o755)); err != nil {
			rt.Fatal(err)
		}
		build(rt, f, f.source, drawTree(rt, "source"))
		o := foldersync.Options{Delete: rapid.Bool().Draw(rt, "delete"), Distrust: rapid.Bool().Draw(rt, "distrust"), State: dir + "/state"}
		source, before, outside := list(rt, f.source), list(rt, f.dest), list(rt, f.outside)
		o.DryRun = true
		foreseen := f.sync(rt, o)
		if diff := cmp.Diff(before, list(rt, f.dest)); diff != "" {
			rt.Fatalf("a dry run has changed the destination:\n%s", diff)
		}
		o.DryRun = false
		done := f.sync(rt, o)
		for what, pair := range map[string][2][]string{
			"steps": {told(foreseen.Steps), told(done.Steps)}, "the source": {source, list(rt, f.source)}, "what is outside": {outside, list(rt, f.outside)},
		} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
				rt.Fatalf("%s (-before +after):\n%s", what, diff)
			}
		}
		f.compare(rt, o.Delete)
	}
}

// build makes a tree of a snapshot. What is neither file nor folder becomes a
// link to the outside, or a pipe.
func build(rt *rapid.T, f folders, dir string, s foldersync.Snapshot) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		switch e := s[name]; e.Kind {
		case foldersync.Folder:
			put(rt, dir, name+"/")
		case foldersync.File:
			put(rt, dir, fmt.Sprintf("%s=%s", name, e.Hash[:e.Size]))
		default:
			put(rt, dir, name+rapid.SampledFrom([]string{"|", ">" + f.outside, ">" + f.outside + "/pipe", ">a"}).Draw(rt, "what "+name+" is"))
		}
	}
}

// compare compares the folders, but for what can't be synced: with del, all of
// them, else the paths of the source.
func (f folders) compare(rt *rapid.T, del bool) {
	special := func(line string) bool { return strings.ContainsAny(line, ">|") }
	want := list(rt, f.source)
	var hidden []string
	for _, line := range want {
		if special(line) {
			hidden = append(hidden, line[:strings.IndexAny(line, ">|")])
		}
	}
	got := slices.DeleteFunc(list(rt, f.dest), func(line string) bool {
		return slices.ContainsFunc(hidden, func(name string) bool {
			return line[:min(len(name), len(line))] == name && strings.ContainsAny(line[len(name):][:1], "=/|>")
		}) ||
			!del && !slices.Contains(want, line)
	})
	want = slices.DeleteFunc(want, special)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		rt.Fatalf("the destination (-want +got):\n%s", diff)
	}
}
