package browser

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var pictures = flag.Bool("pictures", false, "take the pictures of the documentation anew")

// The pictures are taken of the shop that the tests are about, so that they are
// always of what there is.
func TestPicturesCanBeTaken(t *testing.T) {
	v := visit(t, furnished(t))
	dir := t.TempDir()
	if *pictures {
		dir = "../../docs/images"
	}
	for name, path := range map[string]string{
		"overview": "/", "product": "/products/SMALL-TABLE", "order": "/orders/order-7005", "change": "/do/change_batch?ref=batch-0461&qty=10",
	} {
		v.run(chromedp.EmulateViewport(1100, 760))
		v.open(path)
		var picture []byte
		v.run(chromedp.CaptureScreenshot(&picture))
		if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
		if len(picture) < 10_000 {
			t.Errorf("the picture of %s has %d bytes", name, len(picture))
		}
	}
}
