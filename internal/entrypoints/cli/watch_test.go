package cli_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestAServerShowsItsMetricsAndLogsRequests(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	ask(t, server.url+"/add_batch", `{"ref":"b1","sku":"LAMP","qty":5,"eta":null}`)
	ask(t, server.url+"/allocate", `{"orderid":"o1","sku":"LAMP","qty":5}`)
	ask(t, server.url+"/no%c2%9b%e2%80%aesuch%0aplace", "")
	_, shown := ask(t, server.url+"/metrics", "")
	for _, want := range []string{
		`allot_commands_total{command="allocate",outcome="allocated"} 1`,
		`allot_http_requests_total{method="POST",route="/allocate",status="202"} 1`,
		`allot_event_log_position 2`,
		`allot_relay_position{subscription="out-of-stock-notices"}`,
		`allot_storage_writable 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is not shown", want)
		}
	}
	server.stop()
	said := server.said.String()
	if n := strings.Count(said, `"msg":"request"`); n != 3 || !strings.Contains(said, `/no\\u009b\\u202esuch\nplace`) {
		t.Errorf("%d requests are logged: %s", n, said)
	}
}

func TestTheAccessLogCanBeTurnedOff(t *testing.T) {
	s := newShell(t)
	server := s.serve(t, "serve --addr 127.0.0.1:0 --access-log=false")
	ask(t, server.url+"/version", "")
	server.stop()
	if said := server.said.String(); strings.Contains(said, `"request"`) {
		t.Errorf("there is one: %s", said)
	}
}

func TestAServerSendsTracesIfACollectorIsNamed(t *testing.T) {
	var sent atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/traces" {
			sent.Add(r.ContentLength)
		}
	}))
	defer collector.Close()
	s := newShell(t)
	s.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.URL
	server := s.serve(t, "serve --addr 127.0.0.1:0")
	ask(t, server.url+"/add_batch", `{"ref":"b1","sku":"LAMP","qty":5,"eta":null}`)
	if exit := server.stop(); exit != 0 {
		t.Errorf("exit %d: %s", exit, server.said)
	}
	if sent.Load() == 0 {
		t.Error("nothing was sent")
	}
}
