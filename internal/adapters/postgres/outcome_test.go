package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/service"
)

// proxy stands between a store and its server. It can cut a connection at the
// worst moment, and put blanks in the place of what is asked.
type proxy struct {
	listener net.Listener
	server   string
	all      sync.WaitGroup

	blanked    []string               // in all requests; their length stays
	cutRequest atomic.Pointer[[]byte] // a request with this in it is not passed on, and its connection ends
	cutAnswer  atomic.Pointer[[]byte] // the same for answers
	closed     atomic.Bool            // no connection is let in any more
	cuts       atomic.Int32
}

func newProxy(t *testing.T, server string, blanked ...string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, server: server, blanked: blanked}
	p.all.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.all.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.closed.Load() {
			client.Close()
			continue
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		p.all.Go(func() { p.pass(server, client, &p.cutRequest) })
		p.all.Go(func() { p.pass(client, server, &p.cutAnswer) })
	}
}

func (p *proxy) pass(to, from net.Conn, cut *atomic.Pointer[[]byte]) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if mark := cut.Load(); mark != nil && bytes.Contains(buffer[:n], *mark) && cut.CompareAndSwap(mark, nil) {
			p.cuts.Add(1)
			return
		}
		if _, err := to.Write(p.blank(buffer[:n])); err != nil {
			return
		}
	}
}

func (p *proxy) blank(request []byte) []byte {
	for _, words := range p.blanked {
		request = bytes.ReplaceAll(request, []byte(words), bytes.Repeat([]byte(" "), len(words)))
	}
	return request
}

// cutAt arms the proxy.
func cutAt(at *atomic.Pointer[[]byte], mark string) {
	b := []byte(mark)
	at.Store(&b)
}

// through is the URL of a database by way of a proxy.
func (p *proxy) through(url string) string {
	return strings.Replace(url, p.server, p.listener.Addr().String(), 1)
}

// committed is what the server answers to COMMIT.
const committed = "COMMIT\x00"

func TestSoakCommitsWhoseAnswerGotLostAreDoneOnce(t *testing.T) {
	rounds := 3
	if os.Getenv("ALLOT_SOAK") != "" {
		rounds = 20
	}
	url := database(t)
	p := newProxy(t, running(t).Addr())
	s := opened(t, p.through(url))
	defer s.Close()
	bus := newBus(s, 16)
	send(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 1000})
	for name, arm := range map[string]func(actor string){
		"the answer is lost":  func(string) { cutAt(&p.cutAnswer, committed) },
		"the request is lost": func(actor string) { cutAt(&p.cutRequest, actor) },
	} {
		t.Run(name, func(t *testing.T) {
			for i := range rounds {
				before := p.cuts.Load()
				actor := fmt.Sprintf("the one who %s %d", name, i)
				arm(actor)
				id := fmt.Sprint(name, i)
				placed := send(t, bus, domain.Allocate{Origin: domain.Origin{Actor: actor}, OrderID: id, SKU: "CHAIR", Qty: 2})
				if placed.Replayed || placed.BatchRef != "b1" {
					t.Errorf("the answer was %+v, which is not that of who came first", placed)
				}
				if p.cuts.Load() != before+1 {
					t.Fatal("the connection was not cut: this shows nothing")
				}
			}
		})
	}
	batch, err := s.Batch(t.Context(), "b1")
	if err != nil || batch.Lines != 2*rounds || batch.Allocated != 4*rounds {
		t.Errorf("%d units in %d lines were allocated, want %d in %d (%v)", batch.Allocated, batch.Lines, 4*rounds, 2*rounds, err)
	}
	verified(t, s)
}

func TestACommitThatCannotBeSettledIsSaidToBeUnknown(t *testing.T) {
	url := database(t)
	p := newProxy(t, running(t).Addr())
	s := opened(t, p.through(url))
	defer s.Die() // it can't say good-bye
	bus := newBus(s, 16)
	send(t, bus, domain.CreateBatch{Ref: "b1", SKU: "CHAIR", Qty: 1000})

	p.closed.Store(true)
	cutAt(&p.cutAnswer, committed)
	_, err := service.Send(t.Context(), bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 2})
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Code != service.CodeOutcomeUnknown || e.Kind != domain.Unavailable {
		t.Fatalf("told %v; want %s", err, service.CodeOutcomeUnknown)
	}

	p.closed.Store(false)
	again := send(t, bus, domain.Allocate{OrderID: "o-1", SKU: "CHAIR", Qty: 2})
	if !again.Replayed {
		t.Errorf("the same again was answered %+v; it was committed before", again)
	}
	verified(t, s)
}

func newBus(s service.Store, group int) *service.Bus {
	bus := service.NewBus(service.NewTransactor(s, group, clock, nil))
	service.Register(bus)
	return bus
}

func send[R any](t *testing.T, bus *service.Bus, cmd domain.Command[R]) R {
	t.Helper()
	r, err := service.Send(context.Background(), bus, cmd)
	if err != nil {
		t.Fatalf("%+v: %v", cmd, err)
	}
	return r
}

func verified(t *testing.T, s *postgres.Store) service.Report {
	t.Helper()
	report, err := service.Verify(context.Background(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range report.Faults {
		t.Error(fault)
	}
	return report
}
