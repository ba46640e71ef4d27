package rocketchat

import (
	"sync"
	"time"
)

// relearn is how long it is remembered what a server does not grant: settings
// change, and servers are updated.
const relearn = time.Hour

// Question is one series of equal questions, such as those for one window: how their
// answers arrive whole, so that what was found out once does not cost a call each
// time, and the calls that the next one may send. Its zero value knows nothing yet. It
// is safe for concurrent use, but one question is asked at a time.
type Question struct {
	mu        sync.Mutex
	way       way
	learnedAt time.Time
	pages     int // How many calls the pages take.

	budget *budget
	place  Place
	left   int  // Calls that are reserved and not sent.
	capped bool // There must be no more: the whole answer does not fit into the limit.
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

// recall returns how to begin. What was not granted is tried again after an hour, if
// the calls for both ways are there, or those for the pages are not: then the answer is
// not whole anyhow.
func (q *Question) recall(now time.Time) way {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch expired := now.Sub(q.learnedAt) >= relearn; {
	case expired && q.way == asWholeOnly:
		q.way, q.pages = asFirst, 0
	case expired && q.way == inPages && q.left != q.pages:
		return asWhole
	}
	return q.way
}

// remember keeps what was found out: the way, and how many calls its pages take.
func (q *Question) remember(found way, pages int, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	// What was found once is relearnt, however often it is used.
	if q.way != found || found == inPages && now.Sub(q.learnedAt) >= relearn {
		q.way, q.learnedAt = found, now
	}
	q.pages = pages
}

// calls is how many calls the next answer takes, as far as is known, of those that
// the limit lets one question have.
func (q *Question) calls(limit Limit, now time.Time) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.way != inPages || q.pages > limit.most() {
		return 1
	}
	if now.Sub(q.learnedAt) >= relearn && q.pages < limit.most() {
		return q.pages + 1 // One to see whether all come at once by now.
	}
	return q.pages
}
