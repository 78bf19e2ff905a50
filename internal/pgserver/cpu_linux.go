package pgserver

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// CPU is what the server's processes have used of all cores so far, in user and
// system mode, to a hundredth of a second.
func (s *Server) CPU() (time.Duration, error) {
	first := s.run.Process.Pid
	own, err := usage(first)
	if err != nil {
		return 0, fmt.Errorf("look what the server has used: %w", err)
	}
	ticks := own.used + own.ended
	all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is right
	for _, dir := range all {
		pid, _ := strconv.Atoi(filepath.Base(dir)) // it has digits only
		if one, err := usage(pid); err == nil && one.parent == first {
			ticks += one.used + one.ended
		} // else it has ended, and is counted by its parent
	}
	const tick = time.Second / 100 // whatever the kernel counts in, it tells hundredths
	return time.Duration(ticks) * tick, nil
}

// used is what a process has used, in ticks.
type used struct {
	parent      int
	used, ended int64 // by itself, and by its children that have ended
}

// usage reads what proc(5) says of a process.
func usage(pid int) (u used, _ error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // from the third on: the second is a name
	if len(fields) < 15 {
		return u, fmt.Errorf("/proc/%d/stat has only %d fields", pid, len(fields)+2)
	}
	var n [15]int64
	for _, i := range []int{1, 11, 12, 13, 14} {
		if n[i], err = strconv.ParseInt(string(fields[i]), 10, 64); err != nil {
			return u, err
		}
	}
	return used{int(n[1]), n[11] + n[12], n[13] + n[14]}, nil
}
