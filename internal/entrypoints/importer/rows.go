package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

// row is a row of a file.
type row struct {
	number int // 1 is the first one after the header
	line   int // of the file, where it begins; 1 is the header
	values []string
}

// rows reads a file row by row. encoding/csv tells the values of a row apart;
// where a row ends is decided here, so that a quote which is never closed
// spoils its own line and not the rest of the file.
type rows struct {
	in     *bufio.Reader
	csv    *csv.Reader // reads text, and nothing else
	text   feed        // of the present row
	number int
	line   int
}

// mostRow is how long a row may be, in bytes.
const mostRow = 64 << 10

var bom = []byte("\ufeff")

// open reads the header of a file.
func open(in io.Reader, as Kind) (*rows, columns, error) {
	if err := checkKind(as); err != nil {
		return nil, columns{}, err
	}
	plain, err := decompressed(in)
	if err != nil {
		return nil, columns{}, err
	}
	r := &rows{in: plain, line: 1}
	r.csv = csv.NewReader(&r.text)
	names, err := r.header()
	if err != nil {
		return nil, columns{}, err
	}
	c, err := readHeader(as, names, r.csv.Comma)
	return r, c, err
}

// header returns the names of the columns. From then on each row must have as
// many values.
func (r *rows) header() ([]string, error) {
	for {
		text, err := r.peek()
		if err != nil && !errors.Is(err, errEnd) {
			return nil, fmt.Errorf("read the first line: %w", err)
		}
		if err := checkText(string(text)); err != nil {
			return nil, err
		}
		r.csv.Comma = separatorOf(string(text))
		names, err := r.parse(text)
		if err != nil && !errors.Is(err, errEmptyLine) {
			return nil, badHeader("the first line must name the columns", "the first line can't be read: %v", err)
		}
		if r.skip(text); err == nil {
			return names, nil
		}
	}
}

// decompressed is what in holds, without compression and byte order mark.
func decompressed(in io.Reader) (*bufio.Reader, error) {
	plain := bufio.NewReaderSize(in, mostRow)
	if magic, _ := plain.Peek(2); string(magic) == "\x1f\x8b" {
		unzip, err := gzip.NewReader(plain)
		if err != nil {
			return nil, fmt.Errorf("decompress: %w", err)
		}
		plain = bufio.NewReaderSize(unzip, mostRow)
	}
	if mark, _ := plain.Peek(len(bom)); bytes.Equal(mark, bom) {
		_, _ = plain.Discard(len(bom)) // it is there: it was seen
	}
	return plain, nil
}

var (
	errEnd       = errors.New("the file is at its end")
	errEmptyLine = errors.New("the line is empty")
	errTooLong   = fmt.Errorf("the row is too long: write at most %d bytes, line end included", mostRow-1)
)

// next returns the next row, or errEnd if there is none. If the values can't be
// told apart there is a *malformed as well, with the text in their place.
func (r *rows) next() (row, error) {
	for {
		text, err := r.peek()
		if err != nil {
			return row{}, err
		}
		values, err := r.parse(text)
		if errors.Is(err, errEmptyLine) {
			r.skip(text)
			continue
		}
		r.number++
		found := row{number: r.number, line: r.line, values: values}
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

// malformed says that the values of a row can't be told apart.
type malformed struct{ problem, text string }

func (m *malformed) Error() string { return m.problem }

func (r *rows) malformed(err error, text []byte, values int) *malformed {
	m := &malformed{problem: err.Error(), text: strings.TrimRight(string(text), "\r\n")}
	switch {
	case errors.Is(err, errTooLong):
		m.text = shorten(m.text)
	case errors.Is(err, csv.ErrFieldCount):
		m.problem = fmt.Sprintf("the row has %d values, but the first line names %d columns: put values that hold a %q in quotes",
			values, r.csv.FieldsPerRecord, r.csv.Comma)
	case errors.Is(err, csv.ErrBareQuote):
		m.problem = `a value that is not in quotes has a quote: put it in quotes and write "" for each quote in it`
	case errors.Is(err, csv.ErrQuote):
		m.problem = `the quotes don't match: write "" for each quote inside of a value, and one " to end it`
	}
	return m
}

// peek returns the text of the next row, or of the line that it begins with if
// it doesn't end; errEnd if there is none. The text is valid until r is read
// from again.
func (r *rows) peek() ([]byte, error) {
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
			return nil, errEnd
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
func (r *rows) parse(text []byte) ([]string, error) {
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
	return original(values), err
}

// skip goes past the text of a row, and to the end of its line if it is too long.
func (r *rows) skip(text []byte) {
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

// meter counts what is read.
type meter struct {
	in   io.Reader
	read atomic.Int64
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.in.Read(p)
	m.read.Add(int64(n))
	return n, err
}

// shorten is the beginning of a text, enough to recognise it.
func shorten(text string) string {
	const enough = 80
	if len(text) <= enough {
		return text
	}
	return strings.ToValidUTF8(text[:enough], "") + "..."
}
