package httpapi

import (
	"net/http"
	"strings"
)

// UnlessHeader names the versions that a reader knows already.
const UnlessHeader = "If-None-Match"

// answer is send for a request that reads. If the reader has the same version
// already, it is told just that.
func (p reply) answer(w http.ResponseWriter, r *http.Request) error {
	if p.version == 0 || !knows(r, etag(p.version)) {
		return p.send(w)
	}
	p.head(w)
	w.WriteHeader(http.StatusNotModified)
	return nil
}

// knows reports whether a request names a version, or any: weakly is enough.
func knows(r *http.Request, tag string) bool {
	for _, given := range r.Header[UnlessHeader] {
		for known := range strings.SplitSeq(given, ",") {
			known = strings.TrimSpace(known)
			if known == "*" || strings.TrimPrefix(known, "W/") == tag {
				return true
			}
		}
	}
	return false
}
