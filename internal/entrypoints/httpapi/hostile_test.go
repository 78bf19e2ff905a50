package httpapi_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allot/internal/domain"
)

// hostile is a request as nobody should send it, and all that comes back: the
// status of each answer with its code, or its text if it has none. Then the
// connection is open for others, or it is closed.
type hostile struct {
	name, raw string
	want      []string
	open      bool
}

const goodLine = `{"orderid":"o1","sku":"LAMP","qty":1}` // of 37 bytes

// posted is a request to allocate with headers and a body as they are.
func posted(headers, body string) string {
	return "POST /allocate HTTP/1.1\r\nHost: allot\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body
}

// sized is posted with the right length.
func sized(body string) string { return posted(fmt.Sprintf("Content-Length: %d\r\n", len(body)), body) }

// chunked is posted in chunks.
func chunked(chunks string) string { return posted("Transfer-Encoding: chunked\r\n", chunks) }

func get(path, headers string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: allot\r\n" + headers + "\r\n"
}

const (
	isAlive   = `200 {"status":"alive"}`
	isVersion = `200 {"name":"allot","version":"1.2.3"}`
	isBad     = "400 400 Bad Request"
	tooMuch   = "431 431 Request Header Fields Too Large"
	noCoding  = "501 Unsupported transfer encoding"
	malformed = "400 malformed_json"
	invalid   = "400 validation_failed"
	isDone    = "202 OK"
)

