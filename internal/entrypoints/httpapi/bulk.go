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

	// MaxBulks is how many bulk requests are done at once. Each has some thousand
	// commands in memory.
	MaxBulks = 16

	// MaxDryRuns is how many of them may be dry runs, which keep a connection to
	// the database each: others need some too.
	MaxDryRuns = 4

	// DefaultDryRun is how long a bulk dry run may take as a whole. All of it sees
	// the shop as of one moment, and what was written since can't be put away
	// before it ends.
	DefaultDryRun = time.Minute
)

var bulkDoc = operation{
	id: "bulk", summary: "Many commands in one request, answered line by line",
	detail: "NDJSON in both directions: a command a line in, an answer a line out, in order, and a summary at the end. The answer is always 200: " +
		"each line of it has an `http_status` of its own. 64 KiB a line, 256 MiB a request; 16 requests at once. Of them 4 may be dry runs, " +
		"which end after a minute.",
	query: []string{"dry_run"}, ndjson: true, problems: []string{wire.CodeTooLarge, wire.CodeUnsupportedMediaType, service.CodeOverloaded},
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
	leave := func() {}
	if err == nil {
		leave, err = a.enterBulk(dryRun)
	}
	if err == nil {
		defer leave()
		err = http.NewResponseController(w).EnableFullDuplex()
	}
	if err != nil {
		a.fail(w, r, err, wire.ProblemOf(err))
		return
	}
	if err := a.stream(w, r, dryRun); err != nil {
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

// enterBulk takes one of the places for bulk requests, until leave is called.
func (a *api) enterBulk(dryRun bool) (leave func(), _ error) {
	select {
	case a.bulks <- struct{}{}:
	default:
		return nil, tooManyBulks(MaxBulks, "bulk requests")
	}
	if !dryRun {
		return func() { <-a.bulks }, nil
	}
	select {
	case a.dryRuns <- struct{}{}:
		return func() { <-a.dryRuns; <-a.bulks }, nil
	default:
		<-a.bulks
		return nil, tooManyBulks(MaxDryRuns, "dry runs of bulk requests")
	}
}

func tooManyBulks(most int, what string) error {
	return &domain.Error{Kind: domain.Unavailable, Code: service.CodeOverloaded, Message: fmt.Sprintf("%d %s are being done already, and no more may", most, what),
		Hint: "send it again when one of them is done; one request may have any number of lines"}
}

type performer func(context.Context, *service.Bus, iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]]

// stream has the lines of a request done, and answers each.
func (a *api) stream(w http.ResponseWriter, r *http.Request, dryRun bool) error {
	var perform performer = service.SendEach
	control := http.NewResponseController(w)
	in := &intake{body: http.MaxBytesReader(w, r.Body, MaxBulk), control: control, origin: originOf(w, r), caller: access.CallerOf(r.Context())}
	out := &outflow{w: w, control: control, summary: wire.Summary{DryRun: dryRun}}
	if dryRun {
		perform, in.by = service.PreviewEach, time.Now().Add(a.dryRun)
		out.by = in.by.Add(MaxIdle) // what was read is answered
	}
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
