package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

func (s *shop) drop(as, name, content string) answer {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("as", as); err != nil {
		s.t.Fatal(err)
	}
	file, err := form.CreateFormFile("file", name)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := file.Write([]byte(content)); err != nil {
		s.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+"/import", &body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return s.send(r)
}

// settled is the page of an import once nothing runs any more.
func (s *shop) settled(path string) answer {
	for {
		if got := s.get(path); !strings.Contains(got.Body, `http-equiv="refresh"`) {
			return got
		}
	}
}

const orders = "orderid,sku,qty\nnew-1,CHAIR,2\nnew-2,CHIAR,1\nnew-3,CHAIR,-3\n"

func TestAFileIsCheckedFirstAndThenApplied(t *testing.T) {
	s := furnish(t)
	before := s.version("CHAIR")
	dropped := s.drop("orders", "orders.csv", orders)
	if dropped.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", dropped.Status, dropped.text())
	}
	s.settled(dropped.Location).says(t, 200, "orders.csv", "rows 3", "good 1", "rejected 2", "lines allocated 1", "3 sku CHIAR", "4 qty -3", "Apply 1 row")
	if s.version("CHAIR") != before {
		t.Fatal("the check has stored something")
	}
	rejected := s.get(dropped.Location + "/rejected.csv")
	if lines := strings.Split(rejected.Body, "\n"); len(lines) != 4 || !strings.HasPrefix(lines[0], "orderid,sku,qty,row,") || !strings.HasPrefix(lines[1], "new-2,CHIAR,1,2,") {
		t.Errorf("the rejected rows are\n%s", rejected.Body)
	}
	if applied := s.post(dropped.Location); applied.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", applied.Status, applied.text())
	}
	s.settled(dropped.Location).says(t, 200, "applied 1", "Done.")
	s.get("/orders/new-1").says(t, 200, "In the warehouse")
	again := s.drop("orders", "orders.csv", orders)
	s.settled(again.Location).says(t, 200, "were so already 1")
}

func TestAFileThatCantBeUsedSaysWhy(t *testing.T) {
	s := furnish(t)
	s.drop("chairs", "x.csv", orders).says(t, 422, "doesn't say what its rows are")
	s.settled(s.drop("orders", "x.csv", "name,colour\nx,red\n").Location).says(t, 200, "orderid")
}
