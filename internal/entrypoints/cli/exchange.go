package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

// exchange is one request with many commands, and its answer.
type exchange struct {
	*client
	first domain.Message
	next  func() (domain.Message, bool)

	writing sync.Mutex    // held while something is written
	lines   int           // that were written
	room    chan struct{} // has a token for each command without answer

	mu       sync.Mutex
	asked    []asked // in the order in which they are answered
	answered int
}

// asked is a command that was written, or is about to be, on a line.
type asked struct {
	cmd  domain.Message
	line int
}

// run yields the outcome of each command of the request.
func (x *exchange) run(ctx context.Context, yield func(service.Outcome[any]) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	body, to := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := x.write(ctx, bufio.NewWriterSize(to, 64<<10)) // or each command would be a packet of its own
		to.CloseWithError(err)                               // nil is the end of the request
		written <- err
	}()
	err := x.read(ctx, body, yield)
	cancel()
	body.Close() // so that nothing waits to be read any more
	if failed := <-written; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return failed // that is why the answer broke off
	}
	return err
}

// write writes commands, until there are no more or the request is large enough.
func (x *exchange) write(ctx context.Context, to *bufio.Writer) error {
	defer x.keepAlive(to)()
	for cmd, ok, size := x.first, true, 0; ok; cmd, ok = x.next() {
		line, err := wire.EncodeCommand(cmd)
		if err != nil {
			return err
		}
		x.waitForRoom(ctx)
		if err := x.writeLine(to, cmd, append(line, '\n')); err != nil {
			return err
		}
		if size += len(line); size > x.request {
			break
		}
	}
	x.writing.Lock()
	defer x.writing.Unlock()
	return to.Flush()
}

// waitForRoom waits while very many commands have no answer, but not for long:
// how many of them a server wants to have before it answers is its own business.
func (x *exchange) waitForRoom(ctx context.Context) {
	select {
	case x.room <- struct{}{}:
		return
	default:
	}
	select {
	case x.room <- struct{}{}:
	case <-time.After(x.client.keepAlive):
	case <-ctx.Done():
	}
}

func (x *exchange) writeLine(to io.Writer, cmd domain.Message, line []byte) error {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.lines++
	x.mu.Lock()
	x.asked = append(x.asked, asked{cmd, x.lines})
	x.mu.Unlock()
	_, err := to.Write(line)
	return err
}

// keepAlive sends what was written on its way now and then, with an empty line
// that the server passes over: where commands come from may be slow, and a
// request that stands still is given up. It stops when the function that it
// returns is called.
func (x *exchange) keepAlive(to *bufio.Writer) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stopped:
				return
			case <-time.After(x.client.keepAlive):
			}
			x.writing.Lock()
			x.lines++
			_, _ = to.WriteString("\n") // the next command meets the error as well
			_ = to.Flush()
			x.writing.Unlock()
		}
	}()
	return func() { close(stopped); <-ended }
}

// read makes the request and reads its answer.
func (x *exchange) read(ctx context.Context, body io.Reader, yield func(service.Outcome[any]) bool) error {
	answer, err := x.post(ctx, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(make([]byte, 0, 64<<10), mostAnswer)
	for lines.Scan() {
		oldest, ok := x.oldest()
		if !ok {
			return x.end(lines.Bytes())
		}
		line, outcome, err := wire.DecodeAnswer(lines.Bytes(), oldest.cmd)
		if err == nil && line != oldest.line {
			err = fmt.Errorf("line %d was answered, not line %d", line, oldest.line)
		}
		if err != nil {
			return x.brokeOff(err)
		}
		if !yield(outcome) {
			return errNoMore
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return x.brokeOff(errors.Join(lines.Err(), io.ErrUnexpectedEOF))
}

// oldest takes the command that is to be answered next.
func (x *exchange) oldest() (asked, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.asked) == 0 {
		return asked{}, false
	}
	oldest := x.asked[0]
	x.asked[0] = asked{} // so that it is not kept in memory
	x.asked = x.asked[1:]
	x.answered++
	select {
	case <-x.room:
	default:
	}
	return oldest, true
}

// end checks the summary that ends an answer.
func (x *exchange) end(line []byte) error {
	s, err := wire.DecodeSummary(line)
	if err == nil && s.Lines != x.answered {
		err = fmt.Errorf("it counts %d commands, not %d", s.Lines, x.answered)
	}
	if err != nil {
		return x.brokeOff(err)
	}
	return nil
}

// post returns the answer to the request if it is one to the commands.
func (x *exchange) post(ctx context.Context, body io.Reader) (*http.Response, error) {
	url := x.url + "/v1/bulk"
	if x.dryRun {
		url += "?dry_run=true"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	if id := x.first.CameFrom().Correlation; id != "" {
		request.Header.Set("X-Request-Id", id) // events that come of it carry it
	}
	x.show(request, x.first.CameFrom().Actor)
	answer, err := x.do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		return nil, x.refused(answer)
	}
	return answer, nil
}

// refused is the error of a request that was refused as a whole. It is no
// fault of any one command.
func (x *exchange) refused(answer *http.Response) error {
	err := x.problem(answer)
	return &failure{wire.ExitCode(err), fmt.Sprintf("the server at %s refused: %v", x.url, err), err.Hint}
}

func (x *exchange) brokeOff(err error) error {
	return &failure{wire.ExitUnavailable, fmt.Sprintf("the answer of the server at %s broke off: %v", x.url, err),
		"do the same again: what was done already is not done twice"}
}

// innermost is the cause at the bottom of an error, without the layers that
// name the request and the address again.
func innermost(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}
