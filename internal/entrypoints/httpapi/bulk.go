package httpapi

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"time"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
)

const (
	// MaxLine is how long a line of a bulk request may be, in bytes, without
	// its end.
	MaxLine = 64 << 10

	// MaxBulk is how large a bulk request may be, in bytes.
	MaxBulk = 256 << 20

	// MaxIdle is how long a bulk request may stand still: nothing comes in that
	// was asked for, or nobody takes what goes out. As a whole it may take as
	// long as it takes.
	MaxIdle = 30 * time.Second
)

var bulkDoc = operation{
	id: "bulk", summary: "Many commands in one request, answered line by line",
	detail: "NDJSON in both directions: a command a line in, an answer a line out, in order, and a summary at the end. The answer is always 200: " +
		"each line of it has an `http_status` of its own. 64 KiB a line, 256 MiB a request.",
	query: []string{"dry_run"}, ndjson: true, problems: []string{wire.CodeTooLarge, wire.CodeUnsupportedMediaType},
}

// bulk answers POST /v1/bulk: commands, one a line, with their answers, one a
// line and in the same order, while further ones are being read. A line that is
// no command is answered as well, and the rest goes on. A client must read
// while it writes, and must not wait for an answer before it writes on: some
// thousand lines may be on their way.
//
// The last line of the answer is the summary. If the request broke off there is
// none, and the answer breaks off as well.
func (a *api) bulk(w http.ResponseWriter, r *http.Request) {
	dryRun, err := checkBulk(r)
	if err == nil {
		err = http.NewResponseController(w).EnableFullDuplex()
	}
	if err != nil {
		a.fail(w, r, err, wire.ProblemOf(err))
		return
	}
	perform := service.SendEach
	if dryRun {
		perform = service.PreviewEach
	}
	if err := a.stream(w, r, perform, wire.Summary{DryRun: dryRun}); err != nil {
		a.log.WarnContext(r.Context(), "bulk broke off", "error", err, "request_id", requestID(w))
		panic(http.ErrAbortHandler)
	}
}

// checkBulk refuses a request before anything of it is done.
func checkBulk(r *http.Request) (dryRun bool, _ error) {
	if err := checkType(r, ndjsonTypes...); err != nil {
		return false, err
	}
	if r.ContentLength > MaxBulk {
		return false, errTooLarge("the request is too large", MaxBulk, "divide it among several requests")
	}
	q, err := parameters(r, "dry_run")
	if err != nil {
		return false, err
	}
	return q.dryRun()
}

type performer func(context.Context, *service.Bus, iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]]

// stream has the lines of a request done, and answers each.
func (a *api) stream(w http.ResponseWriter, r *http.Request, perform performer, summary wire.Summary) error {
	control := http.NewResponseController(w)
	in := &intake{body: http.MaxBytesReader(w, r.Body, MaxBulk), control: control, origin: originOf(w, r), caller: access.CallerOf(r.Context())}
	out := &outflow{w: w, control: control, summary: summary}
	if r.Header.Get("Expect") != "" { // the answer begins before anything is read, which would say it
		w.WriteHeader(http.StatusContinue)
	}
	if err := out.begin(); err != nil {
		return err
	}
	for outcome := range perform(r.Context(), a.bus, in.commands()) {
		if err := a.answer(r.Context(), in, out, outcome); err != nil {
			in.stop() // perform doesn't return while a line is being read
			return err
		}
	}
	if err := in.unfinished(); err != nil {
		return err
	}
	return out.end()
}

// answer answers the oldest line that has no answer yet.
func (a *api) answer(ctx context.Context, in *intake, out *outflow, o service.Outcome[any]) error {
	asked, ok := in.oldest()
	if !ok {
		return fmt.Errorf("it failed as a whole: %w", o.Err)
	}
	if o.Err != nil && domain.KindOf(o.Err) == domain.Internal {
		a.log.ErrorContext(ctx, "line failed", "error", o.Err, "line", asked.line, "request_id", in.origin.Correlation)
	}
	return out.answer(asked, o)
}
