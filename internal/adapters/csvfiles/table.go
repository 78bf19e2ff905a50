package csvfiles

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"allot/internal/csvrows"
)

// table is a file, and what is to be written in it.
type table struct {
	path    string
	columns csvrows.Columns
	byAge   bool // the rows are in the order of their age, not in that of their coming
	comma   rune
	rows    []*row
	at      map[string]*row
	changed bool
	undo    []func()
	seen    look              // of the file, when it was read or written last
	half    string            // what it is written to
	ours    bool              // nothing is in the file but what is here
	unknown []csvrows.Unknown // columns of the file that the table doesn't have
}

// row is a row of a table.
type row struct {
	age   int64
	place string // of an allocation, its batch: if that changes, it is a new row
	text  []byte // with its line end
	gone  bool
}

// look is what a file looks like from outside.
type look struct {
	there    bool
	size     int64
	modified time.Time
}

func lookAt(path string) (look, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return look{}, nil
	}
	if err != nil {
		return look{}, err
	}
	return look{true, info.Size(), info.ModTime()}, nil
}

// put sets a row. It stays where it is unless its place changes.
func (t *table) put(key string, age int64, place string, values ...string) {
	text := t.encode(values)
	if old := t.at[key]; old != nil {
		if bytes.Equal(old.text, text) {
			return
		}
		if old.place == place {
			was := *old
			old.text, old.age, t.changed = text, age, true
			t.undo = append(t.undo, func() { *old = was })
			return
		}
		t.remove(key)
	}
	r := &row{age: age, place: place, text: text}
	t.rows, t.at[key], t.changed = append(t.rows, r), r, true
	t.undo = append(t.undo, func() {
		t.rows = t.rows[:len(t.rows)-1]
		delete(t.at, key)
	})
}

func (t *table) remove(key string) {
	r := t.at[key]
	if r == nil {
		return
	}
	delete(t.at, key)
	r.gone, t.changed = true, true
	t.undo = append(t.undo, func() { r.gone, t.at[key] = false, r })
}

// end makes what was put the table, or takes it back.
func (t *table) end(written bool) {
	if !written {
		for _, undo := range slices.Backward(t.undo) {
			undo()
		}
	} else if len(t.undo) > 0 {
		t.rows = t.live()
	}
	t.undo, t.changed = nil, false
}

// live is the rows that are there.
func (t *table) live() []*row {
	rows := slices.DeleteFunc(slices.Clone(t.rows), func(r *row) bool { return r.gone })
	if t.byAge {
		slices.SortStableFunc(rows, func(a, b *row) int { return cmp.Compare(a.age, b.age) })
	}
	return rows
}

// encode is values as a line of the file.
func (t *table) encode(values []string) []byte {
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	w.Comma = t.comma
	_ = w.Write(values) // to memory
	w.Flush()
	return line.Bytes()
}

// write writes the table to another file, and waits until it is on the disk.
func (t *table) write() error {
	now, err := lookAt(t.path)
	if err != nil {
		return err
	}
	if !t.ours {
		return errors.New("it has rows or columns that would be lost")
	}
	if now != t.seen {
		return errors.New("somebody else has changed it meanwhile; run it again")
	}
	f, err := os.OpenFile(t.half, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	if err := errors.Join(t.writeTo(f), t.keepMode(f), f.Sync()); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (t *table) writeTo(f io.Writer) error {
	w := bufio.NewWriterSize(f, 64<<10)
	names := make([]string, 0, len(t.columns))
	for _, c := range t.columns {
		names = append(names, c.Names[0])
	}
	_, err := w.Write(t.encode(names))
	for _, r := range t.live() {
		if err == nil {
			_, err = w.Write(r.text)
		}
	}
	return errors.Join(err, w.Flush())
}

// keepMode gives the new file the permissions of the old one.
func (t *table) keepMode(f *os.File) error {
	info, err := os.Stat(t.path)
	if err != nil {
		return nil // there is none
	}
	return f.Chmod(info.Mode().Perm())
}

func (t *table) replace() (err error) {
	if err := os.Rename(t.half, t.path); err != nil {
		return err
	}
	t.seen, err = lookAt(t.path)
	return err
}
