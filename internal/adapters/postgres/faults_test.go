package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"allot/internal/adapters/postgres"
	"allot/internal/domain"
	"allot/internal/pgserver"
	"allot/internal/service"
)

// replicaVariable, if it is set for a test binary, makes it a process that
// orders units from the database at that URL until its standard input ends, and
// delivers events until it is killed. It prints what it was acknowledged and
// what it delivered.
const replicaVariable = "ALLOT_TEST_REPLICA"

// The SKUs that are sold while things fail.
var faultSKUs = []string{"HOT", "WARM", "COLD"}

const clientsOfReplica = 4

func beReplica(url string) {
	s, err := postgres.Open(context.Background(), url, postgres.Options{LeaseTime: shortLease})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	relay := service.NewRelay(s, slog.New(slog.DiscardHandler), time.Now)
	relay.Forward(service.Subscription{Name: "all"}, func(_ context.Context, e service.Envelope) error {
		_, err := fmt.Printf("event %d %d %s\n", e.Position, e.Version, e.SKU)
		return err
	})
	bus := service.NewBus(service.NewTransactor(s, 64, clock, relay.Wake))
	service.Register(bus)
	go relay.Run(context.Background())

	stop := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when it is closed
		close(stop)
	}()
	var clients sync.WaitGroup
	for c := range clientsOfReplica {
		clients.Go(func() { orderUntil(stop, bus, c) })
	}
	clients.Wait()
	fmt.Println("halted")
	select {} // until somebody kills us
}

// orderUntil orders one line after the other. What is not acknowledged is sent
// again, as a client would.
func orderUntil(stop <-chan struct{}, bus *service.Bus, client int) {
	for i := 0; ; i++ {
		cmd := domain.Allocate{OrderID: fmt.Sprintf("o-%d-%d-%d", os.Getpid(), client, i), SKU: faultSKUs[(client+i)%len(faultSKUs)], Qty: 1}
		for {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			_, err := service.Send(ctx, bus, cmd)
			cancel()
			if err == nil {
				break
			}
			fmt.Fprintln(os.Stderr, cmd.OrderID, err)
			time.Sleep(50 * time.Millisecond)
		}
		fmt.Println("ack", cmd.OrderID)
		select {
		case <-stop:
			return
		default:
		}
	}
}

// child is a replica in a process of its own.
type child struct {
	*exec.Cmd
	input  io.Closer
	said   *hearsay
	halted chan struct{}

	mu    sync.Mutex
	more  sync.Cond
	acked int
}

// hearsay is what all children have said.
type hearsay struct {
	*ledger
	mu    sync.Mutex
	acked []string
}

func spawn(t *testing.T, url string, said *hearsay) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0]), said: said, halted: make(chan struct{})}
	c.more.L = &c.mu
	c.Env = append(os.Environ(), replicaVariable+"="+url)
	if testing.Verbose() {
		c.Stderr = os.Stderr
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.input, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var listening sync.WaitGroup
	listening.Go(func() { c.listen(out) })
	t.Cleanup(func() {
		_ = c.Process.Kill() // it may be dead already
		listening.Wait()
		_ = c.Wait()
	})
	return c
}

func (c *child) listen(out io.Reader) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var e service.Envelope
		var id string
		if n, _ := fmt.Sscanf(lines.Text(), "event %d %d %s", &e.Position, &e.Version, &e.SKU); n == 3 {
			_ = c.said.note(context.Background(), c.Process.Pid, e)
		} else if n, _ := fmt.Sscanf(lines.Text(), "ack %s", &id); n == 1 {
			c.said.mu.Lock()
			c.said.acked = append(c.said.acked, id)
			c.said.mu.Unlock()
			c.mu.Lock()
			c.acked++
			c.more.Broadcast()
			c.mu.Unlock()
		} else if lines.Text() == "halted" {
			close(c.halted)
		}
	}
}

// healTime is how soon everything must go on by itself.
const healTime = 30 * time.Second

// goesOn returns when so many more orders were acknowledged to the child.
func (c *child) goesOn(t *testing.T, more int) {
	t.Helper()
	late := time.AfterFunc(healTime, c.more.Broadcast)
	defer late.Stop()
	until := time.Now().Add(healTime)
	c.mu.Lock()
	defer c.mu.Unlock()
	for want := c.acked + more; c.acked < want; c.more.Wait() {
		if time.Now().After(until) {
			t.Fatalf("process %d has had no order acknowledged in %v", c.Process.Pid, healTime)
		}
	}
}

