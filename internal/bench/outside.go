package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"allot/internal/bootstrap"
)

// ErrNoRedis says that there is no Redis to measure with.
var ErrNoRedis = errors.New("redis-server is not installed: on Debian, apt-get install redis-server")

// outside is those who are told: a Redis server, a mail server and a webhook,
// on this machine.
type outside struct {
	dir   string
	redis *exec.Cmd
	mail  *smtp.Server
	hook  *http.Server

	mailAt, hookAt string // their addresses

	posts, mails atomic.Int64
}

// hookPace is how long the webhook takes for each event: 500 a second.
const hookPace = 2 * time.Millisecond

func newOutside(ctx context.Context, in string) (_ *outside, err error) {
	o := &outside{}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	if o.dir, err = os.MkdirTemp(in, "allot-bench-"); err != nil {
		return nil, err
	}
	if err := o.startRedis(ctx); err != nil {
		return nil, err
	}
	o.mail = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return mailbox{&o.mails}, nil }))
	if o.mailAt, err = serveOn(o.mail.Serve); err != nil {
		return nil, err
	}
	o.hook = &http.Server{Handler: http.HandlerFunc(o.take), ReadHeaderTimeout: time.Minute}
	o.hookAt, err = serveOn(o.hook.Serve)
	return o, err
}

// serveOn has something serve on a free port, until it is closed.
func serveOn(serve func(net.Listener) error) (addr string, _ error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = serve(l) }() // it ends when it is closed, and says so
	return l.Addr().String(), nil
}

// take takes an event, in its own time.
func (o *outside) take(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	time.Sleep(hookPace)
	o.posts.Add(1)
}

// startRedis starts a Redis server that keeps nothing, and waits until it answers.
func (o *outside) startRedis(ctx context.Context) error {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return ErrNoRedis
	}
	o.redis = exec.Command(program, "--port", "0", "--unixsocket", o.socket(), "--dir", o.dir, "--save", "", "--appendonly", "no")
	if err := o.redis.Start(); err != nil {
		o.redis = nil
		return fmt.Errorf("start redis-server: %w", err)
	}
	for tries := 1; ; tries++ {
		_, err := bootstrap.CheckRedis(ctx, "unix://"+o.socket())
		if err == nil || tries == 200 || ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (o *outside) socket() string { return filepath.Join(o.dir, "redis") }

func (o *outside) places() *places {
	return &places{redis: "unix://" + o.socket(), mail: "smtp://" + o.mailAt, hook: "http://" + o.hookAt}
}

// received is how much got there.
type received struct{ events, posts, mails int64 }

func (o *outside) got(ctx context.Context) (received, error) {
	events, err := bootstrap.CheckRedis(ctx, o.places().redis)
	return received{events, o.posts.Load(), o.mails.Load()}, err
}

// close stops all of them.
func (o *outside) close() error {
	var errs []error
	if o.hook != nil {
		errs = append(errs, o.hook.Close())
	}
	if o.mail != nil {
		errs = append(errs, o.mail.Close())
	}
	if o.redis != nil {
		errs = append(errs, o.redis.Process.Kill())
		_ = o.redis.Wait() // it was killed
	}
	return errors.Join(append(errs, os.RemoveAll(o.dir))...)
}

// mailbox takes any mail and counts it.
type mailbox struct{ mails *atomic.Int64 }

// Reset implements smtp.Session.
func (mailbox) Reset() {}

// Logout implements smtp.Session.
func (mailbox) Logout() error { return nil }

// Mail implements smtp.Session.
func (mailbox) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt implements smtp.Session.
func (mailbox) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Data implements smtp.Session.
func (m mailbox) Data(r io.Reader) error {
	m.mails.Add(1)
	_, err := io.Copy(io.Discard, r)
	return err
}
