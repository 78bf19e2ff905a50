package foldersync_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allot/internal/foldersync"
)

// tree makes a snapshot of lines such as "docs/", "docs/a=X" for a file with the
// content X, or "pipe|".
func tree(lines ...string) foldersync.Snapshot {
	s := foldersync.Snapshot{}
	for _, line := range lines {
		if name, ok := strings.CutSuffix(line, "/"); ok {
			s[name] = foldersync.Entry{Kind: foldersync.Folder}
			continue
		}
		if name, ok := strings.CutSuffix(line, "|"); ok {
			s[name] = foldersync.Entry{Kind: foldersync.Other}
			continue
		}
		name, text, _ := strings.Cut(line, "=")
		s[name] = file(text)
	}
	return s
}

func file(text string) foldersync.Entry {
	e := foldersync.Entry{Kind: foldersync.File, Size: int64(len(text))}
	copy(e.Hash[:], text)
	return e
}

// told is a plan in short: what people would read.
func told(steps []foldersync.Step) (out []string) {
	for _, s := range steps {
		text := fmt.Sprintf("%s %s", s.Action, s.Path)
		if s.From != "" {
			text = fmt.Sprintf("%s %s -> %s", s.Action, s.From, s.Path)
		}
		if s.Replaces {
			text += " (replaces)"
		}
		out = append(out, text)
	}
	return out
}

func TestPlans(t *testing.T) {
	for _, tt := range []struct {
		says         string
		source, dest []string
		keeping      []string // without delete
		deleting     []string // with it, if that is something else
	}{
		{"in the source, not in the destination: copy", []string{"f=X"}, nil, []string{"copy f"}, nil},
		{"same content under another name: move", []string{"new=X"}, []string{"old=X"}, []string{"move old -> new"}, nil},
		{"gone from the source: delete, if that was asked for", nil, []string{"f=X"}, nil, []string{"delete f"}},
		{"nothing to do", []string{"a/", "a/f=X"}, []string{"a/", "a/f=X"}, nil, nil},
		{"edited under its old name", []string{"f=Y"}, []string{"f=X"}, []string{"copy f (replaces)"}, nil},
		{"two files with equal content", []string{"a=X", "b=X"}, nil, []string{"copy a", "copy b"}, nil},
		{"a second name for a content", []string{"a=X", "b=X"}, []string{"a=X"}, []string{"copy b"}, nil},
		{"names swapped", []string{"a=Y", "b=X"}, []string{"a=X", "b=Y"},
			[]string{"move b -> allot-sync.moving-1", "move a -> b", "move allot-sync.moving-1 -> a"}, nil},
		{"names rotated", []string{"a=Z", "b=X", "c=Y"}, []string{"a=X", "b=Y", "c=Z"},
			[]string{"move c -> allot-sync.moving-1", "move b -> c", "move a -> b", "move allot-sync.moving-1 -> a"}, nil},
		{"names passed on", []string{"b=X", "c=Y"}, []string{"a=X", "b=Y"}, []string{"move b -> c", "move a -> b"}, nil},
		{"names passed on, and one edited", []string{"a=N", "b=X"}, []string{"a=X", "b=Y"},
			[]string{"move a -> b (replaces)", "copy a"}, nil},
		{"nested, in new folders", []string{"a/", "a/b/", "a/b/f=X"}, []string{"f=X"},
			[]string{"folder a", "folder a/b", "move f -> a/b/f"}, nil},
		{"an empty folder", []string{"a/"}, []string{"b/"}, []string{"folder a"}, []string{"folder a", "delete b"}},
		{"a file becomes a folder", []string{"a/", "a/f=Y"}, []string{"a=X"},
			[]string{"move a -> a.kept-1", "folder a", "copy a/f"}, []string{"delete a", "folder a", "copy a/f"}},
		{"a file becomes a folder that holds it", []string{"a/", "a/a=X"}, []string{"a=X"},
			[]string{"move a -> allot-sync.moving-1", "folder a", "move allot-sync.moving-1 -> a/a"}, nil},
		{"and back", []string{"a=X"}, []string{"a/", "a/a=X"},
			[]string{"move a/a -> allot-sync.moving-1", "move a -> a.kept-2", "move allot-sync.moving-1 -> a"},
			[]string{"move a/a -> allot-sync.moving-1", "delete a", "move allot-sync.moving-1 -> a"}},
		{"a folder with something of its own becomes a file", []string{"a=X"}, []string{"a/", "a/own=Y"},
			[]string{"move a -> a.kept-1", "copy a"}, []string{"delete a/own", "delete a", "copy a"}},
		{"names that differ in case", []string{"a=X", "A=Y"}, []string{"a=Y"}, []string{"move a -> A", "copy a"}, nil},
		{"unusual bytes", []string{"\xff\n=X"}, []string{" =X"}, []string{"move   -> \xff\n"}, nil},
		{"a link in the source is left out, and what it hides is left alone", []string{"a|"}, []string{"a/", "a/f=X"}, nil, nil},
		{"a link in the destination is in the way", []string{"a=X"}, []string{"a|"},
			[]string{"move a -> a.kept-1", "copy a"}, []string{"delete a", "copy a"}},
		{"names that are taken are not given", []string{"a=Y", "b=X", "allot-sync.moving-1=Q"}, []string{"a=X", "b=Y"},
			[]string{"move b -> allot-sync.moving-2", "move a -> b", "move allot-sync.moving-2 -> a", "copy allot-sync.moving-1"}, nil},
	} {
		t.Run(tt.says, func(t *testing.T) {
			if tt.deleting == nil {
				tt.deleting = tt.keeping
			}
			if diff := cmp.Diff(tt.keeping, told(foldersync.Plan(tree(tt.source...), tree(tt.dest...), false))); diff != "" {
				t.Errorf("without delete (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.deleting, told(foldersync.Plan(tree(tt.source...), tree(tt.dest...), true))); diff != "" {
				t.Errorf("with delete (-want +got):\n%s", diff)
			}
		})
	}
}

// drawTree draws a tree of few names and contents, so that everything happens.
func drawTree(rt *rapid.T, label string) foldersync.Snapshot {
	names := []string{"a", "b", "c", "A", "a.kept-1", "allot-sync.moving-1"}
	s := foldersync.Snapshot{}
	var fill func(dir string, depth int)
	fill = func(dir string, depth int) {
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 4, rapid.ID[string]).Draw(rt, label) {
			at := path.Join(dir, name)
			switch kind := rapid.IntRange(0, 9).Draw(rt, "kind of "+at); {
			case kind == 0:
				s[at] = foldersync.Entry{Kind: foldersync.Other}
			case kind < 4 && depth < 3:
				s[at] = foldersync.Entry{Kind: foldersync.Folder}
				fill(at, depth+1)
			default:
				s[at] = file(rapid.SampledFrom([]string{"", "X", "Y", "Z", "long"}).Draw(rt, "content of "+at))
			}
		}
	}
	fill("", 0)
	return s
}