var hostileRequests = []hostile{
	// Whom it is for.
	{"no host", "GET /healthz HTTP/1.1\r\n\r\n", []string{isBad + ": missing required Host header"}, false},
	{"two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", []string{isBad}, false},
	{"a host of two words", "GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", []string{isBad + ": malformed Host header"}, false},

	// The first line.
	{"a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", []string{isBad}, false},
	{"the beginning of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []string{"400 "}, false},
	{"another version", "GET /healthz HTTP/9.9\r\nHost: allot\r\n\r\n", []string{"505 505 HTTP Version Not Supported: unsupported protocol version"}, false},
	{"an old version", "GET /healthz HTTP/1.0\r\n\r\n", []string{isAlive}, false},
	{"a wrong verb", "DELETE /allocate HTTP/1.1\r\nHost: allot\r\n\r\n", []string{"405 method_not_allowed"}, true},
	{"an unknown verb", "BREW /allocate HTTP/1.1\r\nHost: allot\r\n\r\n", []string{"405 method_not_allowed"}, true},
	{"a verb in small letters", "get /healthz HTTP/1.1\r\nHost: allot\r\n\r\n", []string{"405 method_not_allowed"}, true},
	{"no verb", "G@T /healthz HTTP/1.1\r\nHost: allot\r\n\r\n", []string{isBad}, false},
	{"TRACE", "TRACE /healthz HTTP/1.1\r\nHost: allot\r\n\r\n", []string{"405 method_not_allowed"}, true},
	{"CONNECT", "CONNECT allot:443 HTTP/1.1\r\nHost: allot:443\r\n\r\n", []string{"404 not_found"}, true},
	{"a control character in the path", get("/a\x01b", ""), []string{isBad}, false},
	{"out of the root", get("/../../etc/passwd", ""), []string{`307 <a href="/etc/passwd">Temporary Redirect</a>.`}, true},
	{"a path without end", get("/"+strings.Repeat("a", 1<<16), ""), []string{tooMuch}, false},
	{"empty lines before", "\r\n\r\n" + get("/healthz", ""), []string{isBad}, false},

	// Headers.
	{"a header without end", get("/healthz", "X-A: "+strings.Repeat("a", 1<<20)+"\r\n"), []string{tooMuch}, false},
	{"headers without end", get("/healthz", strings.Repeat("X-A: b\r\n", 10_000)), []string{tooMuch}, false},
	{"a NUL in a header", get("/healthz", "X-A: a\x00b\r\n"), []string{isBad}, false},
	{"a blank before the colon", get("/healthz", "Content-Length : 37\r\n"), []string{isBad + ": invalid header name"}, false},
	{"no colon", get("/healthz", "nonsense\r\n"), []string{isBad}, false},
	{"an upgrade", get("/healthz", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), []string{isAlive}, true},
	{"an expectation that nobody knows", posted("Expect: tea\r\nContent-Length: 37\r\n", goodLine), []string{"417 "}, false},

	// Lengths: what a proxy and we might take differently.
	{"a length and chunks", posted("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "25\r\n"+goodLine+"\r\n0\r\n\r\n"+get("/smuggled", "")), []string{isDone}, false},
	{"chunks and a length", posted("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"+get("/smuggled", "")), []string{malformed}, false},
	{"two lengths", posted("Content-Length: 37\r\nContent-Length: 38\r\n", goodLine), []string{isBad}, false},
	{"a list of lengths", posted("Content-Length: 37, 37\r\n", goodLine), []string{isBad}, false},
	{"a negative length", posted("Content-Length: -1\r\n", goodLine), []string{isBad}, false},
	{"a length with a sign", posted("Content-Length: +37\r\n", goodLine), []string{isBad}, false},
	{"a hexadecimal length", posted("Content-Length: 0x25\r\n", goodLine), []string{isBad}, false},
	{"a length beyond numbers", posted("Content-Length: 99999999999999999999999\r\n", goodLine), []string{isBad}, false},
	{"a large length", posted("Content-Length: 99999999999\r\n", goodLine), []string{"413 too_large"}, false},
	{"a large length, to be asked for", posted("Expect: 100-continue\r\nContent-Length: 99999999\r\n", ""), []string{"413 too_large"}, false},
	{"a large body", sized(strings.Repeat(" ", 65<<10)), []string{"413 too_large"}, true},
	{"no length", posted("", ""), []string{malformed}, true},
	{"a body that nobody wants", get("/healthz", "Content-Length: 37\r\n") + goodLine + get("/version", ""), []string{isAlive, isVersion}, true},
	{"a coding besides chunks", posted("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), []string{noCoding}, false},
	{"a coding that nobody knows", posted("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), []string{noCoding}, false},
	{"no coding", posted("Transfer-Encoding: identity\r\n", goodLine), []string{noCoding}, false},
	{"chunks twice", posted("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), []string{noCoding}, false},
	{"chunks", chunked("25\r\n" + goodLine + "\r\n0\r\n\r\n"), []string{isDone}, false},
	{"a chunk of no size", chunked("zz\r\n" + goodLine + "\r\n0\r\n\r\n"), []string{malformed}, false},
	{"a chunk that is longer than it says", chunked("5\r\n" + goodLine + "\r\n0\r\n\r\n"), []string{malformed}, false},
	{"a chunk beyond numbers", chunked("FFFFFFFFFFFFFFFF0\r\n" + goodLine + "\r\n0\r\n\r\n"), []string{malformed}, false},
	{"a chunk with a long extension", chunked("25;" + strings.Repeat("a", 5000) + "\r\n" + goodLine + "\r\n0\r\n\r\n"), []string{malformed}, false},
	{"chunks without end", chunked(strings.Repeat("1000\r\n"+strings.Repeat(" ", 4096)+"\r\n", 17)), []string{"413 too_large"}, false},

	// JSON.
	{"a member twice", sized(`{"orderid":"o1","orderid":"o2","sku":"LAMP","qty":1}`), []string{malformed}, true},
	{"a member in capitals", sized(`{"OrderID":"o1","sku":"LAMP","qty":1}`), []string{invalid}, true},
	{"a letter that folds to another", sized(`{"orderid":"o1","ſku":"LAMP","qty":1}`), []string{invalid}, true},
	{"no UTF-8", sized("{\"orderid\":\"o\xff\",\"sku\":\"LAMP\",\"qty\":1}"), []string{malformed}, true},
	{"half a character", sized(`{"orderid":"o\ud800","sku":"LAMP","qty":1}`), []string{malformed}, true},
	{"a NUL", sized(`{"orderid":"o\u0000","sku":"LAMP","qty":1}`), []string{invalid}, true},
	{"depth of lists", sized(strings.Repeat(`[`, 60_000)), []string{malformed}, true},
	{"depth of objects", sized(strings.Repeat(`{"a":`, 12_000)), []string{malformed}, true},
	{"null", sized(`null`), []string{malformed}, true},
	{"more behind it", sized(goodLine + goodLine), []string{malformed}, true},
	{"a byte order mark", sized("\ufeff" + goodLine), []string{malformed}, true},
	{"a number beyond floats", sized(`{"orderid":"o1","sku":"LAMP","qty":1e999}`), []string{invalid}, true},
	{"a number beyond integers", sized(`{"orderid":"o1","sku":"LAMP","qty":99999999999999999999999}`), []string{invalid}, true},

	// Many at once.
	{"a pipeline", strings.Repeat(get("/healthz", ""), 3) + get("/version", ""), []string{isAlive, isAlive, isAlive, isVersion}, true},
	{"a pipeline with a bad one in it", sized(`null`) + "nonsense\r\n\r\n" + get("/version", ""), []string{malformed, isBad}, false},
}

func TestHostileRequestsAreAnsweredAndHarmNobody(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10})
	for _, h := range hostileRequests {
		t.Run(h.name, func(t *testing.T) {
			got, open := s.in(t).provoke(h)
			if diff := cmp.Diff(h.want, got); diff != "" {
				t.Error(diff)
			}
			if open != h.open {
				t.Errorf("the connection is open for others: %v", open)
			}
			if strings.Contains(s.log.String(), "smuggled") {
				t.Error("what was smuggled was taken for a request")
			}
		})
	}
	s.expect(s.post("/allocate", `{"orderid":"o2","sku":"LAMP","qty":1}`), 202, html, "OK", "Allocation-Status", "allocated")
	if n := s.events(); n != 3 { // the batch, o1 and o2
		t.Errorf("%d events: something was done that should not be", n)
	}
}

// provoke sends a request and returns the answers, and whether the connection
// can be used for another one.
func (s *shop) provoke(h hostile) (answers []string, open bool) {
	s.t.Helper()
	conn := s.dial()
	defer conn.Close()
	var sent sync.WaitGroup
	defer sent.Wait()
	sent.Go(func() { _, _ = io.WriteString(conn, h.raw) }) // it may be refused before it is all sent
	in := bufio.NewReader(conn)
	for range h.want {
		text, err := readAnswer(in)
		if err != nil {
			s.t.Fatalf("after %q: %v", answers, err)
		}
		answers = append(answers, text)
	}
	sent.Wait()
	if _, err := io.WriteString(conn, get("/version", "")); err != nil {
		return answers, false
	}
	text, err := readAnswer(in)
	if err != nil {
		return answers, false
	}
	if text != isVersion {
		s.t.Errorf("the next request was answered with %s", text)
	}
	return answers, true
}

func (s *shop) dial() net.Conn {
	s.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err == nil {
		err = conn.SetDeadline(time.Now().Add(20 * time.Second)) // rather than hang
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// readAnswer reads an answer: its status, and its code or text.
func readAnswer(in *bufio.Reader) (string, error) {
	w, err := http.ReadResponse(in, nil)
	if err != nil {
		return "", err
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(body))
	var p struct{ Code string }
	if json.Unmarshal(body, &p) == nil && p.Code != "" {
		text = p.Code
	}
	return fmt.Sprint(w.StatusCode, " ", text), nil
}

func TestHostileRequestsTakeNoMemory(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10})
	const rounds = 5
	var before runtime.MemStats
	for round := range rounds {
		if round == 1 { // caches are filled
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		for _, h := range hostileRequests {
			s.provoke(h)
		}
	}
	runtime.GC()
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d KB are kept of %d hostile requests", grown>>10, (rounds-1)*len(hostileRequests))
	}
	if grown := int64(after.Sys) - int64(before.Sys); grown > 64<<20 {
		t.Errorf("%d KB were taken for %d hostile requests", grown>>10, (rounds-1)*len(hostileRequests))
	}
}

// Many who send their headers byte by byte, or nothing at all, are put out
// after a while, and keep nobody from being served.
func TestSlowRequestsAreCutOff(t *testing.T) {
	t.Parallel()
	s := open(t)
	var slow sync.WaitGroup
	for i := range 100 {
		conn := s.dial()
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: allot\r\nX-A: "[:i%40]); err != nil {
			t.Fatal(err)
		}
		slow.Go(func() {
			_, err := io.Copy(io.Discard, conn)
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				t.Errorf("connection %d is still open", i)
			}
		})
	}
	s.expect(s.get("/healthz"), 200, plain, `{"status":"alive"}`+"\n")
	slow.Wait()
	s.expect(s.get("/healthz"), 200, plain, `{"status":"alive"}`+"\n")
}

// A client that goes in the middle of its body has nothing done.
func TestARequestThatBreaksOffIsNotDone(t *testing.T) {
	s := open(t)
	s.do(domain.CreateBatch{Ref: "b1", SKU: "LAMP", Qty: 10})
	for _, raw := range []string{sized(goodLine)[:len(sized(goodLine))-1], chunked("25\r\n" + goodLine + "\r\n"), chunked("25\r\n" + goodLine)} {
		conn := s.dial()
		if _, err := io.WriteString(conn, raw); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	if err := s.stop(); err != nil { // once all were answered
		t.Fatal(err)
	}
	if n := s.events(); n != 1 {
		t.Errorf("%d events: something was done", n)
	}
}
