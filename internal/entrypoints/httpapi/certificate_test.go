package httpapi_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allot/internal/entrypoints/httpapi"
)

// certificates are the files of a certificate that is replaced now and then.
type certificates struct {
	t         *testing.T
	cert, key string
	written   time.Time
}

// write writes a certificate of that name for 127.0.0.1, which signs itself.
func (c *certificates) write(name string) {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		c.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		c.t.Fatal(err)
	}
	c.put(c.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))
	c.put(c.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// put writes a file at a time of its own, however fast the test is.
func (c *certificates) put(file string, body []byte) {
	c.t.Helper()
	c.written = c.written.Add(time.Second)
	if err := os.WriteFile(file, body, 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Chtimes(file, c.written, c.written); err != nil {
		c.t.Fatal(err)
	}
}

// nameShown is the name in the certificate that a server shows to a new
// connection, after it has answered a request.
func nameShown(t *testing.T, address string) string {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // its name is what we are after
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusOK {
		t.Errorf("status %d", w.StatusCode)
	}
	return w.TLS.PeerCertificates[0].Subject.CommonName
}

func TestACertificateThatIsReplacedIsShownToTheNextConnection(t *testing.T) {
	dir := t.TempDir()
	files := &certificates{t: t, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), written: time.Now().Add(-time.Hour)}
	files.write("first")
	said := &transcript{}
	c, err := httpapi.LoadCertificate(files.cert, files.key, slog.New(slog.NewTextHandler(said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- httpapi.Serve(ctx, c.Listen(l), httpapi.New(s.bus, s.store, httpapi.Options{}), httpapi.ServeOptions{})
	}()

	expect := func(want string) {
		t.Helper()
		if got := nameShown(t, address); got != want {
			t.Errorf("%s is shown, want %s", got, want)
		}
	}
	expect("first")
	files.write("second")
	expect("second")
	files.put(files.cert, []byte("half of a certif"))
	expect("second")
	if !strings.Contains(said.String(), "can't be used") {
		t.Errorf("the log has no word of the broken one: %s", said)
	}
	if err := os.Remove(files.key); err != nil {
		t.Fatal(err)
	}
	expect("second")
	files.write("third")
	expect("third")

	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestACertificateThatCannotBeReadIsRefusedAtTheStart(t *testing.T) {
	_, err := httpapi.LoadCertificate("none.pem", "none.key", slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("got %v", err)
	}
}