// disk is a folder that takes steps as strictly as a real one does.
type disk foldersync.Snapshot

func (d disk) take(rt *rapid.T, s foldersync.Step, source foldersync.Snapshot) {
	parent := path.Dir(s.Path)
	if parent != "." && d[parent].Kind != foldersync.Folder {
		rt.Fatalf("%+v: there is no folder for it", s)
	}
	there, taken := d[s.Path]
	if s.Action != foldersync.Delete && (taken != s.Replaces || taken && there.Kind != foldersync.File) {
		rt.Fatalf("%+v: there is %+v", s, there)
	}
	switch s.Action {
	case foldersync.MakeFolder:
		d[s.Path] = foldersync.Entry{Kind: foldersync.Folder}
	case foldersync.Copy:
		d[s.Path] = source[s.Path]
	case foldersync.Move:
		d.move(rt, s)
	case foldersync.Delete:
		if !taken || there.Kind == foldersync.Folder && len(d.in(s.Path)) > 0 {
			rt.Fatalf("%+v: it can't be deleted", s)
		}
		delete(d, s.Path)
	}
}

func (d disk) move(rt *rapid.T, s foldersync.Step) {
	moved, ok := d[s.From]
	if !ok {
		rt.Fatalf("%+v: there is nothing to move", s)
	}
	for _, inner := range d.in(s.From) {
		d[s.Path+strings.TrimPrefix(inner, s.From)] = d[inner]
		delete(d, inner)
	}
	delete(d, s.From)
	d[s.Path] = moved
}

// in lists what is in a folder.
func (d disk) in(folder string) []string {
	names := slices.Sorted(maps.Keys(d))
	return slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, folder+"/") })
}

// contents counts the files that hold each content.
func (d disk) contents() map[foldersync.Entry]int {
	out := map[foldersync.Entry]int{}
	for _, e := range d {
		if e.Kind == foldersync.File {
			out[e]++
		}
	}
	return out
}

func TestPlansReachTheirEndByPossibleStepsAndLoseNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		source, dest := drawTree(rt, "source"), drawTree(rt, "destination")
		del := rapid.Bool().Draw(rt, "delete")
		before, now := disk(maps.Clone(dest)).contents(), disk(maps.Clone(dest))
		wanted := disk(source).contents()
		for _, s := range foldersync.Plan(source, dest, del) {
			now.take(rt, s, source)
			have := now.contents()
			for c := range before {
				if wanted[c] > 0 && have[c] == 0 {
					rt.Fatalf("after %+v a content is nowhere that is in the source and was there", s)
				}
			}
		}
		checkReached(rt, source, dest, now, del)
		if again := foldersync.Plan(source, foldersync.Snapshot(now), del); len(again) > 0 {
			rt.Fatalf("a second plan isn't empty: %q", told(again))
		}
	})
}

// checkReached compares a destination with what it should be.
func checkReached(rt *rapid.T, source, dest foldersync.Snapshot, now disk, del bool) {
	for name, want := range source {
		if want.Kind != foldersync.Other && now[name] != want {
			rt.Fatalf("%q is %+v, want %+v", name, now[name], want)
		}
	}
	if del {
		for name := range now {
			if _, ok := source[name]; !ok && !hidden(source, name) {
				rt.Fatalf("%q is still there", name)
			}
		}
		return
	}
	have := now.contents()
	for name, e := range dest {
		replaced := source[name].Kind == foldersync.File
		if e.Kind == foldersync.File && !replaced && have[e] == 0 {
			rt.Fatalf("what was in %q is lost, and nobody said delete", name)
		}
	}
}

func hidden(source foldersync.Snapshot, name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if source[name].Kind == foldersync.Other {
			return true
		}
	}
	return false
}

// A plan is interrupted after any step: what is there then leads to the same end.
func TestAPlanThatIsInterruptedIsTakenUpByTheNext(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		source, dest := drawTree(rt, "source"), drawTree(rt, "destination")
		del := rapid.Bool().Draw(rt, "delete")
		now := disk(maps.Clone(dest))
		for range 3 {
			steps := foldersync.Plan(source, foldersync.Snapshot(now), del)
			for _, s := range steps[:rapid.IntRange(0, len(steps)).Draw(rt, "steps")] {
				now.take(rt, s, source)
			}
		}
		for _, s := range foldersync.Plan(source, foldersync.Snapshot(now), del) {
			now.take(rt, s, source)
		}
		checkReached(rt, source, dest, now, del)
	})
}
