package foldersync

import (
	"fmt"
	"maps"
	"path"
	"slices"
)

// Action is what a step does to the destination.
type Action string

// The actions there are.
const (
	MakeFolder Action = "folder"
	Copy       Action = "copy"   // from the same path of the source
	Move       Action = "move"   // within the destination
	Delete     Action = "delete" // a file, or a folder that is empty by then
)

// Step is one change to the destination. It happens entirely or not at all, and
// leaves a state from which a new plan can start.
type Step struct {
	Action   Action
	Path     string
	From     string // of a move
	Size     int64  // bytes, of a file
	Replaces bool   // a file that is under Path now is replaced
}

// Plan returns the steps that make the destination equal to the source; without
// del, equal on the source's paths only. It is a pure function, and all the
// thinking there is: whoever takes the steps needn't.
//
//   - What both have under the same path, with the same content, is left alone.
//   - A content that the destination has under another path is moved. It is
//     never removed from all paths on the way.
//   - Everything else is copied.
//   - With del, what the source doesn't have is deleted. Without it, nothing is;
//     a thing of another kind that is in the way is given another name.
//   - Where the source has a link, a pipe or a device, nothing happens.
func Plan(source, dest Snapshot, del bool) []Step {
	p := &planner{source: source, names: slices.Sorted(maps.Keys(source)), now: maps.Clone(dest), del: del}
	p.findMoves()
	p.makeFolders()
	p.stepAside()
	p.move()
	p.clear()
	p.makeFolders() // where something was in the way
	p.arrive()
	p.copy()
	if del {
		p.delete()
	}
	return p.steps
}

// planner is a plan in the making.
type planner struct {
	source  Snapshot
	names   []string // of the source, in order
	now     Snapshot // the destination as it is after the steps so far
	del     bool
	moves   []*move
	copies  []string
	leaving map[string]*move // by the path that it frees
	waiting []*move          // those that stepped aside, for a place that isn't ready
	given   int              // number in the last name that was given
	steps   []Step
}

// move is a content on its way to a path of the source.
type move struct {
	from, to string
	begun    bool
}

// content is what a file holds.
type content struct {
	size int64
	hash Hash
}

// findMoves finds out what has to be moved and what copied.
func (p *planner) findMoves() {
	spare := map[content][]string{}
	for _, name := range slices.Sorted(maps.Keys(p.now)) {
		if e := p.now[name]; e.Kind == File && !e.same(p.source[name]) && !p.leftAlone(name) {
			spare[content{e.Size, e.Hash}] = append(spare[content{e.Size, e.Hash}], name)
		}
	}
	for _, name := range p.names {
		e := p.source[name]
		if e.Kind != File || e.same(p.now[name]) {
			continue
		}
		from := spare[content{e.Size, e.Hash}]
		if len(from) == 0 {
			p.copies = append(p.copies, name)
			continue
		}
		spare[content{e.Size, e.Hash}] = from[1:]
		p.moves = append(p.moves, &move{from: from[0], to: name})
	}
}

// leftAlone reports whether the source has something other than a file or a
// folder at a path or above it.
func (p *planner) leftAlone(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if p.source[name].Kind == Other {
			return true
		}
	}
	return false
}

// makeFolders makes the source's folders that nothing is in the way of.
func (p *planner) makeFolders() {
	for _, name := range p.names { // what holds a folder comes before it
		if _, taken := p.now[name]; p.source[name].Kind == Folder && !taken && p.reachable(name) {
			p.do(Step{Action: MakeFolder, Path: name})
		}
	}
}

// reachable reports whether there is a folder for name to be in.
func (p *planner) reachable(name string) bool {
	dir := path.Dir(name)
	return dir == "." || p.now[dir].Kind == Folder
}

// ready reports whether a file can take its place.
func (p *planner) ready(name string) bool {
	kind := p.now[name].Kind
	return p.reachable(name) && kind != Folder && kind != Other
}

// stepAside makes way: files whose place isn't ready get another name until it is.
func (p *planner) stepAside() {
	p.leaving = map[string]*move{}
	for _, m := range p.moves {
		if p.ready(m.to) {
			p.leaving[m.from] = m
			continue
		}
		p.rename(m)
		p.waiting = append(p.waiting, m)
	}
}

