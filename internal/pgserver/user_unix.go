//go:build unix

package pgserver

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// PostgreSQL refuses to run as root; root runs it as one of these users.
var unprivileged = []string{"postgres", "nobody"}

// own gives a file or a directory to who runs the server.
func (s *Server) own(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	who, err := credential()
	if err != nil {
		return err
	}
	return os.Chown(path, int(who.Uid), int(who.Gid))
}

// asItself has a program run as who may run it, in a group of processes of its
// own: a Ctrl-C for us is none for the server.
func (s *Server) asItself(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return
	}
	if who, err := credential(); err == nil { // else own has failed before
		cmd.SysProcAttr.Credential = who
	}
}

func credential() (*syscall.Credential, error) {
	for _, name := range unprivileged {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("root can't run postgres, and there is no user named %s or %s to run it as", unprivileged[0], unprivileged[1])
}
