package httpapi

import (
	"errors"
	"net/http"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

var errStopping = errors.New("the server is stopping")

var aliveDoc = operation{
	id: "healthz", summary: "Whether the process lives", answers: answers{200: condition{}},
}

var readyDoc = operation{
	id: "readyz", summary: "Whether the database can be read and written to, and the server isn't about to stop", answers: answers{200: condition{}},
	problems: []string{service.CodeUnavailable, service.CodeStorageFull, service.CodeReadOnly},
}

var versionDoc = operation{
	id: "version", summary: "Which program answers", answers: answers{200: program{}},
}

var metricsDoc = operation{
	id: "metrics", summary: "Metrics for Prometheus", detail: "[Metrics](metrics.md) lists them.", text: "text/plain",
}

// condition is how a server does.
type condition struct {
	Status string `json:"status"`
	Unsafe string `json:"unsafe,omitempty"` // what the database may lose of what was acknowledged
}

// program is what answers.
type program struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// alive answers GET /healthz: the process runs. It warns if what is
// acknowledged may be lost.
func (a *api) alive(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, condition{"alive", a.unsafe})
}

// ready answers GET /readyz: the store can be read and written to, and the
// server is not about to stop.
func (a *api) ready(w http.ResponseWriter, r *http.Request) error {
	select {
	case <-a.stopping:
		return errStopping
	default:
	}
	if _, err := a.views.Products(r.Context(), views.Page{Limit: 1}); err != nil {
		return err
	}
	if a.writable != nil {
		if err := a.writable(r.Context()); err != nil {
			return service.StorageTrouble(err)
		}
	}
	write(w, http.StatusOK, jsonType, []byte(`{"status":"ready"}`+"\n"))
	return nil
}

func notReady(err error) wire.Problem {
	if e, ok := errors.AsType[*domain.Error](err); ok { // it can be read, but not written to
		return wire.ProblemOf(e)
	}
	message := "the store can't be read"
	if errors.Is(err, errStopping) {
		message = errStopping.Error()
	}
	return wire.ProblemOf(&domain.Error{Kind: domain.Unavailable, Code: service.CodeUnavailable, Message: message,
		Hint: "ask again in a moment, or use another server"})
}

// tellVersion answers GET /version.
func (a *api) tellVersion(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, program{"allot", a.version})
}
