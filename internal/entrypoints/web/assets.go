package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// served are the assets by the names under which pages ask for them.
var served, assetNames = func() (map[string][]byte, map[string]string) {
	contents, names := map[string][]byte{}, map[string]string{}
	entries, _ := assetFiles.ReadDir("assets") // it is embedded
	for _, e := range entries {
		content, _ := assetFiles.ReadFile("assets/" + e.Name())
		sum := sha256.Sum256(content)
		ext := path.Ext(e.Name())
		names[e.Name()] = strings.TrimSuffix(e.Name(), ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		contents[names[e.Name()]] = content
	}
	return contents, names
}()

// asset is the path of an asset. It changes with its content, so that browsers
// may keep it for ever.
func asset(name string) string { return "/assets/" + assetNames[name] }

var types = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

var assets = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	content, ok := served[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(r.PathValue("name"))])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(content) // if nobody listens any more there is nobody to tell
})
