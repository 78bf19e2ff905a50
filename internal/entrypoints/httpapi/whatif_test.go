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

func TestAWhatIfThatWasSavedIsTriedOnTheShopAsItIsThen(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 9}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 4})
	saved := s.post("/v1/what-if?store=true", `{"changes":[{"op":"change_batch","ref":"b1","qty":3,"reason":"damaged"}]}`)
	address := saved.Header.Get("Location")
	if saved.Status != 201 || !strings.HasPrefix(address, "/v1/what-if/") || !strings.Contains(saved.Body, `"same":true`) {
		t.Fatalf("got %+v", saved)
	}
	for _, step := range []struct {
		before domain.Message
		says   []string
	}{
		{nil, []string{`"same":true`, `"without_stock":1`, `"reason":"damaged"`}},
		{domain.CreateBatch{Ref: "b2", SKU: "LAMP", Qty: 4}, []string{`"same":false`, `"without_stock":0`}},
		{domain.CloseBatch{Ref: "b1"}, []string{`"same":false`, `"what_if":`}},
	} {
		if step.before != nil {
			s.do(step.before)
		}
		got := s.get(address)
		for _, says := range step.says {
			if got.Status != 200 || !strings.Contains(got.Body, says) {
				t.Errorf("after %+v: status %d, and %s is not in %s", step.before, got.Status, says, got.Body)
			}
		}
	}
}

func TestAWhatIfThatCantBeDoneByNowSaysWhy(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 9}, domain.Allocate{OrderID: "o1", SKU: "LAMP", Qty: 4})
	address := s.post("/v1/what-if?store=true", `{"changes":[{"op":"cancel","order_id":"o1","sku":"LAMP"}]}`).Header.Get("Location")
	s.do(domain.ShipLine{OrderID: "o1", SKU: "LAMP"})
	got := s.get(address)
	if got.Status != 200 || !strings.Contains(got.Body, `"same":false`) || !strings.Contains(got.Body, `"problem":{`) || strings.Contains(got.Body, `"what_if"`) {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsRefusedIsNotSaved(t *testing.T) {
	s := open(t)
	expectProblem(t, s.post("/v1/what-if?store=true", `{"changes":[{"op":"close_batch","ref":"b1"}]}`), 404, "unknown_batch", "changes/0/ref")
	expectProblem(t, s.post("/v1/what-if?store=yes", `{"changes":[]}`), 422, "validation_failed", "store")
	for _, id := range []string{"k3v7q2xmb5tdw4ha", "x", "K3V7Q2XMB5TDW4HA", "a%00"} {
		expectProblem(t, s.get("/v1/what-if/"+id), 404, "not_found", "")
	}
}
