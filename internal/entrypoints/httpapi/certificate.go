package httpapi

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"
)

// Certificate is the certificate of a server, and the key to it, in files that
// may change while the server runs.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	stamps [2]stamp // of the files when they were last read
}

// stamp tells whether a file has changed.
type stamp struct {
	changed time.Time
	size    int64
}

// LoadCertificate reads a certificate, with those that lead to a root, and its
// key from files in PEM.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	return c, nil
}

// Listen returns a listener that speaks TLS over what l accepts.
func (c *Certificate) Listen(l net.Listener) net.Listener {
	return tls.NewListener(l, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current(), nil },
	})
}

// current is the certificate as the files have it. While they can't be read, or
// one was replaced and the other not yet, it is the one before.
func (c *Certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stampsNow() == c.stamps {
		return c.loaded
	}
	if err := c.load(); err != nil {
		c.log.Warn("the new certificate can't be used; the one before stays", "error", err)
	} else {
		c.log.Info("there is a new certificate", "file", c.certFile)
	}
	return c.loaded
}

// load reads the files, if only to find out that they can't be used.
func (c *Certificate) load() error {
	c.stamps = c.stampsNow()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.loaded = &pair
	return nil
}

func (c *Certificate) stampsNow() (stamps [2]stamp) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil { // reading it will say what is wrong
			stamps[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return stamps
}
