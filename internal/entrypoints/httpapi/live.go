package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

const (
	// MaxStreams is how many live feeds there may be at once.
	MaxStreams = 256

	heartbeat  = 15 * time.Second // so that nobody in between thinks the stream dead
	lookAgain  = time.Second      // for what other processes commit
	mostBehind = 10 * time.Second // that a client may take for what it is sent; slower ones are dropped
)

// feed is a live feed: the event log from some position on, as it grows.
type feed struct {
	*api
	w       http.ResponseWriter
	control *http.ResponseController
	after   int64    // position of the last event that was looked at
	types   []string // of events that are sent; none: all
	sku     string   // that they are about; empty: any
	buf     []byte
	spoke   time.Time // when something was sent
}

var liveDoc = operation{
	id: "stream_events", summary: "The event log as it grows",
	detail: "Server-sent events, one for each event of the log, in order, each once. It begins after the event that the header Last-Event-ID or `after` names " +
		"(0: from the start), or else with what happens next. `data` is an event as a list has it. A comment every 15 seconds shows that the stream lives. " +
		"A client that asks for more than the log has, as after a backup was restored, gets `event: gap` and should read again what it knows.",
	query: []string{"after", "types", "sku"}, text: "text/event-stream",
}

var shortLiveDoc = operation{
	id: "stream", summary: "The event log as it grows", detail: "The same as `/v1/events/stream`.", query: liveDoc.query, text: liveDoc.text,
}

// live answers GET /v1/events/stream, and /v1/stream, with server-sent events. It goes on after
// the event that the header Last-Event-ID or the parameter after names, or else
// after the last one there is, and sends each event once, in order. It ends
// when the client goes, is too slow, or the server stops.
func (a *api) live(w http.ResponseWriter, r *http.Request) {
	f := &feed{api: a, w: w, control: http.NewResponseController(w)}
	end, err := f.begin(r)
	if err != nil {
		a.fail(w, r, err, wire.ProblemOf(err))
		return
	}
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		err := &domain.Error{Kind: domain.Unavailable, Code: service.CodeUnavailable, Message: fmt.Sprintf("there are %d live feeds already", MaxStreams),
			Hint: "come back in a moment, or read the log in another way"}
		a.fail(w, r, err, wire.ProblemOf(err))
		return
	}
	if err := f.run(r, end); err != nil && r.Context().Err() == nil {
		a.log.WarnContext(r.Context(), "live feed broke off", "error", err, "after", f.after, "request_id", requestID(w))
	}
}

// begin reads from where a client wants the log, and returns where it ends.
func (f *feed) begin(r *http.Request) (end int64, _ error) {
	given, err := parameters(r, "after", "types", "sku")
	if err != nil {
		return 0, err
	}
	stats, err := f.views.Stats(r.Context())
	if err != nil {
		return 0, err
	}
	f.after, f.sku = stats.Events, given["sku"]
	if f.types, err = f.typesIn(given); err != nil {
		return 0, err
	}
	for field, text := range map[string]string{"after": given["after"], "Last-Event-ID": r.Header.Get("Last-Event-ID")} {
		if text == "" || field == "after" && r.Header.Get("Last-Event-ID") != "" { // the header is what a browser comes back with
			continue
		}
		if f.after, err = strconv.ParseInt(text, 10, 64); err != nil || f.after < 0 {
			return 0, badParameter(field, "send the id of the last event that you had, or 0 for all", "%s is %q", field, text)
		}
	}
	return stats.Events, nil
}

// run sends what there is, and then what comes.
func (f *feed) run(r *http.Request, end int64) error {
	if err := f.control.SetReadDeadline(time.Time{}); err != nil { // the server's is for requests that end
		return err
	}
	h := f.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // for proxies
	if r.Method == http.MethodHead {
		return nil
	}
	f.buf = fmt.Appendf(f.buf, "retry: 2000\nid: %d\n\n", min(f.after, end)) // who is cut off before the first event misses none
	if f.after > end {
		f.buf = fmt.Appendf(f.buf, "id: %d\nevent: gap\ndata: {\"asked\":%d,\"end\":%[1]d}\n\n", end, f.after)
		f.after = end
	}
	ctx := r.Context()
	for {
		beat := f.commits.Next() // before looking, so that nothing slips in between
		if err := f.send(ctx); err != nil {
			return err
		}
		if err := f.live(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.stopping:
			return nil
		case <-beat:
		case <-time.After(lookAgain):
		}
	}
}

// send sends all events that there are by now.
func (f *feed) send(ctx context.Context) error {
	for more := true; more; {
		list, err := f.views.Events(ctx, views.Page{After: service.CursorAtNumber(f.after), Limit: views.MaxPage})
		if err != nil {
			return err
		}
		for _, e := range list.Items {
			if err := f.append(e); err != nil {
				return err
			}
			f.after = e.Position
		}
		if err := f.flush(); err != nil {
			return err
		}
		more = list.Next != ""
	}
	return nil
}

// liveEvent is an event as a feed has it, and allot export events.
type liveEvent struct {
	views.Event
	Data json.RawMessage `json:"data"`
}

func (f *feed) append(e views.Event) error {
	if !isChosen(e, f.types, f.sku) {
		return nil
	}
	body, err := json.Marshal(liveEvent{e, e.Data})
	if err != nil {
		return fmt.Errorf("encode event %d: %w", e.Position, err)
	}
	f.buf = fmt.Appendf(f.buf, "id: %d\nevent: %s\ndata: %s\n\n", e.Position, e.Type, body)
	return nil
}

// flush sends what was appended. A client that doesn't take it is dropped.
func (f *feed) flush() error {
	if len(f.buf) == 0 {
		return nil
	}
	if err := f.control.SetWriteDeadline(time.Now().Add(mostBehind)); err != nil {
		return err
	}
	if _, err := f.w.Write(f.buf); err != nil {
		return err
	}
	f.buf, f.spoke = f.buf[:0], time.Now()
	return f.control.Flush()
}

// live gives a sign of life if nothing was said for a while.
func (f *feed) live() error {
	if time.Since(f.spoke) < heartbeat {
		return nil
	}
	f.buf = append(f.buf, ": alive\n\n"...)
	return f.flush()
}