// scene is a server with replicas on it.
type scene struct {
	server   *pgserver.Server
	url      string
	said     *hearsay
	children []*child
}

// fault is something that goes wrong.
type fault struct {
	what   string
	happen func(*testing.T, *scene, int)
}

var faults = []fault{
	{"a replica is killed", func(t *testing.T, s *scene, i int) {
		victim := &s.children[i%len(s.children)]
		if err := (*victim).Process.Kill(); err != nil {
			t.Fatal(err)
		}
		*victim = spawn(t, s.url, s.said)
	}},
	{"a replica hangs for longer than its lease", func(t *testing.T, s *scene, i int) {
		hung := s.children[i%len(s.children)].Process
		if err := hung.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		for range 3 { // orders go on meanwhile
			s.children[(i+1)%len(s.children)].goesOn(t, 10)
			<-time.After(shortLease)
		}
		if err := hung.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}},
	{"PostgreSQL is restarted fast", restarted(syscall.SIGINT)},
	{"PostgreSQL is restarted at once", restarted(syscall.SIGQUIT)},
	{"PostgreSQL is killed", restarted(syscall.SIGKILL)},
}

func restarted(signal syscall.Signal) func(*testing.T, *scene, int) {
	return func(t *testing.T, s *scene, _ int) {
		if err := s.server.Stop(signal); err != nil {
			t.Fatal(err)
		}
		until := time.Now().Add(healTime)
		for {
			err := s.server.Start(t.Context())
			if err == nil {
				return
			}
			if time.Now().After(until) { // after SIGKILL its other processes take a while to end
				t.Fatal(err)
			}
		}
	}
}

// TestSoakFaults has everything fail that can, with three replicas in processes
// of their own: nothing that was acknowledged may be lost or doubled, no event
// skipped or out of order, and everything must go on without help.
func TestSoakFaults(t *testing.T) {
	rounds := 3
	if os.Getenv("ALLOT_SOAK") != "" {
		rounds = 20
	} else if testing.Short() {
		rounds = 1
	}
	running(t)
	server, err := pgserver.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	})
	s := &scene{server: server, url: server.URL("postgres"), said: &hearsay{ledger: newLedger()}}
	stock(t, s.url)
	for range 3 {
		s.children = append(s.children, spawn(t, s.url, s.said))
	}
	for round := range rounds {
		for _, f := range faults {
			for _, c := range s.children {
				c.goesOn(t, 10) // a fault that meets nobody at work shows nothing
			}
			f.happen(t, s, round)
			for _, c := range s.children {
				c.goesOn(t, 10)
			}
			if t.Failed() {
				t.Fatalf("in round %d: %s", round, f.what)
			}
		}
	}
	s.isAsAcknowledged(t)
}

// stock creates what is sold: too little.
func stock(t *testing.T, url string) {
	t.Helper()
	s := opened(t, url)
	defer s.Close()
	bus := newBus(s, 1)
	for _, sku := range faultSKUs {
		send(t, bus, domain.CreateBatch{Ref: "of " + sku, SKU: sku, Qty: 500})
	}
}

func (s *scene) isAsAcknowledged(t *testing.T) {
	t.Helper()
	for _, c := range s.children {
		if err := c.input.Close(); err != nil {
			t.Error(err)
		}
		<-c.halted
	}
	store := opened(t, s.url)
	defer store.Close()
	report := verified(t, store)
	s.said.await(t, int64(report.Events), healTime)
	s.said.isComplete(t, int64(report.Events))

	kept := map[string]int{}
	for b, err := range store.Books(t.Context(), func(fault string) { t.Error(fault) }) {
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range b.Lines {
			kept[l.OrderID]++
		}
	}
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	t.Logf("%d orders were acknowledged, %d events delivered", len(s.said.acked), report.Events)
	for _, id := range s.said.acked {
		if kept[id] != 1 {
			t.Errorf("%s was acknowledged and is kept %d times", id, kept[id])
		}
	}
}
