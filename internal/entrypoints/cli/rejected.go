package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// checkRejected refuses to write refused rows to the file that is read, or to a
// folder that isn't there.
func (s *source) checkRejected(standardInput io.Reader) error {
	if _, err := os.Stat(filepath.Dir(s.rejected)); errors.Is(err, fs.ErrNotExist) {
		return usage("make the folder, or name another file with --rejected", "refused rows can't be written to %s: there is no folder for it", s.rejected)
	}
	there, err := os.Stat(s.rejected)
	if err != nil || !there.Mode().IsRegular() {
		return nil // what is wrong with it shows when it is needed
	}
	for _, in := range []io.Reader{s.ReadCloser, standardInput} {
		file, ok := in.(interface{ Stat() (fs.FileInfo, error) })
		if !ok {
			continue
		}
		if read, err := file.Stat(); err == nil && os.SameFile(read, there) {
			return usage("name another file with --rejected", "refused rows can't be written to %s: it is the file that is read", s.rejected)
		}
	}
	return nil
}

// openRejected opens the file for refused rows. Until it is complete it has a
// name that nobody takes for it. What is no file, /dev/null for example, is
// written as it is.
func (s *source) openRejected() (io.WriteCloser, error) {
	if there, err := os.Stat(s.rejected); err == nil && !there.Mode().IsRegular() {
		s.kept = s.rejected
		return os.OpenFile(s.rejected, os.O_WRONLY, 0)
	}
	file, err := os.Create(fmt.Sprintf("%s.%d.tmp", s.rejected, os.Getpid()))
	if err != nil {
		return nil, err
	}
	return &refusedRows{File: file, source: s}, nil
}

// refusedRows is a file that gets its name when it is closed.
type refusedRows struct {
	*os.File
	source *source
}

func (f *refusedRows) Close() error {
	if err := f.File.Close(); err != nil {
		return err
	}
	name, err := reserve(f.source.rejected)
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	f.source.kept = name
	return nil
}

// reserve creates an empty file that wasn't there: with the name that is
// wanted, or else the first number behind it that is free.
func reserve(wanted string) (string, error) {
	ext := filepath.Ext(wanted)
	for name, n := wanted, 2; ; n++ {
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			return name, file.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(wanted, ext), n, ext)
	}
}
