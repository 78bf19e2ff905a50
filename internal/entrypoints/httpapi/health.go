package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

var errStopping = errors.New("the server is stopping")

// alive answers GET /healthz: the process runs. It warns if what is
// acknowledged may be lost.
func (a *api) alive(w http.ResponseWriter, _ *http.Request) error {
	body, err := json.Marshal(struct {
		Status string `json:"status"`
		Unsafe string `json:"unsafe,omitempty"`
	}{"alive", a.unsafe})
	if err != nil {
		return err
	}
	write(w, http.StatusOK, jsonType, append(body, '\n'))
	return nil
}

// ready answers GET /readyz: the store can be read, and the server is not about
// to stop.
func (a *api) ready(w http.ResponseWriter, r *http.Request) error {
	select {
	case <-a.stopping:
		return errStopping
	default:
	}
	if _, err := a.views.Products(r.Context(), views.Page{Limit: 1}); err != nil {
		return err
	}
	write(w, http.StatusOK, jsonType, []byte(`{"status":"ready"}`+"\n"))
	return nil
}

func notReady(err error) wire.Problem {
	message := "the store can't be read"
	if errors.Is(err, errStopping) {
		message = errStopping.Error()
	}
	return wire.ProblemOf(&domain.Error{Kind: domain.Unavailable, Code: service.CodeUnavailable, Message: message,
		Hint: "ask again in a moment, or use another server"})
}

// tellVersion answers GET /version.
func (a *api) tellVersion(w http.ResponseWriter, _ *http.Request) error {
	body, err := json.Marshal(struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}{"allot", a.version})
	if err != nil {
		return err
	}
	write(w, http.StatusOK, jsonType, append(body, '\n'))
	return nil
}
