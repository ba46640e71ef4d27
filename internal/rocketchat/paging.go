package rocketchat

import (
	"sync"
	"time"
)

// relearn is how long it is remembered what a server does not grant: settings
// change, and servers are updated.
const relearn = time.Hour

// Paging remembers how the answers to one series of questions arrive whole, so
// that what was found out once does not cost a call each time. Its zero value
// knows nothing yet. It is safe for concurrent use.
type Paging struct {
	mu        sync.Mutex
	way       way
	learnedAt time.Time
}

// way is how to ask.
type way int

const (
	// asFirst asks without paging parameters, and for more if there is more.
	asFirst way = iota
	// asWhole asks with count=0, and in pages if that does not bring all.
	asWhole
	// asWholeOnly asks with count=0, after pages brought nothing more: what is
	// missing is missing on the replica that was read.
	asWholeOnly
	// inPages asks with offset and count, after count=0 did not bring all.
	inPages
)

// recall returns how to begin.
func (p *Paging) recall(now time.Time) way {
	p.mu.Lock()
	defer p.mu.Unlock()
	if (p.way == asWholeOnly || p.way == inPages) && now.Sub(p.learnedAt) >= relearn {
		p.way = asFirst
	}
	return p.way
}

// remember keeps what was found out.
func (p *Paging) remember(found way, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.way != found { // What was found once is relearnt, however often it is used.
		p.way, p.learnedAt = found, now
	}
}
