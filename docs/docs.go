// Package docs has the documentation, so that the program can show it.
package docs

import "embed"

// Files are the pages, as Markdown, and their images; README.md lists the pages.
//
//go:embed README.md */*.md images/*.png
var Files embed.FS
