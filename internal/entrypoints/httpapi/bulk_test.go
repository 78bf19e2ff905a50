package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/wire"
)

func (s *shop) bulk(query, body string) answer {
	s.t.Helper()
	return s.ask(http.MethodPost, "/v1/bulk"+query, body, "Content-Type", ndjson)
}

const shopping = `{"op":"add_batch","ref":"b1","sku":"RUG","qty":10}
{"op":"add_batch","ref":"b2","sku":"RUG","qty":50,"eta":"2027-01-10"}

{"op":"allocate","order_id":"o1","sku":"RUG","qty":8}
{"op":"allocate","order_id":"o2","sku":"RUG","qty":8}` + "\r\n \t\r\n" + `{"op":"allocate","order_id":"o3","sku":"RGU","qty":1}
{"op":"allocate","order_id":"o4","sku":"RUG","qty":100}
{"op":"allocate","order_id":"o5","sku":"RUG","qty":100,"on_shortage":"reject"}
not a command
{"op":"alocate"}
{"op":"allocate","order_id":"o6","sku":"RUG","qty":0}
{"op":"describe_product","sku":"RUG","description":"Garish rug"}
{"op":"change_batch","ref":"b2","qty":40,"reason":"damaged"}
{"op":"cancel","order_id":"o1","sku":"RUG"}
{"op":"allocate","order_id":"o2","sku":"RUG","qty":8}` // without a line end

const served = `{"line":1,"http_status":201,"ref":"b1","sku":"RUG","qty":10,"allocated":0,"available":10}
{"line":2,"http_status":201,"ref":"b2","sku":"RUG","qty":50,"eta":"2027-01-10","allocated":0,"available":50}
{"line":4,"http_status":201,"order_id":"o1","sku":"RUG","qty":8,"status":"allocated","batch_ref":"b1","why":{"rule":"earliest","cause":"ordered"}}
{"line":5,"http_status":201,"order_id":"o2","sku":"RUG","qty":8,"status":"allocated","batch_ref":"b2","promise":"2027-01-10","why":{"rule":"earliest","cause":"ordered","passed_over":[{"batch_ref":"b1","available":2}]}}
{"line":7,"http_status":422,"code":"unknown_sku","field":"sku","detail":"no product has SKU \"RGU\"","hint":"SKUs are compared byte by byte; a product exists once a batch of it was created"}
{"line":8,"http_status":201,"order_id":"o4","sku":"RUG","qty":100,"status":"backordered","why":{"rule":"earliest","cause":"ordered","passed_over":[{"batch_ref":"b1","available":2},{"batch_ref":"b2","available":42,"eta":"2027-01-10"}]},"largest_fit":42}
{"line":9,"http_status":409,"code":"out_of_stock","field":"qty","detail":"no batch of \"RUG\" can take 100 units; one could take 42","hint":"leave on_shortage out, or say \"backorder\", to have the line wait","order_id":"o5","sku":"RUG","qty":100,"status":"refused","why":{"rule":"earliest","cause":"ordered","passed_over":[{"batch_ref":"b1","available":2},{"batch_ref":"b2","available":42,"eta":"2027-01-10"}]},"largest_fit":42}
{"line":10,"http_status":400,"code":"malformed_json","detail":"the JSON is wrong at byte 2: invalid character 'o' in literal null (expecting 'u')","hint":"send one JSON object and nothing else"}
{"line":11,"http_status":422,"code":"validation_failed","field":"op","detail":"op is \"alocate\", which is no command","hint":"did you mean \"allocate\"?"}
{"line":12,"http_status":422,"code":"validation_failed","field":"qty","detail":"qty is 0; it must lie between 1 and 2147483647","hint":"send a whole number in that range"}
{"line":13,"http_status":200,"sku":"RUG","description":"Garish rug"}
{"line":14,"http_status":200,"ref":"b2","sku":"RUG","qty":40,"eta":"2027-01-10","allocated":8,"available":32}
{"line":15,"http_status":200,"order_id":"o1","sku":"RUG","status":"cancelled"}
{"line":16,"http_status":200,"order_id":"o2","sku":"RUG","qty":8,"status":"allocated","batch_ref":"b2","promise":"2027-01-10","replayed":true}
`

func TestEachLineIsAnsweredInOrder(t *testing.T) {
	s := open(t)
	s.expect(s.bulk("", shopping), 200, ndjson, served+`{"summary":{"lines":14,"ok":9,"failed":5}}`+"\n")
	s.expect(s.get("/allocations/o2"), 200, plain, `[{"batchref":"b2","sku":"RUG"}]`+"\n")
}

func TestADryRunAnswersTheSameAndDoesNothing(t *testing.T) {
	s := open(t)
	s.expect(s.bulk("?dry_run=true", shopping), 200, ndjson, served+`{"summary":{"lines":14,"ok":9,"failed":5,"dry_run":true}}`+"\n")
	if s.events() != 0 {
		t.Errorf("%d events were written", s.events())
	}
	s.expect(s.bulk("?dry_run=false", shopping), 200, ndjson, served+`{"summary":{"lines":14,"ok":9,"failed":5}}`+"\n")
}

func TestNothingToDoIsDone(t *testing.T) {
	s := open(t)
	for _, body := range []string{"", "\n", "\r\n\r\n  \n"} {
		s.expect(s.bulk("", body), 200, ndjson, `{"summary":{"lines":0,"ok":0,"failed":0}}`+"\n")
	}
}

func TestABulkRequestThatCannotBeRightIsRefusedAsAWhole(t *testing.T) {
	s := open(t)
	const body = `{"op":"describe_product","sku":"RUG"}`
	expectProblem(t, s.bulk("?dryrun=true", body), 422, "validation_failed", "dryrun")
	expectProblem(t, s.bulk("?dry_run=yes", body), 422, "validation_failed", "dry_run")
	expectProblem(t, s.bulk("?dry_run=true&dry_run=false", body), 422, "validation_failed", "dry_run")
	expectProblem(t, s.bulk("?dry_run=%zz", body), 422, "validation_failed", "query")
	expectProblem(t, s.ask(http.MethodPost, "/v1/bulk", body, "Content-Type", plain), 415, "unsupported_media_type", "")
	if s.events() != 0 {
		t.Errorf("%d events were written", s.events())
	}
}

func TestALineThatIsTooLongIsAnsweredAndTheRestGoesOn(t *testing.T) {
	s := open(t)
	line := func(length int, end string) string {
		const begin, rest = `{"op":"describe_product","sku":"RUG","description":"`, `"}`
		return begin + strings.Repeat("x", length-len(begin)-len(rest)) + rest + end
	}
	tooLong := `"http_status":413,"code":"too_large","detail":"the line is too long: at most 65536 bytes are read","hint":"send one command a line"}`
	noNote := `"http_status":422,"code":"validation_failed","field":"description","detail":"description has 65482 characters; at most 1000 are allowed","hint":"shorten it"}`
	got := s.bulk("", line(httpapi.MaxLine, "\n")+line(httpapi.MaxLine, "\r\n")+line(httpapi.MaxLine+1, "\n")+line(httpapi.MaxLine+2, "\n")+
		line(5*httpapi.MaxLine, "\n")+strings.Repeat(" ", httpapi.MaxLine+1)+"\n"+line(100, "\n")+line(httpapi.MaxLine+1, ""))
	s.expect(got, 200, ndjson, `{"line":1,`+noNote+"\n"+`{"line":2,`+noNote+"\n"+`{"line":3,`+tooLong+"\n"+`{"line":4,`+tooLong+"\n"+`{"line":5,`+tooLong+"\n"+
		`{"line":6,`+tooLong+"\n"+`{"line":7,"http_status":200,"sku":"RUG","description":"`+strings.Repeat("x", 46)+`"}`+"\n"+`{"line":8,`+tooLong+"\n"+
		`{"summary":{"lines":8,"ok":1,"failed":7}}`+"\n")
}

// spaces is an endless line.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestARequestThatIsTooLargeIsAnsweredUpToThere(t *testing.T) {
	s := open(t)
	first := `{"op":"describe_product","sku":"RUG"}` + "\n"
	endless := io.LimitReader(io.MultiReader(strings.NewReader(first), spaces{}), httpapi.MaxBulk+1)
	s.expect(s.upload(endless, -1), 200, ndjson, `{"line":1,"http_status":200,"sku":"RUG"}`+"\n"+
		`{"line":2,"http_status":413,"code":"too_large","detail":"the request is too large: at most 268435456 bytes are read",`+
		`"hint":"send this line and those after it in another request"}`+"\n"+`{"summary":{"lines":2,"ok":1,"failed":1}}`+"\n")
}

func TestAClientThatWaitsToBeToldToGoOnIsTold(t *testing.T) {
	s := open(t)
	got := s.ask(http.MethodPost, "/v1/bulk", `{"op":"describe_product","sku":"RUG"}`, "Content-Type", ndjson, "Expect", "100-continue")
	s.expect(got, 200, ndjson, `{"line":1,"http_status":200,"sku":"RUG"}`+"\n"+`{"summary":{"lines":1,"ok":1,"failed":0}}`+"\n")
}

func TestARequestThatSaysThatItIsTooLargeIsRefused(t *testing.T) {
	s := open(t)
	expectProblem(t, s.upload(io.LimitReader(spaces{}, httpapi.MaxBulk+1), httpapi.MaxBulk+1), 413, "too_large", "")
}

// upload posts a body of a length, -1 if that isn't said.
func (s *shop) upload(body io.Reader, length int64) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v1/bulk", body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.ContentLength = length
	r.Header.Set("Content-Type", ndjson)
	r.Header.Set("Expect", "100-continue")
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(w)
}

