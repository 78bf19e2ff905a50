package httpapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"allot/internal/service"
	"allot/internal/views"
)

// write has mails in the store, one about each of n products.
func (s *shop) mail(n int64) {
	s.t.Helper()
	for i := range n {
		at := time.Date(2026, 11, 2, 9, 0, int(i), 0, time.UTC)
		e := service.MailEntry{Position: i + 1, Topic: "out-of-stock-notices", SKU: fmt.Sprint("SKU-", i+1), Text: "it ran out"}
		if _, err := s.store.Note(s.t.Context(), e, at); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestMailsAreListedTheLastFirst(t *testing.T) {
	s := open(t)
	s.expect(s.get("/v1/mails"), 200, plain, `{"items":[]}`+"\n")
	s.mail(2)
	second := `{"id":2,"status":"due","topic":"out-of-stock-notices","sku":"SKU-2","count":1,"at":"2026-11-02T09:00:01Z","due":"2026-11-02T09:00:01Z","subject":"","body":""}`
	s.expect(s.get("/v1/mails?limit=1"), 200, plain, `{"items":[`+second+`],"next":"/v1/mails?cursor=2&limit=1"}`+"\n")
	first := `{"id":1,"status":"due","topic":"out-of-stock-notices","sku":"SKU-1","count":1,"at":"2026-11-02T09:00:00Z","due":"2026-11-02T09:00:00Z","subject":"","body":""}`
	s.expect(s.get("/v1/mails?limit=1&cursor=2"), 200, plain, `{"items":[`+first+`]}`+"\n")
	s.expect(s.get("/v1/mails/2"), 200, plain, second+"\n")
}

func TestMailsThatCanNotBeAskedForAreRefused(t *testing.T) {
	s := open(t)
	expectProblem(t, s.get("/v1/mails/7"), 404, "not_found", "")
	expectProblem(t, s.get("/v1/mails/x"), 404, "not_found", "")
	expectProblem(t, s.get("/v1/mails?limit=0"), 422, "validation_failed", "limit")
	expectProblem(t, s.get("/v1/mails?cursor=x"), 422, "validation_failed", "cursor")
	expectProblem(t, s.get("/v1/mails?page=2"), 422, "validation_failed", "page")
}

func TestMessagesThatAreParkedAreListedTheFirstFirst(t *testing.T) {
	s := open(t)
	s.expect(s.get("/v1/parked-messages"), 200, plain, `{"items":[]}`+"\n")
	for i, body := range []string{"five", "six"} {
		m := views.ParkedMessage{ID: "allocate/" + body, Body: body, Attempts: i + 1, Error: "the JSON is wrong", At: time.Date(2026, 11, 2, 9, 0, i, 0, time.UTC)}
		if err := s.store.Park(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	first := `{"number":1,"id":"allocate/five","body":"five","attempts":1,"error":"the JSON is wrong","at":"2026-11-02T09:00:00Z"}`
	s.expect(s.get("/v1/parked-messages?limit=1"), 200, plain, `{"items":[`+first+`],"next":"/v1/parked-messages?cursor=1&limit=1"}`+"\n")
	second := `{"number":2,"id":"allocate/six","body":"six","attempts":2,"error":"the JSON is wrong","at":"2026-11-02T09:00:01Z"}`
	s.expect(s.get("/v1/parked-messages?limit=1&cursor=1"), 200, plain, `{"items":[`+second+`]}`+"\n")
	expectProblem(t, s.get("/v1/parked-messages?cursor=x"), 422, "validation_failed", "cursor")
	s.expect(s.ask(http.MethodDelete, "/v1/parked-messages/1", ""), 204, "", "")
	s.expect(s.get("/v1/parked-messages"), 200, plain, `{"items":[`+second+`]}`+"\n")
	for _, number := range []string{"1", "x"} {
		expectProblem(t, s.ask(http.MethodDelete, "/v1/parked-messages/"+number, ""), 404, "not_found", "")
	}
	expectProblem(t, s.get("/v1/parked-messages?sku=LAMP"), 422, "validation_failed", "sku")
}
