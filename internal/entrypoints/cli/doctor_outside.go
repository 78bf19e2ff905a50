package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"allot/internal/bootstrap"
)

// What the doctor looks at outside of the database: the directory, the disk,
// the clock.

// folder is the directory that the database is in.
func (r *run) folder() string { return filepath.Dir(r.config.SQLiteFile()) }

func (r *run) checkDirectory() finding {
	const check = "directory"
	dir := r.folder()
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return warn(check, "the first command that writes creates it; --data names another one", "there is no %s yet", dir)
	case err != nil:
		return fail(check, "name a directory that can be read with --data", "%s can't be looked at: %v", dir, innermost(err))
	case !info.IsDir():
		return fail(check, "name a directory with --data", "%s is a file", dir)
	}
	probe, err := os.CreateTemp(dir, ".allot-doctor-")
	if err != nil {
		return fail(check, "let the user who runs allot write there, or mount the disk for writing", "no file can be created in %s: %v", dir, innermost(err))
	}
	defer os.Remove(probe.Name())
	_, err = probe.Write(make([]byte, 64<<10))
	if err = errors.Join(err, probe.Sync(), probe.Close()); err != nil {
		return fail(check, "see to the disk", "files in %s can't be written: %v", dir, innermost(err))
	}
	return ok(check, "%s can be written to", dir)
}

func (r *run) checkPermissions() finding {
	const check = "permissions"
	const next = "take the rights of others away: chmod o-rwx"
	open := true // to everybody, up to here
	for _, path := range []string{r.folder(), r.config.SQLiteFile()} {
		info, err := os.Stat(path)
		if err != nil {
			continue // another check says so
		}
		mode := info.Mode().Perm()
		if mode&0o002 != 0 {
			return fail(check, next+" "+path, "everybody on this machine may change %s (%v)", path, mode)
		}
		if open = open && mode&0o005 != 0; open && path == r.config.SQLiteFile() {
			return warn(check, next+" "+path, "everybody on this machine may read %s (%v)", path, mode)
		}
	}
	return ok(check, "only those who should may read and change the data")
}

// How much space there has to be: below the first nothing can be relied on,
// below the second somebody should know. A write-ahead log alone may take 64 MB.
const (
	leastSpace = 128 << 20
	goodSpace  = 1 << 30
)

func (r *run) checkSpace() finding {
	const check = "space"
	free, known := freeSpace(r.folder())
	switch {
	case !known:
		return warn(check, "look at it yourself", "nobody can say how much is left for %s", r.folder())
	case free < leastSpace:
		return fail(check, "make space: when there is none, commands are refused", "%s left for %s", size(free), r.folder())
	case free < goodSpace:
		return warn(check, "make space before it runs out", "%s left for %s", size(free), r.folder())
	}
	return ok(check, "%s left for %s", size(free), r.folder())
}

// size is a number of bytes as people write it.
func size(bytes uint64) string {
	for _, unit := range []struct {
		bytes uint64
		name  string
	}{{1 << 30, "GB"}, {1 << 20, "MB"}, {1 << 10, "KB"}} {
		if bytes >= unit.bytes {
			return fmt.Sprintf("%.1f %s", float64(bytes)/float64(unit.bytes), unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// mostSkew is how far clocks may be apart.
const mostSkew = 2 * time.Second

func (r *run) checkClock(i bootstrap.Inspection) finding {
	now := r.Now()
	if i.LastTime.After(now.Add(mostSkew)) {
		return fail("clock", "set the clock, by NTP for example", "it is %s here, and the last event happened at %s",
			now.UTC().Format(time.RFC3339), i.LastTime.Format(time.RFC3339))
	}
	return ok("clock", "%s, after the last event", now.UTC().Format(time.RFC3339))
}
