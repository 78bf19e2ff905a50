package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"allot/internal/access"
	"allot/internal/domain"
	"allot/internal/entrypoints/importer"
	"allot/internal/service"
	"allot/internal/views"
)

const (
	maxUpload    = 256 << 20 // bytes of a file
	mostUploads  = 16        // files that are kept at once; the oldest makes room
	maxRejection = 16 << 20  // bytes of refused rows that are kept
)

// uploads are the files that were dropped, in a directory of their own, until
// they are applied or others come. Losing one loses nothing: it can be dropped
// again.
type uploads struct {
	mu    sync.Mutex
	dir   string
	files map[string]*upload
}

// upload is a file and how far it has come: first checked, then applied.
type upload struct {
	ID, Name string
	Kind     importer.Kind
	Size     int64
	path     string
	at       time.Time

	mu sync.Mutex
	uploadState
}

// uploadState is what the page of an upload shows.
type uploadState struct {
	Step     string // check or apply
	Running  bool
	Progress importer.Progress
	Summary  importer.Summary
	Problem  string // why it stopped
	rejected bytes.Buffer
}

var kinds = []importer.Kind{importer.Batches, importer.Orders, importer.Products}

func (s *site) importForm(*http.Request) (page, error) {
	return page{Template: "import", Title: "Import", Nav: "import", Body: kinds}, nil
}

// receive takes a file and begins to check it.
func (s *site) receive(r *http.Request) (page, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxUpload+maxForm)
	parts, err := r.MultipartReader()
	if err != nil {
		return page{}, badForm(err)
	}
	u, err := s.uploads.take(parts, s.Now())
	if err != nil {
		return page{}, err
	}
	s.start(r.Context(), u, "check", service.PreviewEach)
	return page{Go: "/import/" + u.ID}, nil
}

func badForm(err error) error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeValidationFailed, Field: "file", Message: "the form can't be read: " + err.Error(),
		Hint: fmt.Sprintf("choose a file of at most %d MiB and send it again", maxUpload>>20)}
}

// take stores a file. Its kind comes before it in the form.
func (u *uploads) take(parts *multipart.Reader, now time.Time) (*upload, error) {
	up := &upload{ID: rand.Text(), at: now}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, badForm(err)
		}
		switch part.FormName() {
		case "as":
			as, err := io.ReadAll(io.LimitReader(part, 100))
			if err != nil {
				return nil, badForm(err)
			}
			up.Kind = importer.Kind(as)
		case "file":
			up.Name = part.FileName()
			if err := u.store(up, part); err != nil {
				return nil, err
			}
		}
	}
	if !slices.Contains(kinds, up.Kind) || up.path == "" || up.Name == "" {
		os.Remove(up.path)
		return nil, badForm(errors.New("it has no file, or doesn't say what its rows are"))
	}
	u.keep(up)
	return up, nil
}

func (u *uploads) store(up *upload, from io.Reader) error {
	u.mu.Lock()
	if u.dir == "" {
		dir, err := os.MkdirTemp("", "allot-import-")
		if err != nil {
			u.mu.Unlock()
			return fmt.Errorf("make room for a file: %w", err)
		}
		u.dir = dir
	}
	u.mu.Unlock()
	up.path = filepath.Join(u.dir, up.ID)
	f, err := os.OpenFile(up.path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	up.Size, err = io.Copy(f, from)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(up.path)
		return badForm(err)
	}
	return nil
}

// keep remembers an upload, in place of the oldest that has ended if there are
// many.
func (u *uploads) keep(up *upload) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, old := range slices.SortedFunc(maps.Values(u.files), func(a, b *upload) int { return a.at.Compare(b.at) }) {
		if len(u.files) < mostUploads {
			break
		}
		if !old.state().Running {
			os.Remove(old.path)
			delete(u.files, old.ID)
		}
	}
	if u.files == nil {
		u.files = map[string]*upload{}
	}
	u.files[up.ID] = up
}

