package client

import (
	"net/http"
	"net/url"
	"strconv"
)

// Terms are what a command may depend on. The zero Terms ask for nothing.
type Terms struct {
	DryRun  bool   // do nothing, and answer what would be
	Plan    string // of a dry run: do it only if it does the same, else "plan_changed"
	Version int64  // of the product: do it only if it has this one, else "version_changed"; not for whole orders
	Key     string // your name for the request, a UUID for example: sent again within seven days, it is answered as it was the first time
}

func (t Terms) query() url.Values {
	q := values("plan", t.Plan)
	if t.DryRun {
		q.Set("dry_run", "true")
	}
	return q
}

func (t Terms) header() http.Header {
	h := http.Header{}
	if t.Version > 0 {
		h.Set("If-Match", `"`+strconv.FormatInt(t.Version, 10)+`"`)
	}
	if t.Key != "" {
		h.Set("Idempotency-Key", t.Key)
	}
	return h
}

// Now is how things are, if they are not as the sender of a command saw them.
type Now struct {
	Version int64  `json:"product_version"`
	Plan    string `json:"plan"`  // of what the command would do
	Moves   []Move `json:"moves"` // and what that is
}
