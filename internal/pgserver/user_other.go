//go:build !unix

package pgserver

import "os/exec"

func (s *Server) own(string) error { return nil }

func (s *Server) asItself(*exec.Cmd) {}
