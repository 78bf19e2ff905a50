//go:build linux

package foldersync

import (
	"os"
	"syscall"
)

// identity returns when a file was last changed in any way, its name and
// times included, and its number in the file system.
func identity(info os.FileInfo) (changed int64, inode uint64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ctim.Nano(), s.Ino
	}
	return 0, 0
}

// noFollow has an open fail or return at once where it would follow a link or
// wait for the other end of a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// lock takes a lock that ends with the process; false if another has it.
func lock(f *os.File) bool { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil }
