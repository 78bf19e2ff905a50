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
	if err := markdown.Convert(source, &out); err != nil {
		return page{}, fmt.Errorf("render %s: %w", name, err)
	}
	return page{Template: "docs", Title: titleOf(source), Nav: "docs",
		Body: read{HTML: template.HTML(out.String()), Top: name == "README"}}, nil // our own pages, without raw HTML
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

// links has links between pages lead to pages rather than files.
type links struct{}

func (links) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // it never fails
		if l, ok := n.(*ast.Link); ok && entering {
			l.Destination = []byte(pageLink(string(l.Destination)))
		}
		return ast.WalkContinue, nil
	})
}

// pageLink is where a link to a file leads: the same, without its extension.
func pageLink(to string) string {
	file, fragment, _ := strings.Cut(to, "#")
	if strings.Contains(file, "://") || path.Ext(file) != ".md" {
		return to
	}
	file = strings.TrimSuffix(file, ".md")
	if fragment != "" {
		file += "#" + fragment
	}
	return file
}
