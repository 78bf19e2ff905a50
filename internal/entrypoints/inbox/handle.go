package inbox

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
)

// handle imports a claimed file and puts it away. Whatever of it was done before
// a kill is done again, to the same end; the last step is to put the file away.
func (b *Inbox) handle(ctx context.Context, name string, tell func(Taken)) error {
	taken := Taken{File: dropped(claimed, name), Where: path.Join(done, name)}
	hash, err := b.hash(name)
	if err != nil {
		return err
	}
	first, err := b.knownAs(hash)
	switch {
	case err != nil:
		return err
	case first == name: // only putting it away is left
		return b.rename(path.Join(claimed, name), taken.Where)
	case first != "":
		taken.Outcome, taken.Problem = Duplicate, fmt.Sprintf("not imported: it is the same as %s, which was", first)
		return b.putAway(name, taken, tell)
	}
	if err := b.importFile(ctx, name, hash, &taken); err != nil {
		return fmt.Errorf("%s: %w", taken.File, err)
	}
	if taken.Outcome == Done {
		return b.putAway(name, taken, tell, path.Join(contents, hash))
	}
	return b.putAway(name, taken, tell)
}

// putAway writes the report, and then remembers the content under the names
// that are given, and moves the file.
func (b *Inbox) putAway(name string, taken Taken, tell func(Taken), remember ...string) error {
	if err := b.write(taken.Where+".report.txt", taken.report(b.Now())); err != nil {
		return err
	}
	for _, at := range remember {
		if err := b.write(at, name); err != nil {
			return err
		}
	}
	if err := b.rename(path.Join(claimed, name), taken.Where); err != nil {
		return err
	}
	tell(taken)
	return nil
}

func (b *Inbox) hash(name string) (string, error) {
	f, err := b.root.Open(path.Join(claimed, name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, f)
	return hex.EncodeToString(hash.Sum(nil)), err
}

// knownAs is the name of the file that was imported with a content; "" if none was.
func (b *Inbox) knownAs(hash string) (string, error) {
	text, err := b.root.ReadFile(path.Join(contents, hash))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// importFile imports a file and notes what became of it. An error is no fault
// of the file.
func (b *Inbox) importFile(ctx context.Context, name, hash string, taken *Taken) (err error) {
	f, err := b.root.Open(path.Join(claimed, name))
	if err != nil {
		return err
	}
	defer f.Close()
	to, closing, err := b.Import(ctx)
	if err != nil {
		return err
	}
	refused := refusedRows{inbox: b, name: path.Join(failed, name+".rejected.csv")}
	o := importer.Options{Origin: b.Origin, Rejected: refused.open}
	o.Origin.Correlation = "inbox-" + hash[:16]
	read := sha256.New()
	in := io.TeeReader(f, read)
	taken.Summary, err = importer.Import(ctx, in, kindOf(taken.File), to, o)
	err = errors.Join(err, closing())
	if isFault(err) {
		taken.Outcome, taken.Where, taken.Problem = Failed, path.Join(failed, name), problemOf(err)
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	if hex.EncodeToString(read.Sum(nil)) != hash {
		return errors.New("it was written to while it was read: taking it again")
	}
	taken.Outcome = Done
	return nil
}

// isFault reports whether an import failed because of its file: doing it again
// would not help.
func isFault(err error) bool {
	refused, ok := errors.AsType[*domain.Error](err)
	corrupt, isCorrupt := errors.AsType[flate.CorruptInputError](err)
	return ok && refused.Kind == domain.Invalid || isCorrupt && corrupt >= 0 ||
		errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF)
}

// problemOf is what is wrong with a file, and what to do about it.
func problemOf(err error) string {
	if refused, ok := errors.AsType[*domain.Error](err); ok && refused.Hint != "" {
		return err.Error() + ": " + refused.Hint
	}
	return err.Error()
}

// refusedRows is the file for refused rows. It has its name when it is complete.
type refusedRows struct {
	inbox *Inbox
	name  string
	*os.File
}

func (r refusedRows) open() (io.WriteCloser, error) {
	f, err := r.inbox.root.Create(r.name + ".tmp")
	r.File = f
	return r, err
}

func (r refusedRows) Close() error {
	if err := errors.Join(r.File.Sync(), r.File.Close()); err != nil {
		return err
	}
	return r.inbox.rename(r.name+".tmp", r.name)
}

// report is what there is to say of a file, for people.
func (t Taken) report(now time.Time) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s, %s\n", t.File, t.Outcome, now.UTC().Format(time.DateTime+" MST"))
	if t.Problem != "" {
		fmt.Fprintf(&text, "%s\n", t.Problem)
	}
	if t.Outcome == Duplicate || t.Summary.Rows == 0 && t.Outcome == Failed {
		return text.String()
	}
	fmt.Fprintf(&text, "\n%s", t.Summary)
	for _, r := range t.Summary.Refusals {
		fmt.Fprintf(&text, "line %d: %s\n", r.Line, r.Problem)
	}
	if more := t.Summary.RejectedRows - len(t.Summary.Refusals); more > 0 {
		fmt.Fprintf(&text, "... and %d more\n", more)
	}
	if t.Summary.RejectedRows > 0 {
		fmt.Fprintf(&text, "The rows that were refused are in %s/%s.rejected.csv. Put them right, and drop that file as %s-2.csv.\n",
			failed, path.Base(t.Where), t.Summary.As)
	}
	return text.String()
}
