package browser

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// Ten tabs over HTTP/1.1, for two minutes if it may take long: all load, all are
// live, over one stream; after a restart all go on, and none has missed an event.
func TestSoakTenTabsShareOneStream(t *testing.T) {
	long := 5 * time.Second
	if os.Getenv("ALLOT_SOAK") != "" {
		long = 2 * time.Minute
	}
	s := furnished(t)
	tabs := []*visitor{visit(t, s)}
	for range 9 {
		tabs = append(tabs, tabs[0].tab())
	}
	for _, v := range tabs {
		v.open("/")
		v.until("be live", `document.querySelector('#live').textContent === 'Live'`)
		eval[bool](v, `window.heard = [], new BroadcastChannel('allot').onmessage = (e) => { if (e.data.position) window.heard.push(+e.data.position) }, true`)
	}
	n := 0
	happen := func() {
		n++
		s.do(fmt.Sprintf(`{"op":"allocate","order_id":"tab-%d","sku":"SMALL-TABLE","qty":5000}`, n))
	}
	for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(time.Second) {
		happen()
	}
	everybodyHeard := func() {
		t.Helper()
		last := s.events()
		for _, v := range tabs {
			v.until("hear of the last event", fmt.Sprintf("window.heard.at(-1) === %d", last))
			v.until("be live", `document.querySelector('#live').textContent === 'Live'`)
			v.until("count anew", fmt.Sprintf(`document.querySelector('[data-live=backordered]').textContent === '%d'`, n+1))
		}
	}
	everybodyHeard()
	streams := 0
	for _, v := range tabs {
		streams += v.feeds()
	}
	if streams != 1 {
		t.Errorf("they have %d streams", streams)
	}
	s.stop()
	for _, v := range tabs {
		v.until("tell that it is cut off", `document.querySelector('#live').textContent === 'Reconnecting'`)
	}
	s.start()
	happen() // before anybody is back
	everybodyHeard()
	for i, v := range tabs {
		heard := eval[[]int](v, `window.heard`)
		if slices.Sort(heard); len(heard) < 3 || heard[len(heard)-1]-heard[0] != len(heard)-1 {
			t.Errorf("tab %d heard %v", i, heard)
		}
	}
}

// feeds is how many live feeds a tab has asked for.
func (v *visitor) feeds() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.streams
}
