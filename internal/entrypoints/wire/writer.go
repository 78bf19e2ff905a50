package wire

import (
	"strconv"
)

// writer appends a JSON object to a buffer. What is empty is left out, but for
// numbers.
type writer struct{ buf []byte }

func (w *writer) open()  { w.buf = append(w.buf, '{') }
func (w *writer) close() { w.buf = append(w.buf, '}') }

// name begins a member.
func (w *writer) name(name string) {
	if w.buf[len(w.buf)-1] != '{' {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, '"', ':')
}

func (w *writer) text(name, s string) {
	if s == "" {
		return
	}
	w.name(name)
	w.buf = appendText(w.buf, s)
}

func (w *writer) number(name string, n int) {
	w.name(name)
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
}

func (w *writer) flag(name string, is bool) {
	if is {
		w.name(name)
		w.buf = append(w.buf, "true"...)
	}
}

// yesOrNo is flag for what also is said if it is not so.
func (w *writer) yesOrNo(name string, is bool) {
	w.name(name)
	w.buf = strconv.AppendBool(w.buf, is)
}

// appendText appends a JSON string. It escapes what JSON wants escaped and
// passes the rest on as it is, so that what is no Unicode stays what it is
// until somebody refuses it.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
