package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// outflow writes the answer to a bulk request, a good number of lines at a
// time.
type outflow struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     []byte
	summary wire.Summary
	by      time.Time // when all must be written; zero: when it is
}

// fullBuffer is how many bytes of answers are sent together.
const fullBuffer = 32 << 10

// soon is until when something has to move that must be over at by, if by isn't
// zero.
func soon(by time.Time) time.Time {
	idle := time.Now().Add(MaxIdle)
	if by.IsZero() || by.After(idle) {
		return idle
	}
	return by
}

// begin sends the header, so that a client may read while it writes.
func (o *outflow) begin() error {
	o.w.Header()["Content-Type"] = ndjsonType
	o.w.WriteHeader(http.StatusOK)
	return o.flush()
}

func (o *outflow) answer(asked numbered, outcome service.Outcome[any]) error {
	var status int
	o.buf, status = wire.AppendAnswer(o.buf, asked.line, asked.cmd, outcome)
	o.summary.Lines++
	if status < 400 {
		o.summary.OK++
	} else {
		o.summary.Failed++
	}
	if len(o.buf) < fullBuffer {
		return nil
	}
	return o.flush()
}

// end writes the summary.
func (o *outflow) end() error {
	o.buf = wire.AppendSummary(o.buf, o.summary)
	return o.flush()
}

func (o *outflow) flush() error {
	if err := o.control.SetWriteDeadline(soon(o.by)); err != nil {
		return fmt.Errorf("write answers: %w", err)
	}
	if _, err := o.w.Write(o.buf); err != nil {
		return fmt.Errorf("write answers: %w", err)
	}
	o.buf = o.buf[:0]
	if err := o.control.Flush(); err != nil {
		return fmt.Errorf("write answers: %w", err)
	}
	return nil
}
