// Package csvrows reads CSV files as people and spreadsheets write them: row by
// row, with a broken one named and the others unharmed, and columns found by
// their names. It doesn't know what the values mean.
package csvrows

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Row is a row of a file.
type Row struct {
	Number int // 1 is the first one after the header
	Line   int // of the file, where it begins; 1 is the header
	Values []string
}

// Rows reads a file row by row. encoding/csv tells the values of a row apart;
// where a row ends is decided here, so that a quote which is never closed
// spoils its own line and not the rest of the file.
type Rows struct {
	in     *bufio.Reader
	csv    *csv.Reader // reads text, and nothing else
	text   feed        // of the present row
	number int
	line   int
}

// mostRow is how long a row may be, in bytes.
const mostRow = 64 << 10

var bom = []byte("\ufeff")

// Open reads the first line of a file in UTF-8, with a byte order mark or
// without, and returns the names of its columns as they are there. Values are
// separated by commas, semicolons or tabs, whichever that line has most of. A
// file whose first line can't be read as CSV is a *domain.Error.
func Open(in io.Reader) (*Rows, []string, error) {
	r := &Rows{in: bufio.NewReaderSize(in, mostRow), line: 1}
	if mark, _ := r.in.Peek(len(bom)); bytes.Equal(mark, bom) {
		_, _ = r.in.Discard(len(bom)) // it is there: it was seen
	}
	r.csv = csv.NewReader(&r.text)
	names, err := r.header()
	return r, names, err
}

// Separator is what stands between two values.
func (r *Rows) Separator() rune { return r.csv.Comma }

// Line is the line of the file that comes next; 1 is the first one.
func (r *Rows) Line() int { return r.line }

// header returns the names of the columns. From then on each row must have as
// many values.
func (r *Rows) header() ([]string, error) {
	for {
		text, err := r.peek()
		if err != nil && !errors.Is(err, ErrEnd) {
			return nil, fmt.Errorf("read the first line: %w", err)
		}
		if err := checkText(string(text)); err != nil {
			return nil, err
		}
		r.csv.Comma = separatorOf(string(text))
		names, err := r.parse(text)
		if err != nil && !errors.Is(err, errEmptyLine) {
			return nil, BadHeader("the first line must name the columns", "the first line can't be read: %v", err)
		}
		if r.skip(text); err == nil {
			return names, nil
		}
	}
}

// ErrEnd is what Next returns when there are no more rows.
var ErrEnd = errors.New("the file is at its end")

var (
	errEmptyLine = errors.New("the line is empty")
	errTooLong   = fmt.Errorf("the row is too long: write at most %d bytes, line end included", mostRow-1)
)

// Next returns the next row, or ErrEnd if there is none. If the values can't be
// told apart there is a *Malformed as well, with the text in their place.
func (r *Rows) Next() (Row, error) {
	for {
		text, err := r.peek()
		if err != nil {
			return Row{}, err
		}
		values, err := r.parse(text)
		if errors.Is(err, errEmptyLine) {
			r.skip(text)
			continue
		}
		r.number++
		found := Row{Number: r.number, Line: r.line, Values: values}
		if err != nil && !errors.Is(err, csv.ErrFieldCount) {
			text = firstLine(text) // what follows may be fine
		}
		if err != nil {
			err = r.malformed(err, text, len(values))
		}
		r.skip(text)
		return found, err
	}
}

// Malformed says that the values of a row can't be told apart.
type Malformed struct{ Problem, Text string }

func (m *Malformed) Error() string { return m.Problem }

func (r *Rows) malformed(err error, text []byte, values int) *Malformed {
	m := &Malformed{Problem: err.Error(), Text: strings.TrimRight(string(text), "\r\n")}
	switch {
	case errors.Is(err, errTooLong):
		m.Text = Shorten(m.Text)
	case errors.Is(err, csv.ErrFieldCount):
		m.Problem = fmt.Sprintf("the row has %d values, but the first line names %d columns: put values that hold a %q in quotes",
			values, r.csv.FieldsPerRecord, r.csv.Comma)
	case errors.Is(err, csv.ErrBareQuote):
		m.Problem = `a value that is not in quotes has a quote: put it in quotes and write "" for each quote in it`
	case errors.Is(err, csv.ErrQuote):
		m.Problem = `the quotes don't match: write "" for each quote inside of a value, and one " to end it`
	}
	return m
}

// peek returns the text of the next row, or of the line that it begins with if
// it doesn't end; ErrEnd if there is none. The text is valid until r is read
// from again.
func (r *Rows) peek() ([]byte, error) {
	for more := 0; ; more = 1 {
		_, err := r.in.Peek(r.in.Buffered() + more)
		text, _ := r.in.Peek(r.in.Buffered())
		if end := endOfRow(text); end > 0 {
			return text[:end], nil
		}
		switch {
		case err == nil:
		case err != io.EOF && err != bufio.ErrBufferFull:
			return nil, err
		case len(text) == 0:
			return nil, ErrEnd
		case err == io.EOF && quotes(text)%2 == 0:
			return text, nil
		default:
			return firstLine(text), nil
		}
	}
}

// endOfRow is where the first row in text ends: after the first line end that
// is not in quotes. 0: not in this text.
func endOfRow(text []byte) int {
	end, open := 0, 0
	for {
		n := bytes.IndexByte(text[end:], '\n') + 1
		if n == 0 {
			return 0
		}
		open += quotes(text[end : end+n])
		if end += n; open%2 == 0 {
			return end
		}
	}
}

func quotes(text []byte) int { return bytes.Count(text, []byte{'"'}) }

// firstLine is the first line of a text, or all of it if it has only one.
func firstLine(text []byte) []byte {
	if n := bytes.IndexByte(text, '\n'); n >= 0 {
		return text[:n+1]
	}
	return text
}

// parse splits the text of a row into values, or returns errEmptyLine.
func (r *Rows) parse(text []byte) ([]string, error) {
	if len(text) >= mostRow {
		return nil, errTooLong
	}
	r.text = text
	values, err := r.csv.Read()
	if err == io.EOF {
		return nil, errEmptyLine
	}
	for rest := err; rest != nil && rest != io.EOF; {
		_, rest = r.csv.Read() // what it has taken of the text must not get into the next row
	}
	return values, err
}

// skip goes past the text of a row, and to the end of its line if it is too long.
func (r *Rows) skip(text []byte) {
	r.line += bytes.Count(text, []byte{'\n'})
	tooLong := len(text) >= mostRow && text[len(text)-1] != '\n'
	_, _ = r.in.Discard(len(text)) // it is there: it was seen
	for tooLong {
		rest, err := r.in.ReadSlice('\n')
		r.line += bytes.Count(rest, []byte{'\n'})
		tooLong = err == bufio.ErrBufferFull
	}
}

// feed hands a text to a reader, and then says that it is at its end.
type feed []byte

func (f *feed) Read(p []byte) (int, error) {
	if len(*f) == 0 {
		return 0, io.EOF
	}
	n := copy(p, *f)
	*f = (*f)[n:]
	return n, nil
}

// Shorten is the beginning of a text, enough to recognise it.
func Shorten(text string) string {
	const enough = 80
	if len(text) <= enough {
		return text
	}
	return strings.ToValidUTF8(text[:enough], "") + "..."
}
