package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"allot/internal/bootstrap"
	"allot/internal/entrypoints/wire"
)

// feed is which events of a server are followed.
type feed struct {
	types []string // none: all
	sku   string   // empty: any
	after int64    // position of the last that is known; fromNow: what happens next

	last string // id of the last that came; empty: none yet
}

func (f *feed) flags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.types, "type", nil, "only events of a `TYPE`; may be repeated")
	cmd.Flags().StringVar(&f.sku, "sku", "", "only events of the product `SKU`")
	cmd.Flags().Int64Var(&f.after, "after", fromNow, "begin after the event at the `POSITION`; 0: with the first")
}

// fromNow stands for no position: what happens next is the first.
const fromNow = -1

const (
	followAgain = time.Second // after a server stopped

	// mostEvent is how long an event may be, in bytes.
	mostEvent = 4 << 20
)

// follow has do take each event of a running server as it happens, until ctx
// ends, which is no error, or do fails. If the server stops, it goes on with
// the next one, after the last event that came.
func (r *run) follow(ctx context.Context, f feed, do func(logged) error) error {
	if f.after < fromNow {
		return usage("leave it out to begin with what happens next", "--after is %d; it must be the position of an event, or 0", f.after)
	}
	for first := true; ; first = false {
		err := r.followOnce(ctx, &f, do)
		var failed *failure
		switch {
		case ctx.Err() != nil:
			return nil
		case ended(err):
			r.say("the server stopped; waiting for it")
		case !first && errors.As(err, &failed) && failed.exit == wire.ExitUnavailable:
		default:
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followAgain):
		}
	}
}

// followOnce follows a server until it stops, or can't be reached.
func (r *run) followOnce(ctx context.Context, f *feed, do func(logged) error) error {
	s, err := r.running()
	if err != nil {
		return err
	}
	defer s.close() // there is nothing to lose
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/v1/stream?"+f.query(), nil)
	if err != nil {
		return fmt.Errorf("ask the server at %s: %w", s.url, err)
	}
	if f.last != "" {
		request.Header.Set("Last-Event-ID", f.last)
	}
	s.show(request, s.actor)
	answer, err := s.do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= http.StatusBadRequest {
		return s.problem(answer)
	}
	return f.read(answer.Body, r.say, do)
}

// running is the server that was named, or that has the database open.
func (r *run) running() (remote, error) {
	if r.config.Server != "" {
		c, err := r.toServer()
		return remote{c, r.origin().Actor}, err
	}
	if r.config.Postgres() {
		return remote{}, usage("name one of its servers with --server, as http://127.0.0.1:5005", "which server is to be asked can't be seen from %s: any number may use it", r.config.DatabaseName())
	}
	owner, ok := bootstrap.OwnerOf(r.config.Database())
	if !ok || owner.URL == "" {
		return remote{}, &failure{wire.ExitUnavailable, "no server runs on " + r.config.DatabaseName(), "start allot serve, or name a server with --server"}
	}
	return remote{r.toOwner(owner), r.origin().Actor}, nil
}

// tellGap says that the log ends before what was asked for.
func tellGap(value string, say func(string, ...any)) error {
	var gap struct{ Asked, End int64 }
	if err := json.Unmarshal([]byte(value), &gap); err != nil {
		return fmt.Errorf("read where the log ends: %w", err)
	}
	say("warning: the log ends with event %d, and event %d was asked for: it may be of a backup that was restored, and read again what you have of it; what happens from now on follows", gap.End, gap.Asked)
	return nil
}

func (f *feed) query() string {
	q := url.Values{}
	if f.after >= 0 {
		q.Set("after", strconv.FormatInt(f.after, 10))
	}
	if len(f.types) > 0 {
		q.Set("types", strings.Join(f.types, ","))
	}
	if f.sku != "" {
		q.Set("sku", f.sku)
	}
	return q.Encode()
}

// read reads server-sent events until they end, with io.EOF if nothing else is
// wrong.
func (f *feed) read(body io.Reader, say func(string, ...any), do func(logged) error) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, mostEvent)
	id, kind := "", ""
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "event":
			kind = value
		case "":
			f.last, kind = id, ""
		case "data":
			if kind == "gap" {
				if err := tellGap(value, say); err != nil {
					return err
				}
				continue
			}
			var e logged
			if err := json.Unmarshal([]byte(value), &e); err != nil {
				return fmt.Errorf("read event %s: %w", id, err)
			}
			e.Event.Data = e.Data
			if err := do(e); err != nil {
				return err
			}
			f.last = id
		}
	}
	return io.EOF // however the connection broke off
}
