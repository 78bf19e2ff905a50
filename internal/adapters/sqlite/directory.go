package sqlite

import (
	"fmt"
	"os"
)

// AdviceOnDirectory is what to do about a DirectoryError.
const AdviceOnDirectory = "let the user who runs allot write there, mount the disk for writing, or choose another directory with --data"

// DirectoryError says that nothing can be created in the directory of a
// database. SQLite needs files beside it, for those who only read as well.
type DirectoryError struct {
	Dir string
	Err error
}

func (e *DirectoryError) Error() string {
	return fmt.Sprintf("the data directory %s can't be written to: %v: %s", e.Dir, e.Err, AdviceOnDirectory)
}

// Unwrap returns why.
func (e *DirectoryError) Unwrap() error { return e.Err }

// checkDirectory tries whether files can be created in a directory, which it
// creates if there is none.
func checkDirectory(dir string) error {
	err := os.MkdirAll(dir, 0o750)
	if err == nil {
		err = probe(dir)
	}
	if err != nil {
		return &DirectoryError{dir, err}
	}
	return nil
}

func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".allot-probe-")
	if err != nil {
		return err
	}
	_ = f.Close() // nothing was written to it
	return os.Remove(f.Name())
}
