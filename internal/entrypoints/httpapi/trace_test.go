package httpapi_test

import (
	"strings"
	"testing"
)

// The trace of a request is in the events that come of it.
func TestTheTraceOfARequestTravelsWithItsEvents(t *testing.T) {
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	s := open(t)
	for ref, header := range map[string]string{"traced": trace, "mistaken": "00-0AF7-b7ad6b7169203331-01", "untraced": ""} {
		s.ask("POST", "/v1/batches", `{"ref":"`+ref+`","sku":"`+ref+`","qty":10}`, "Content-Type", plain, "traceparent", header)
	}
	if got := s.get("/v1/events").Body; strings.Count(got, `"traceparent"`) != 1 || !strings.Contains(got, `"traceparent":"`+trace+`"`) {
		t.Errorf("the log is %s", got)
	}
}
