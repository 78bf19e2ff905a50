package foldersync

import (
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// memory is what a state file holds: the hashes of the last run, each with what
// the file looked like then. It only saves reading: without it, or with one
// that can't be read, everything is read again.
type memory struct {
	Form         string // of the file
	Source, Dest string // the folders that it is about
	Files        [2]map[string]remembered
}

type remembered struct {
	Size     int64
	Modified int64
	Changed  int64
	Inode    uint64
	Hash     []byte // which gob reads at once, unlike an array
}

const form = "allot sync 1"

// StateName is a name for the state file of two folders, the same for the same two.
func StateName(source, dest string) (string, error) {
	var both [2]string
	for i, name := range []string{source, dest} {
		abs, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		both[i] = abs
	}
	sum := sha256.Sum256([]byte(both[0] + "\x00" + both[1]))
	return hex.EncodeToString(sum[:12]) + ".state", nil
}

// CheckState refuses a state file in one of the folders: a sync would carry it
// along, or delete it. None of them needs to be there.
func CheckState(state, source, dest string) error {
	if state == "" {
		return nil
	}
	for _, folder := range []string{source, dest} {
		within, err := filepath.Rel(settled(folder), settled(state))
		if err == nil && filepath.IsLocal(within) {
			return refuse("name a file that lies elsewhere", "the state file %s is in %s, which is synced", state, folder)
		}
	}
	return nil
}

// settled is a path without links, as far as there is anything at it.
func settled(name string) string {
	name = absolute(name)
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	dir := filepath.Dir(name)
	if dir == name {
		return name
	}
	return filepath.Join(settled(dir), filepath.Base(name))
}

// recall returns what is remembered of the last run: nothing, if it is not to
// be trusted.
func (p *pair) recall() (m memory) {
	if p.o.State == "" || p.o.Distrust {
		return memory{}
	}
	f, err := os.Open(p.o.State)
	if err != nil {
		return memory{}
	}
	defer f.Close()
	if err := gob.NewDecoder(f).Decode(&m); err != nil || m.Form != form || m.Source != absolute(p.source.name) || m.Dest != absolute(p.dest.name) {
		return memory{}
	}
	return m
}

func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// hashOf is the hash of a file of one side, if it is known and the file looks
// the same.
func (m memory) hashOf(side int, name string, e Entry) (Hash, bool) {
	known, ok := m.Files[side][name]
	if !ok || len(known.Hash) != len(Hash{}) || known.Size != e.Size || e.stamp != (stamp{known.Modified, known.Changed, known.Inode}) {
		return Hash{}, false
	}
	return Hash(known.Hash), true
}

// remember writes the state file, if there is to be one.
func (p *pair) remember() error {
	if p.o.State == "" || !p.learned {
		return nil
	}
	m := memory{Form: form, Source: absolute(p.source.name), Dest: absolute(p.dest.name)}
	m.Files[0] = p.source.known(p.began)
	m.Files[1] = p.dest.known(time.Now())
	if err := m.write(p.o.State); err != nil {
		return fmt.Errorf("remember what was compared: %w", err)
	}
	return nil
}

// known is what may be remembered of files that were looked at then.
func (t *tree) known(then time.Time) map[string]remembered {
	out := map[string]remembered{}
	for name, e := range t.seen {
		if e.Kind == File && e.Hash != (Hash{}) && e.stamp.settled(then) {
			out[name] = remembered{e.Size, e.stamp.Modified, e.stamp.Changed, e.stamp.Inode, e.Hash[:]}
		}
	}
	return out
}

func (m memory) write(name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // there is none any more if all went well
	if err := gob.NewEncoder(f).Encode(m); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
