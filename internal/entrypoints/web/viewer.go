package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
)

// rapidoc is the viewer of the API, as its makers released it.
//
//go:embed viewer/rapidoc-min.js.gz
var rapidoc []byte

// rapidocPath is where it is found. It changes with its content.
var rapidocPath = func() string {
	sum := sha256.Sum256(rapidoc)
	return "/assets/rapidoc-" + hex.EncodeToString(sum[:6]) + ".js"
}()

// viewerPolicy is what the viewer needs on top of what pages do: it makes styles
// of its own. It may ask nobody but this server.
const viewerPolicy = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// viewAPI shows the API in a viewer that can try it. It needs script; the
// reference for everybody is a page of the documentation.
func (s *site) viewAPI(*http.Request) (page, error) {
	return page{Template: "api", Title: "API", Nav: "docs", Policy: viewerPolicy, Body: rapidocPath}, nil
}

func viewer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", types[".js"])
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(rapidoc) // if nobody listens any more there is nobody to tell
		return
	}
	if plain, err := gzip.NewReader(bytes.NewReader(rapidoc)); err == nil { // it is one of ours
		_, _ = io.Copy(w, plain)
	}
}
