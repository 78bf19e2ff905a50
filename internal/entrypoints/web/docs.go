package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"allot/internal/views"
)

// read is a page of the documentation.
type read struct {
	HTML template.HTML
	Top  bool // it is the list of pages
}

// docs shows a page of the documentation: /docs/how-to/mail is how-to/mail.md.
func (s *site) docs(r *http.Request) (page, error) {
	name := strings.TrimSuffix(strings.Trim(r.PathValue("path"), "/"), ".md")
	if name == "" {
		name = "README"
	}
	source, err := fs.ReadFile(s.Docs, name+".md")
	if err != nil {
		return page{}, fmt.Errorf("there is no page %q in the documentation: %w", name, views.ErrNotFound)
	}
	var out bytes.Buffer
	about := parser.NewContext()
	about.Set(whereabouts, place{s.Docs, path.Dir(name)})
	if err := markdown.Convert(source, &out, parser.WithContext(about)); err != nil {
		return page{}, fmt.Errorf("render %s: %w", name, err)
	}
	return page{Template: "docs", Title: titleOf(source), Nav: "docs", Packed: true,
		Body: read{HTML: template.HTML(out.String()), Top: name == "README"}}, nil // our own pages, without raw HTML
}

// image answers with an image of the documentation.
func (s *site) image(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, s.Docs, "images/"+r.PathValue("name"))
}

// titleOf is the first heading of a page.
func titleOf(source []byte) string {
	first, _, _ := bytes.Cut(source, []byte("\n"))
	return strings.TrimSpace(strings.TrimLeft(string(first), "#"))
}

var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM),
	goldmark.WithParserOptions(parser.WithAutoHeadingID(), parser.WithASTTransformers(util.Prioritized(links{}, 100))),
)

// whereabouts is the key of the place of the page that is rendered.
var whereabouts = parser.NewContextKey()

// place is a directory of the documentation.
type place struct {
	docs fs.FS
	dir  string
}

// links has links between pages lead to pages rather than files. Links to what
// is not in the documentation, files of the source, become plain text.
type links struct{}

func (links) Transform(doc *ast.Document, _ text.Reader, about parser.Context) {
	from := about.Get(whereabouts).(place)
	var dead []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // it never fails
		l, ok := n.(*ast.Link)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		to, found := from.link(string(l.Destination))
		if l.Destination = []byte(to); !found {
			dead = append(dead, n)
		}
		return ast.WalkContinue, nil
	})
	for _, n := range dead {
		unlink(n)
	}
}

// unlink leaves a link's text in its place.
func unlink(n ast.Node) {
	parent := n.Parent()
	for child := n.FirstChild(); child != nil; child = n.FirstChild() {
		parent.InsertBefore(parent, n, child)
	}
	parent.RemoveChild(parent, n)
}

// link is where a link to a file leads: the same, for pages without extension;
// false if the documentation doesn't have the file.
func (p place) link(to string) (string, bool) {
	file, fragment, _ := strings.Cut(to, "#")
	if file == "" || strings.Contains(file, ":") || strings.HasPrefix(file, "/") {
		return to, true
	}
	info, err := fs.Stat(p.docs, path.Join(p.dir, file))
	if err != nil || info.IsDir() {
		return to, false
	}
	file = strings.TrimSuffix(file, ".md")
	if fragment != "" {
		file += "#" + fragment
	}
	return file, true
}
