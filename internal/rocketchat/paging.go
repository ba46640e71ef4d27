package rocketchat

import (
	"sync"
	"time"
)

// relearn is how long it is remembered that an answer arrives in pages, or that
// the server takes no paging parameters: settings change, and servers are
// updated.
const relearn = time.Hour

// Paging remembers how the answers to one series of questions arrive whole, so
// that what was found out once does not cost a call each time. Its zero value
// knows nothing yet. It is safe for concurrent use.
type Paging struct {
	mu        sync.Mutex
	way       way
	firstRows int // How many departments the call without parameters brought.
	learnedAt time.Time
}

// way is how to ask.
type way int

const (
	asFirst way = iota // Without paging parameters.
	asWhole            // With count=0.
	inPages            // With offset and count.
)

// recall returns how to begin, and how many departments the call without
// parameters brought when that was found out.
func (p *Paging) recall(now time.Time) (begin way, firstRows int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.way == inPages && now.Sub(p.learnedAt) >= relearn {
		p.way = asFirst
	}
	return p.way, p.firstRows
}

// remember keeps what was found out.
func (p *Paging) remember(found way, firstRows int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.way, p.firstRows, p.learnedAt = found, firstRows, now
}
