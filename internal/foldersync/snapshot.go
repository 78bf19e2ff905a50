package foldersync

import (
	"crypto/sha256"
	"os"
	"time"
)

// Kind is what is found under a path.
type Kind byte

// The kinds there are.
const (
	Folder Kind = iota + 1
	File
	Other // a link, a pipe or a device: it is never followed and never opened
)

// Hash is the SHA-256 of a content.
type Hash [sha256.Size]byte

// Entry is what is under a path.
type Entry struct {
	Kind  Kind
	Size  int64 // bytes of a file
	Hash  Hash  // of a file's content; only given if the other side has a file of the same size
	stamp stamp
}

// same reports whether two entries are files with the same content.
func (e Entry) same(other Entry) bool {
	return e.Kind == File && other.Kind == File && e.Size == other.Size && e.Hash == other.Hash
}

// Snapshot is a tree at one moment: what is under each path below its root.
// Paths are relative, with slashes, and any bytes else.
type Snapshot map[string]Entry

// stamp is by what a file is recognised as unchanged, without reading it.
type stamp struct {
	Modified, Changed int64  // nanoseconds since 1970; Changed is 0 where it isn't known
	Inode             uint64 // 0 where it isn't known
}

func entryOf(info os.FileInfo) Entry {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return Entry{Kind: Folder}
	case mode.IsRegular():
		e := Entry{Kind: File, Size: info.Size(), stamp: stamp{Modified: info.ModTime().UnixNano()}}
		e.stamp.Changed, e.stamp.Inode = identity(info)
		return e
	}
	return Entry{Kind: Other}
}

// untouched reports whether an entry may be taken for what another was. A file
// that was only renamed is untouched: that alters nothing but Changed.
func (e Entry) untouched(was Entry) bool {
	return e.Kind == was.Kind && e.Size == was.Size && e.stamp.Modified == was.stamp.Modified && e.stamp.Inode == was.stamp.Inode
}

// settled reports whether a file that was looked at then can't have changed
// since without another stamp: its times must lie further back than a clock
// tick of the file system.
func (s stamp) settled(then time.Time) bool {
	latest := max(s.Modified, s.Changed)
	tick := 50 * time.Millisecond
	if latest%int64(time.Second) == 0 { // a file system that counts seconds, or pairs of them
		tick = 2 * time.Second
	}
	return latest < then.Add(-tick).UnixNano()
}
