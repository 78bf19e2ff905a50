package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Planner: a long file is no black box. A fast machine may be done with a file
// before the page has looked twice: then a longer one is tried.
func TestTheProgressOfAnImportMoves(t *testing.T) {
	v := visit(t, furnished(t))
	for rows := 200_000; rows <= 3_200_000; rows *= 2 {
		v.open("/import")
		v.run(chromedp.SetUploadFiles("#file", []string{longFile(t, rows)}, chromedp.ByQuery))
		v.click("button", "Check the file")
		seen := v.progress()
		if len(seen) < 2 {
			continue
		}
		if !slices.IsSorted(seen) {
			t.Errorf("the progress goes back: %d %%", seen)
		}
		v.find("button", "Apply "+thin(rows)+" rows")
		return
	}
	t.Error("the progress of no file was seen to move")
}

// longFile is a file of so many rows that can all be allocated or backordered.
func longFile(t *testing.T, rows int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("orderid,sku,qty\n")
	for i := range rows {
		fmt.Fprintf(&b, "long-%07d,SMALL-TABLE,1\n", i)
	}
	file := filepath.Join(t.TempDir(), "long.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// progress is what the page of an import shows of its progress until it ends,
// in per cent, each value once.
func (v *visitor) progress() (seen []int) {
	v.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		var now struct {
			Running bool
			Percent int
			Ended   bool
		}
		ctx, cancel := context.WithTimeout(v.ctx, 2*time.Second) // a page that is being left may never answer
		err := chromedp.Run(ctx, chromedp.Evaluate(`({ Running: !!document.querySelector('progress'), Percent: document.querySelector('progress')?.value ?? 0,
			Ended: document.readyState === 'complete' && !!document.querySelector('main .sum') })`, &now))
		cancel()
		switch {
		case err != nil:
		case now.Ended:
			return seen
		case now.Running && !slices.Contains(seen, now.Percent):
			seen = append(seen, now.Percent)
		}
	}
	v.t.Fatalf("the import has not ended; the page says\n%s", eval[string](v, `document.body.innerText`))
	return nil
}

// thin is a number as pages show it, with thin spaces between thousands.
func thin(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u2009" + text[i:]
	}
	return text
}
