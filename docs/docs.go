// Package docs has the documentation, so that the program can show it.
package docs

import "embed"

// Files are the pages, as Markdown; README.md lists them.
//
//go:embed README.md */*.md
var Files embed.FS
