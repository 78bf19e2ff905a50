package web

import (
	"context"
	"sync"
	"time"
)

// remembered is an answer that takes longer to find the larger the shop is. What
// is found quickly is found each time. What isn't is kept ten times as long as it
// took, so that it doesn't keep the database busy; whoever asks later gets it as it
// was, and it is found anew meanwhile.
type remembered[T any] struct {
	mu      sync.Mutex
	about   string // what was asked
	answer  T
	found   time.Time // when it was looked for
	took    time.Duration
	finding bool
	behind  sync.WaitGroup // those that find it anew
}

const (
	timesKept  = 10
	quick      = 20 * time.Millisecond // is found each time
	mostBehind = time.Minute           // an older answer is of no use
	mostFind   = 30 * time.Second      // for those that nobody waits for
)

// get returns the answer to a question, which find finds.
func (r *remembered[T]) get(ctx context.Context, about string, find func(context.Context) (T, error)) (T, error) {
	if answer, ok := r.known(ctx, about, find); ok {
		return answer, nil
	}
	return r.find(ctx, about, find)
}

// known is the answer, if it is known well enough. If it is not as good as it
// could be, it is found anew behind the back of whoever asks.
func (r *remembered[T]) known(ctx context.Context, about string, find func(context.Context) (T, error)) (T, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	age := time.Since(r.found)
	if r.about != about || r.took < quick || age > mostBehind {
		return r.answer, false
	}
	if age <= timesKept*r.took {
		return r.answer, true
	}
	if !r.finding {
		r.finding = true
		r.behind.Go(func() {
			later, cancel := context.WithTimeout(context.WithoutCancel(ctx), mostFind)
			defer cancel()
			_, _ = r.find(later, about, find) // whoever asks next learns what is wrong
		})
	}
	return r.answer, true
}

// find finds the answer, and remembers it.
func (r *remembered[T]) find(ctx context.Context, about string, find func(context.Context) (T, error)) (T, error) {
	began := time.Now()
	answer, err := find(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finding = false
	if err == nil {
		r.about, r.answer, r.found, r.took = about, answer, began, time.Since(began)
	}
	return answer, err
}
