package cli

import (
	"log/slog"
	"strconv"
	"strings"
	"unicode"

	"allot/internal/config"
)

// log is where servers write what happens: to standard error.
func (r *run) log() *slog.Logger {
	if f := r.config.LogFormat; f == config.LogText || f == config.LogAuto && r.Terminal(r.Err) {
		return slog.New(slog.NewTextHandler(r.Err, &slog.HandlerOptions{Level: r.config.LogLevel}))
	}
	return slog.New(slog.NewJSONHandler(r.Err, &slog.HandlerOptions{Level: r.config.LogLevel, ReplaceAttr: visible}))
}

// accessLevel is how important the lines of the access log are.
func (r *run) accessLevel() slog.Level {
	if r.config.AccessLog {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// visible writes out what can't be seen in a text: clients choose paths, and
// nothing that they send may move the cursor of who reads the log, colour it or
// turn its direction. JSON does that for line ends and the like, and text for
// everything.
func visible(_ []string, a slog.Attr) slog.Attr {
	text := ""
	switch a.Value.Kind() {
	case slog.KindString:
		text = a.Value.String()
	case slog.KindAny:
		err, ok := a.Value.Any().(error)
		if !ok {
			return a
		}
		text = err.Error()
	default:
		return a
	}
	a.Value = slog.StringValue(escaped(text))
	return a
}

func escaped(text string) string {
	if strings.IndexFunc(text, isInvisible) < 0 {
		return text
	}
	var out strings.Builder
	for _, c := range text {
		if isInvisible(c) {
			out.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		} else {
			out.WriteRune(c)
		}
	}
	return out.String()
}

// isInvisible reports whether c is a control or format character that JSON
// lets pass.
func isInvisible(c rune) bool { return c >= 0x7f && unicode.In(c, unicode.Cc, unicode.Cf) }
