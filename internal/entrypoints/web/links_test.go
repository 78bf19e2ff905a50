package web_test

import (
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"allot/docs"
	"allot/internal/entrypoints/httpapi"
	"allot/internal/entrypoints/importer"
	"allot/internal/entrypoints/web"
	"allot/internal/entrypoints/wire"
)

// whole gives a shop the pages with the real documentation behind the API, as
// a server has them.
func whole(t *testing.T) *shop {
	t.Helper()
	s := furnish(t)
	site := web.New(s.bus, s.store, web.Options{Docs: docs.Files})
	server := httptest.NewServer(httpapi.New(s.bus, s.store, httpapi.Options{Pages: site}))
	t.Cleanup(func() {
		server.Close()
		if err := site.Close(); err != nil {
			t.Error(err)
		}
	})
	s.server = server
	return s
}

// plainly gets a path as programs do that don't ask for HTML.
func (s *shop) plainly(path string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.server.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	got.Body.Close()
	return got
}

var references = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

func TestNoLinkOfTheDocumentationLeadsNowhere(t *testing.T) {
	s := whole(t)
	pages := 0
	err := fs.WalkDir(docs.Files, ".", func(file string, _ fs.DirEntry, err error) error {
		name, isPage := strings.CutSuffix(file, ".md")
		if err != nil || !isPage {
			return err
		}
		pages++
		at, err := url.Parse("/docs/" + strings.TrimSuffix(name, "README"))
		if err != nil {
			return err
		}
		for _, found := range references.FindAllStringSubmatch(s.get(at.Path).Body, -1) {
			to, err := at.Parse(html.UnescapeString(found[1]))
			if err != nil {
				return err
			}
			if to.Host != "" || to.Path == at.Path && to.Fragment == "" {
				continue
			}
			got := s.get(to.RequestURI())
			if got.Status != http.StatusOK && got.Status != http.StatusMovedPermanently {
				t.Errorf("%s leads to %s: status %d", file, found[1], got.Status)
			}
			if to.Fragment != "" && !strings.Contains(got.Body, `id="`+to.Fragment+`"`) {
				t.Errorf("%s leads to %s, where there is no %q", file, found[1], to.Fragment)
			}
		}
		return nil
	})
	if err != nil || pages < 20 {
		t.Errorf("%d pages (%v)", pages, err)
	}
}

// A page takes at most 30 KB of the way, that of the whole API as well.
func TestNoPageOfTheDocumentationIsLong(t *testing.T) {
	const most = 30 << 10
	s := whole(t)
	err := fs.WalkDir(docs.Files, ".", func(file string, _ fs.DirEntry, err error) error {
		name, isPage := strings.CutSuffix(file, ".md")
		if err != nil || !isPage {
			return err
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/docs/"+name, nil)
		if err != nil {
			return err
		}
		r.Header.Set("Accept", "text/html")
		r.Header.Set("Accept-Encoding", "gzip") // or else the client would unpack it
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer got.Body.Close()
		n, err := io.Copy(io.Discard, got.Body)
		if got.StatusCode != http.StatusOK || got.Header.Get("Content-Encoding") != "gzip" || n > most {
			t.Errorf("%s: status %d, %q, %d bytes; want at most %d, compressed", file, got.StatusCode, got.Header.Get("Content-Encoding"), n, most)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTheDocumentationIsThereForProgramsToo(t *testing.T) {
	s := whole(t)
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/docs/": "text/html; charset=utf-8", "/docs/reference/errors": "text/html; charset=utf-8",
		"/docs/images/order.png": "image/png", "/docs/errors/out_of_stock": "text/html; charset=utf-8",
	} {
		if got := s.plainly(path); got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != want {
			t.Errorf("%s: status %d, %s", path, got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
	if got := s.plainly("/late"); got.StatusCode != http.StatusNotFound {
		t.Errorf("/late without HTML: status %d", got.StatusCode)
	}
}

func TestEveryCodeOfAProblemIsExplained(t *testing.T) {
	s := whole(t)
	for _, m := range wire.Meanings() {
		s.get("/docs/errors/"+m.Code).says(t, http.StatusOK, m.Code, m.Title)
	}
	for _, code := range []string{importer.CodeBadHeader, importer.CodeMalformedRow, importer.CodeRowsApart, importer.CodeTooManyRows} {
		s.get("/docs/errors/"+code).says(t, http.StatusOK, code)
	}
	s.get("/docs/errors/nix").says(t, http.StatusNotFound, `there is no code "nix"`)
}

var asAPI = regexp.MustCompile(`This page as API: <a href="([^"]*)"`)

func TestWhatAPageNamesAsItsAPIIsThere(t *testing.T) {
	s := whole(t)
	for path, has := range map[string]bool{
		"/": false, "/products": true, "/products/CHAIR": true, "/orders": true, "/orders?status=allocated": true, "/orders/order-1": true,
		"/batches": true, "/batches?sku=CHAIR": true, "/batches/late": true, "/late": true, "/late?as_of=2027-04-01": true, "/at-risk": true,
		"/backorders": true, "/backorders?sku=CHAIR": true, "/events": true, "/deliveries": true, "/messages": true, "/search": false, "/import": false,
		"/do/add_batch": false, "/docs/": false, "/help": false,
	} {
		found := asAPI.FindStringSubmatch(s.get(path).Body)
		if (found != nil) != has {
			t.Errorf("%s names %q", path, found)
			continue
		}
		if !has {
			continue
		}
		if got := s.plainly(html.UnescapeString(found[1])); got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s names %s: status %d, %s", path, found[1], got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
}