func TestManyBadLinesBetweenGoodOnesKeepTheirPlaces(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "RUG", Qty: 1_000_000})
	var body strings.Builder
	const lines = 20_000
	for n := 1; n <= lines; n++ {
		if n%5_000 == 0 {
			fmt.Fprintf(&body, `{"op":"allocate","order_id":"o%d","sku":"RUG","qty":1}`+"\n", n)
		} else {
			body.WriteString("?\n")
		}
	}
	got := s.bulk("", body.String())
	answers := strings.SplitAfter(got.Body, "\n")
	if len(answers) != lines+2 {
		t.Fatalf("%d lines were answered with %d", lines, len(answers)-2)
	}
	for i, text := range answers[:lines] {
		var a struct {
			Line       int `json:"line"`
			HTTPStatus int `json:"http_status"`
			OrderID    string
		}
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Fatal(err)
		}
		if good := a.HTTPStatus == 201; a.Line != i+1 || good != (a.Line%5_000 == 0) {
			t.Fatalf("line %d was answered with %s", i+1, text)
		}
	}
	if diff := cmp.Diff(`{"summary":{"lines":20000,"ok":4,"failed":19996}}`+"\n", answers[lines]); diff != "" {
		t.Error(diff)
	}
}

func TestAnswersComeWhileTheRequestIsStillBeingSent(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "RUG", Qty: 1_000_000})
	body, to := io.Pipe()
	defer to.Close()
	go sendLines(to, 1, 20_000) // more than are read ahead: it takes that answers are read meanwhile

	w := s.begin(body)
	defer w.Body.Close()
	answers := bufio.NewScanner(w.Body)
	for n := 1; n <= 15_000; n++ { // the rest waits for further lines
		if !answers.Scan() || !strings.Contains(answers.Text(), fmt.Sprintf(`"line":%d,"http_status":201,"order_id":"o%d"`, n, n)) {
			t.Fatalf("line %d was answered with %s, %v", n, answers.Text(), answers.Err())
		}
	}
	sendLines(to, 20_001, 20_002)
	to.Close()
	last := ""
	for answers.Scan() {
		last = answers.Text()
	}
	if diff := cmp.Diff(`{"summary":{"lines":20002,"ok":20002,"failed":0}}`, last); diff != "" {
		t.Error(diff)
	}
}

// sendLines writes lines of order ids o<from> to o<to>.
func sendLines(w io.Writer, from, to int) {
	var lines bytes.Buffer
	for n := from; n <= to; n++ {
		fmt.Fprintf(&lines, `{"op":"allocate","order_id":"o%d","sku":"RUG","qty":1}`+"\n", n)
	}
	_, _ = w.Write(lines.Bytes())
}

// begin begins a bulk request; it returns with the header of its answer.
func (s *shop) begin(body io.Reader) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v1/bulk", body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", ndjson)
	w, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

func TestARequestThatBreaksOffHasNoSummary(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "RUG", Qty: 1_000_000})
	body, to := io.Pipe()
	w := s.begin(body)
	defer w.Body.Close()
	sendLines(to, 1, 2000)
	to.CloseWithError(io.ErrUnexpectedEOF) // the transport gives up the connection
	text, err := io.ReadAll(w.Body)
	if err == nil || bytes.Contains(text, []byte("summary")) {
		t.Errorf("the answer ends properly, with %q", text[max(0, len(text)-100):])
	}
	if err := s.stop(); err != nil { // it waits for the handler
		t.Fatal(err)
	}
	if !strings.Contains(s.log.String(), "bulk broke off") {
		t.Errorf("the log has no word of it:\n%s", s.log)
	}
}

func TestAClientThatDoesNotListenHoldsNothingUp(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "RUG", Qty: 1_000_000})
	body, to := io.Pipe()
	defer to.Close()
	w := s.begin(body)
	sendLines(to, 1, 1)
	w.Body.Close() // it hangs up, while the server waits for lines
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsAnsweredCanBeRead(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "RUG", Qty: 1_000_000})
	body, to := io.Pipe()
	defer to.Close()
	go sendLines(to, 1, 3000)
	w := s.begin(body)
	defer w.Body.Close()
	answers := bufio.NewScanner(w.Body)
	for answers.Scan() {
		cmd := domain.Allocate{}
		line, outcome, err := wire.DecodeAnswer(answers.Bytes(), cmd)
		if err != nil || outcome.Err != nil {
			t.Fatal(err, outcome.Err)
		}
		order, err := s.store.Order(t.Context(), fmt.Sprintf("o%d", line))
		if err != nil || order.Lines[0].Status != string(domain.StatusAllocated) {
			t.Fatalf("line %d is answered, but its order is %+v, %v", line, order, err)
		}
		if line == 1024 {
			return
		}
	}
	t.Fatal(answers.Err())
}
