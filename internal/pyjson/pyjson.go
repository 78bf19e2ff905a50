// Package pyjson writes JSON as the book's service does, byte for byte. It knows
// nothing of what is written.
package pyjson

import "unicode/utf16"

// AppendText appends a text as a JSON string. All but printable ASCII is escaped.
func AppendText(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				b = appendUnit(b, unit)
			}
		}
	}
	return append(b, '"')
}

func appendUnit(b []byte, unit uint16) []byte {
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}
