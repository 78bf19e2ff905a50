package sqlite

import (
	"context"
	"errors"
	"fmt"

	"allot/internal/service"
)

// noteTrouble classifies the error of an attempt to write, and remembers it if
// it is trouble that another attempt would meet as well. s.mu is held.
func (s *Store) noteTrouble(err error) error {
	err = classify(err)
	if err == nil || errors.Is(err, service.ErrStorage) {
		s.trouble = err
	}
	return err
}

// roomFor is how many pages have to go into the log before trouble is over:
// more than a command of one line takes.
const roomFor = 16

// Writable returns the trouble that keeps commands from being written, nil if
// there is none. After trouble it tries to write, so that it is over as soon as
// it can be, whether commands come or not: nothing of ours is latched.
func (s *Store) Writable(context.Context) error {
	if s.writer == nil {
		return errReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble == nil {
		return nil
	}
	for range roomFor {
		// A number in the header that nobody else uses: writing it takes a page of
		// the log and waits for the disk, as a command does, and changes nothing.
		if err := s.writer.exec("PRAGMA user_version = 0"); err != nil {
			return s.noteTrouble(fmt.Errorf("try to write: %w", err))
		}
	}
	return s.noteTrouble(nil)
}
