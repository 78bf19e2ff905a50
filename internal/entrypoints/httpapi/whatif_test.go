package httpapi_test

import (
	"strings"
	"testing"

	"allot/internal/domain"
)

func TestChangesAreTriedAndThenMadeByTheirPlan(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 9}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 4})
	const changes = `"changes":[{"op":"change_batch","ref":"b1","qty":3},{"op":"add_batch","ref":"b2","sku":"LAMP","qty":4,"eta":"2026-12-01"}]`
	tried := s.post("/v1/what-if", "{"+changes+"}")
	_, rest, _ := strings.Cut(tried.Body, `"plan":"`)
	plan, _, _ := strings.Cut(rest, `"`)
	if tried.Status != 200 || plan == "" || !strings.Contains(tried.Body, `"later":1`) {
		t.Fatalf("got %+v", tried)
	}
	if got := s.get("/v1/batches/b2"); got.Status != 404 {
		t.Errorf("trying made a batch: %+v", got)
	}
	request := "{" + changes + `,"plan":"` + plan + `"}`
	if got := s.post("/v1/what-if/apply", request); got.Status != 200 || !strings.Contains(got.Body, `"effect":"later"`) || strings.Contains(got.Body, "dry_run") {
		t.Errorf("got %+v", got)
	}
	if got := s.get("/v1/orders/o1/lines/LAMP"); !strings.Contains(got.Body, `"batch_ref":"b2"`) {
		t.Errorf("the line is %s", got.Body)
	}
	expectProblem(t, s.post("/v1/what-if/apply", request), 412, "plan_changed", "plan")
}

func TestChangesThatCantBeMadeSayWhichAndWhy(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 9})
	for _, c := range []struct {
		body        string
		status      int
		code, field string
	}{
		{`{}`, 422, "validation_failed", "changes"},
		{`{"changes":[]}`, 422, "validation_failed", "changes"},
		{`{"changes":{}}`, 422, "validation_failed", "changes"},
		{`{"changes":[1]}`, 400, "malformed_json", "changes/0"},
		{`{"changes":[{"op":"close_batch","ref":"b1"},{"op":"close_batch"}]}`, 422, "validation_failed", "changes/1/ref"},
		{`{"changes":[{"op":"close_batch","ref":"b1"},{"op":"close_batch","ref":"b2"}]}`, 404, "unknown_batch", "changes/1/ref"},
		{`{"changes":[{"op":"add_batch","ref":"b2","sku":"LAMP","qty":-1}]}`, 422, "validation_failed", "changes/0/qty"},
		{`{"changes":[{"op":"close_batch","ref":"b1"}],"plan":"x"}`, 422, "validation_failed", "plan"},
	} {
		t.Run(c.body, func(t *testing.T) { expectProblem(t, s.post("/v1/what-if", c.body), c.status, c.code, c.field) })
	}
	expectProblem(t, s.post("/v1/what-if/apply", `{"changes":[{"op":"close_batch","ref":"b1"}]}`), 422, "validation_failed", "plan")
}
