//go:build linux || darwin

package cli

import "syscall"

// freeSpace is how many bytes may still be written to the disk of a directory;
// false if nobody can say.
func freeSpace(dir string) (uint64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}
