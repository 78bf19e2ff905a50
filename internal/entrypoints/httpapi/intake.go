package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// intake reads the lines of a bulk request and remembers those that have no
// answer yet. Lines are read ahead of the answers, on another goroutine.
type intake struct {
	body    io.Reader
	control *http.ResponseController
	origin  domain.Origin
	caller  access.Caller // who may not do everything
	by      time.Time     // when all must have been read; zero: when it is
	stopped atomic.Bool

	mu    sync.Mutex
	asked []numbered // in order
	err   error      // why reading ended: io.EOF if all was read
}

// numbered is a command and the line that it was on, 1 being the first.
type numbered struct {
	line int
	cmd  domain.Message
}

// notACommand stands in for a line that is no command, so that it is answered
// when it is its turn: it is refused like a command that makes no sense.
type notACommand struct {
	domain.Allocate
	why error
}

// Validate implements domain.Message.
func (c notACommand) Validate() error { return c.why }

// commands yields the command on each line that isn't blank.
func (in *intake) commands() iter.Seq[domain.Message] {
	return func(yield func(domain.Message) bool) {
		lines := bufio.NewReaderSize(in, MaxLine+len("\r\n"))
		for n := 1; ; n++ {
			text, tooLong, err := readLine(lines)
			if why := in.cut(err); why != nil {
				yield(in.expect(n, notACommand{why: why}))
				in.end(io.EOF)
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				in.end(err)
				return
			}
			if (tooLong || len(bytes.TrimSpace(text)) > 0) && !yield(in.expect(n, in.decode(text, tooLong))) {
				return
			}
			if err != nil {
				in.end(io.EOF)
				return
			}
		}
	}
}

// cut is what the line is answered with at which we read no further, nil if
// there is more or reading failed.
func (in *intake) cut(err error) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge("the request is too large", tooLarge.Limit, "send this line and those after it in another request")
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !in.by.IsZero() && !time.Now().Before(in.by) {
		return &domain.Error{Kind: domain.Unavailable, Code: service.CodeTimedOut, Message: "the dry run takes too long: what comes from this line on isn't tried",
			Hint: "send all of it without waiting, or less of it"}
	}
	return nil
}

// readLine returns the next line, valid until it is called again, or only that
// it was too long.
func readLine(lines *bufio.Reader) (text []byte, tooLong bool, err error) {
	text, err = lines.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		_, err = lines.ReadSlice('\n')
	}
	text = bytes.TrimRight(text, "\r\n")
	return text, tooLong || len(text) > MaxLine, err
}

func (in *intake) decode(text []byte, tooLong bool) domain.Message {
	if tooLong {
		return notACommand{why: errTooLarge("the line is too long", MaxLine, "send one command a line")}
	}
	cmd, err := wire.DecodeCommand(text, in.origin)
	if err != nil {
		return notACommand{why: err}
	}
	if scope := access.ScopeOf(cmd); !in.caller.May(scope) {
		return notACommand{why: access.MayNot(in.caller, scope)}
	}
	return cmd
}

// expect remembers that a command is to be answered.
func (in *intake) expect(line int, cmd domain.Message) domain.Message {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.asked = append(in.asked, numbered{line, cmd})
	return cmd
}

// oldest takes the command that is to be answered next.
func (in *intake) oldest() (numbered, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.asked) == 0 {
		return numbered{}, false
	}
	first := in.asked[0]
	in.asked[0] = numbered{} // so that it is not kept in memory
	in.asked = in.asked[1:]
	return first, true
}

func (in *intake) end(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.err = err
}

// unfinished is an error if not all of the request was read and answered.
func (in *intake) unfinished() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.err != nil && !errors.Is(in.err, io.EOF):
		return fmt.Errorf("read the request: %w", in.err)
	case in.err == nil || len(in.asked) > 0:
		return fmt.Errorf("the client has gone, with %d lines unanswered", len(in.asked))
	}
	return nil
}

var errStopped = errors.New("nobody wants further lines")

// Read implements io.Reader. The body may take its time as a whole, but must
// not stand still.
func (in *intake) Read(p []byte) (int, error) {
	if err := in.control.SetReadDeadline(soon(in.by)); err != nil {
		return 0, err
	}
	if in.stopped.Load() {
		return 0, errStopped
	}
	n, err := in.body.Read(p)
	if errors.Is(err, io.EOF) { // from now on the connection may be silent
		_ = in.control.SetReadDeadline(time.Time{}) // fails only if there is no connection any more
	}
	return n, err
}

// stop ends Read, even one that is waiting.
func (in *intake) stop() {
	in.stopped.Store(true)
	_ = in.control.SetReadDeadline(time.Now()) // fails only if there is no connection any more
}