// rename gives a file a name that nobody has, for the time being.
func (p *planner) rename(m *move) {
	to := p.unused("allot-sync.moving")
	p.do(Step{Action: Move, Path: to, From: m.from})
	m.from = to
}

// unused is a name that neither side has, with a number at its end.
func (p *planner) unused(name string) string {
	for {
		p.given++
		numbered := fmt.Sprintf("%s-%d", name, p.given)
		_, here := p.now[numbered]
		_, there := p.source[numbered]
		if !here && !there {
			return numbered
		}
	}
}

// move takes the moves whose place is ready.
func (p *planner) move() {
	for _, m := range p.moves {
		if p.leaving[m.from] == m {
			p.follow(m)
		}
	}
}

// follow takes a move, after the one that frees its place.
func (p *planner) follow(m *move) {
	m.begun = true
	freed := m.from
	if next, ok := p.leaving[m.to]; ok && next.begun { // a ring: names were swapped
		p.rename(next)
		delete(p.leaving, m.to)
	} else if ok {
		p.follow(next)
	}
	p.do(Step{Action: Move, Path: m.to, From: m.from})
	delete(p.leaving, freed)
}

// clear removes what is of another kind than the source has.
func (p *planner) clear() {
	for _, name := range p.names {
		want, have := p.source[name].Kind, p.now[name].Kind
		if want == Other || have == 0 || have == want {
			continue
		}
		if p.del {
			p.remove(name)
			continue
		}
		base := path.Base(name)
		base = base[:min(len(base), 200)] // a name can't have more than 255 bytes
		p.do(Step{Action: Move, From: name, Path: p.unused(path.Join(path.Dir(name), base+".kept"))})
	}
}

// remove deletes what is under a path, and what is in it before.
func (p *planner) remove(name string) {
	if p.now[name].Kind != Folder {
		p.do(Step{Action: Delete, Path: name})
		return
	}
	for _, inner := range slices.Backward(slices.Sorted(maps.Keys(p.now))) {
		if inner == name || within(inner, name) {
			p.do(Step{Action: Delete, Path: inner})
		}
	}
}

func within(name, folder string) bool {
	return len(name) > len(folder) && name[:len(folder)] == folder && name[len(folder)] == '/'
}

// arrive takes those that stepped aside to their places.
func (p *planner) arrive() {
	for _, m := range p.waiting {
		p.do(Step{Action: Move, Path: m.to, From: m.from})
	}
}

func (p *planner) copy() {
	for _, name := range p.copies {
		p.do(Step{Action: Copy, Path: name})
	}
}

// delete deletes what the source doesn't have.
func (p *planner) delete() {
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(p.now))) { // what is in a folder comes before it
		if _, ok := p.source[name]; !ok && !p.leftAlone(name) {
			p.do(Step{Action: Delete, Path: name})
		}
	}
}

// do adds a step to the plan.
func (p *planner) do(s Step) {
	s.Replaces = s.Action != Delete && p.now[s.Path].Kind != 0
	switch s.Action {
	case Copy:
		s.Size = p.source[s.Path].Size
	case Move:
		s.Size = p.now[s.From].Size
	case Delete:
		s.Size = p.now[s.Path].Size
	}
	p.steps = append(p.steps, s)
	p.now.take(s, p.source)
}

// take is what a step does to a snapshot of the destination.
func (d Snapshot) take(s Step, source Snapshot) {
	switch s.Action {
	case MakeFolder:
		d[s.Path] = Entry{Kind: Folder}
	case Copy:
		d[s.Path] = source[s.Path]
	case Delete:
		delete(d, s.Path)
	case Move:
		moved := d[s.From]
		d[s.Path] = moved
		delete(d, s.From)
		if moved.Kind == Folder {
			d.takeAlong(s.From, s.Path)
		}
	}
}

// takeAlong moves what is in a folder with it.
func (d Snapshot) takeAlong(from, to string) {
	for name, e := range maps.Clone(d) {
		if within(name, from) {
			delete(d, name)
			d[to+name[len(from):]] = e
		}
	}
}
