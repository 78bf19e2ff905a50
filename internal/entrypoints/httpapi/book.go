package httpapi

import (
	"errors"
	"net/http"
	"strings"

	"allot/internal/domain"
	"allot/internal/entrypoints/wire"
	"allot/internal/service"
	"allot/internal/views"
)

const allocationsPath = "/allocations/"

// addBatch answers POST /add_batch.
func (a *api) addBatch(w http.ResponseWriter, r *http.Request) error {
	cmd, err := decode(w, r, wire.DecodeBookBatch)
	if err != nil {
		return err
	}
	if _, err := service.Send(r.Context(), a.bus, cmd); err != nil {
		return err
	}
	writeOK(w, http.StatusCreated)
	return nil
}

// allocate answers POST /allocate. What became of the line is in the header.
func (a *api) allocate(w http.ResponseWriter, r *http.Request) error {
	cmd, err := decode(w, r, wire.DecodeBookLine)
	if err != nil {
		return err
	}
	placement, err := service.Send(r.Context(), a.bus, cmd)
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Code == domain.CodeUnknownSKU {
		write(w, http.StatusBadRequest, jsonType, wire.AppendInvalidSKU(nil, cmd.SKU))
		return nil
	}
	if err != nil {
		return err
	}
	writePlacement(w, placement)
	return nil
}

// echo does what allocate does, but for the command.
func (a *api) echo(w http.ResponseWriter, r *http.Request) error {
	cmd, err := decode(w, r, wire.DecodeBookLine)
	if err != nil {
		return err
	}
	writePlacement(w, domain.Placement{Status: domain.StatusAllocated, BatchRef: cmd.SKU})
	return nil
}

// allocations answers GET /allocations/{orderid}.
func (a *api) allocations(w http.ResponseWriter, r *http.Request) error {
	order, err := a.views.Order(r.Context(), strings.TrimPrefix(r.URL.Path, allocationsPath))
	if err != nil && !errors.Is(err, views.ErrNotFound) {
		return err
	}
	list := wire.AppendBookAllocations(nil, order.Lines)
	if len(list) == 0 {
		write(w, http.StatusNotFound, htmlType, []byte("not found"))
		return nil
	}
	write(w, http.StatusOK, jsonType, list)
	return nil
}

// Parts of answers that are always the same.
var (
	okBody   = []byte("OK")
	okLength = []string{"2"}

	allocatedStatus  = []string{"allocated"}
	outOfStockStatus = []string{"out_of_stock"}
	replayedStatus   = []string{"replayed"}
)

func writeOK(w http.ResponseWriter, status int) {
	h := w.Header()
	h["Content-Type"], h["Content-Length"] = htmlType, okLength
	w.WriteHeader(status)
	_, _ = w.Write(okBody) // if nobody listens any more there is nobody to tell
}

func writePlacement(w http.ResponseWriter, p domain.Placement) {
	h := w.Header()
	switch {
	case p.Replayed:
		h["Allocation-Status"] = replayedStatus
	case p.Status == domain.StatusAllocated:
		h["Allocation-Status"] = allocatedStatus
	default:
		h["Allocation-Status"] = outOfStockStatus
	}
	if p.BatchRef != "" {
		h["Allocation-Batch"] = []string{p.BatchRef}
	}
	writeOK(w, http.StatusAccepted)
}