func (u *uploads) get(id string) (*upload, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if up, ok := u.files[id]; ok {
		return up, nil
	}
	return nil, fmt.Errorf("this file is not kept any more; drop it again, rows already applied are recognised: %w", views.ErrNotFound)
}

func (u *uploads) remove() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.dir == "" {
		return nil
	}
	return os.RemoveAll(u.dir)
}

type performer func(context.Context, *service.Bus, iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]]

// start runs a step of an upload in the background: whoever began it may go
// away and come back. false: one is running.
func (s *site) start(ctx context.Context, up *upload, step string, perform performer) bool {
	up.mu.Lock()
	defer up.mu.Unlock()
	if up.Running {
		return false
	}
	up.uploadState = uploadState{Step: step, Running: true}
	origin := domain.Origin{Actor: access.CallerOf(ctx).Actor, Correlation: "import-" + up.ID}
	go s.run(context.WithoutCancel(ctx), up, perform, origin)
	return true
}

func (s *site) run(ctx context.Context, up *upload, perform performer, origin domain.Origin) {
	summary, err := s.importUpload(ctx, up, perform, origin)
	up.mu.Lock()
	defer up.mu.Unlock()
	up.Running, up.Summary = false, summary
	if err != nil {
		up.Problem = err.Error()
	}
}

func (s *site) importUpload(ctx context.Context, up *upload, perform performer, origin domain.Origin) (importer.Summary, error) {
	f, err := os.Open(up.path)
	if err != nil {
		return importer.Summary{}, fmt.Errorf("open the file that was dropped: %w", err)
	}
	defer f.Close()
	to := func(ctx context.Context, commands iter.Seq[domain.Message]) iter.Seq[service.Outcome[any]] {
		return perform(ctx, s.bus, commands)
	}
	return importer.Import(ctx, f, up.Kind, to, importer.Options{
		Origin:   origin,
		Rejected: func() (io.WriteCloser, error) { return rejection{up}, nil },
		Progress: func(p importer.Progress) {
			up.mu.Lock()
			defer up.mu.Unlock()
			up.Progress = p
		},
	})
}

// rejection keeps the refused rows of an upload.
type rejection struct{ up *upload }

func (r rejection) Write(b []byte) (int, error) {
	r.up.mu.Lock()
	defer r.up.mu.Unlock()
	if r.up.rejected.Len()+len(b) > maxRejection {
		return 0, fmt.Errorf("more than %d MiB of rows are refused: look at the first ones, mend the file and drop it again", maxRejection>>20)
	}
	return r.up.rejected.Write(b)
}

func (r rejection) Close() error { return nil }

// state is how far an upload has come.
func (up *upload) state() uploadState {
	up.mu.Lock()
	defer up.mu.Unlock()
	out := up.uploadState
	out.rejected = bytes.Buffer{}
	return out
}

// imported is an upload as its page shows it.
type imported struct {
	*upload
	State    uploadState
	Percent  int
	Good     int // rows that can be applied
	Rejected bool
}

func (s *site) showImport(r *http.Request) (page, error) {
	up, err := s.uploads.get(r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	state := up.state()
	body := imported{upload: up, State: state, Percent: share(int(state.Progress.Bytes), int(up.Size)),
		Good: state.Summary.Rows - state.Summary.RejectedRows, Rejected: state.Summary.RejectedRows > 0}
	return page{Template: "imported", Title: "Import " + up.Name, Nav: "import", Refresh: state.Running, Body: body}, nil
}

func (s *site) applyImport(r *http.Request) (page, error) {
	up, err := s.uploads.get(r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	s.start(r.Context(), up, "apply", service.SendEach)
	return page{Go: "/import/" + up.ID}, nil
}

// rejectedRows answers with the rows of an upload that were refused, as a file
// that can be put right and dropped again.
func (s *site) rejectedRows(w http.ResponseWriter, r *http.Request) {
	up, err := s.uploads.get(r.PathValue("id"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	up.mu.Lock()
	defer up.mu.Unlock()
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="rejected.csv"`)
	_, _ = w.Write(up.rejected.Bytes()) // if nobody listens any more there is nobody to tell
}
