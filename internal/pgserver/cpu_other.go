//go:build !linux

package pgserver

import "time"

// CPU is not known on this system: it is 0.
func (s *Server) CPU() (time.Duration, error) { return 0, nil }
