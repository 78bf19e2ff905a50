package service

import "sync"

// Pulse tells any number of listeners that something has happened. The zero
// Pulse is ready.
type Pulse struct {
	mu   sync.Mutex
	next chan struct{} // nil if nobody listens
}

// Next returns a channel that the next beat closes.
func (p *Pulse) Next() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = make(chan struct{})
	}
	return p.next
}

// Beat wakes all who listen.
func (p *Pulse) Beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next != nil {
		close(p.next)
		p.next = nil
	}
}
