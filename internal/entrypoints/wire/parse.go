package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of the JSON that is read.
const (
	MaxDepth   = 8   // objects and lists inside of one another, the outermost one included
	MaxMembers = 128 // of one object
)

// pair is a member of an object: its name, and the JSON of its value.
type pair struct{ name, value []byte }

// parse reads one JSON object and appends its members to pairs. It refuses what
// encoding/json is lenient about: a name that comes twice, at any depth, text
// that is not Unicode, and anything beside the object. The members share memory
// with data.
func parse(data []byte, pairs []pair) ([]pair, error) {
	if err := wellFormed(data); err != nil {
		return nil, err
	}
	s := scanner{data: data}
	if c := s.next(); c != '{' {
		return nil, malformed(`send an object: {"name": value, ...}`, "the JSON is %s, not an object", shorten(data))
	}
	return s.object(1, pairs)
}

// wellFormed refuses what is no JSON at all.
func wellFormed(data []byte) error {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return malformed(`send an object: {"name": value, ...}`, "there is no JSON: what was sent is empty")
	case !utf8.Valid(data):
		return malformed("send UTF-8", "the JSON is not valid UTF-8")
	case json.Valid(data):
		return nil
	}
	err := json.Unmarshal(data, new(json.RawMessage))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return malformed("send one JSON object and nothing else", "the JSON is wrong at byte %d: %v", syntax.Offset, err)
	}
	return malformed("send one JSON object and nothing else", "the JSON is wrong: %v", err)
}

// scanner goes through JSON that is known to be well-formed.
type scanner struct {
	data []byte
	at   int
}

// next is the first byte of what comes next. Colons and commas are blanks to
// it: they are where they belong.
func (s *scanner) next() byte {
	for {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return c
		}
	}
}

func (s *scanner) object(depth int, pairs []pair) (_ []pair, err error) {
	if err := checkDepth(depth); err != nil {
		return nil, err
	}
	for s.at++; s.next() != '}'; {
		var p pair
		if p.name, err = s.text(); err != nil {
			return nil, err
		}
		p.name = plain(p.name)
		if err := checkName(p.name, pairs); err != nil {
			return nil, err
		}
		if p.value, err = s.value(depth); err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	s.at++
	return pairs, nil
}

func (s *scanner) list(depth int) error {
	if err := checkDepth(depth); err != nil {
		return err
	}
	for s.at++; s.next() != ']'; {
		if _, err := s.value(depth); err != nil {
			return err
		}
	}
	s.at++
	return nil
}

// value returns the JSON of a value inside of something of the given depth.
func (s *scanner) value(depth int) (_ []byte, err error) {
	first := s.next()
	from := s.at
	switch first {
	case '"':
		return s.text()
	case '{':
		_, err = s.object(depth+1, nil)
	case '[':
		err = s.list(depth + 1)
	default:
		s.literal()
	}
	return s.data[from:s.at], err
}

// literal goes past a number, true, false or null.
func (s *scanner) literal() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n', ',', ']', '}':
			return
		}
		s.at++
	}
}

// text returns the JSON of a string, quotes included.
func (s *scanner) text() ([]byte, error) {
	from, escapes := s.at, false
	for s.at++; s.data[s.at] != '"'; s.at++ {
		if s.data[s.at] == '\\' {
			escapes = true
			s.at++
		}
	}
	s.at++
	text := s.data[from:s.at]
	if escapes && hasLoneSurrogate(text) {
		return nil, malformed("send both halves of a character, or the character itself", "the text %s has half of a UTF-16 pair", shorten(text))
	}
	return text, nil
}

// hasLoneSurrogate reports whether a string has an escape that is half of a
// character. encoding/json would put another character in its place.
func hasLoneSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if r := escaped(text[i:]); utf16.IsSurrogate(r) {
			i += 5 // past uXXXX
			if text[i] != '\\' || utf16.DecodeRune(r, escaped(text[i+1:])) == utf8.RuneError {
				return true
			}
			i++
		}
	}
	return false
}

// escaped is the code unit of an escape that text begins with, behind the
// backslash; 0 if it is another kind of escape.
func escaped(text []byte) rune {
	if text[0] != 'u' {
		return 0
	}
	r, err := strconv.ParseUint(string(text[1:5]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(r)
}

// plain is what a string says: without quotes and escapes.
func plain(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1]
	}
	var s string
	_ = json.Unmarshal(text, &s) // it is well-formed
	return []byte(s)
}

func checkDepth(depth int) error {
	if depth > MaxDepth {
		return malformed("send a flat object", "the JSON has more than %d levels inside of one another", MaxDepth)
	}
	return nil
}

func checkName(name []byte, pairs []pair) error {
	if len(pairs) == MaxMembers {
		return malformed("send fewer members", "an object has more than %d members", MaxMembers)
	}
	for _, p := range pairs {
		if bytes.Equal(p.name, name) {
			return malformed("send each member once", "an object has the member %q twice", shorten(name))
		}
	}
	return nil
}

// shorten is the beginning of a text, enough to recognise it.
func shorten(text []byte) string {
	const enough = 60
	text = bytes.TrimSpace(text)
	if len(text) <= enough {
		return string(text)
	}
	return string(bytes.ToValidUTF8(text[:enough], nil)) + "..."
}
