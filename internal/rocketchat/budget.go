package rocketchat

import (
	"slices"
	"sync"
	"time"
)

// clockGrain is what the server's limiter compares in: its window has ended once more
// than the limit's time has passed, in whole milliseconds.
const clockGrain = time.Millisecond

// budget is what may still be sent on one route of one server: at most limit.Calls in
// any limit.Per. A call counts while it is on its way and for limit.Per after it has
// ended. The server's window begins when it sees a call, which is before its answer
// comes, so the window can never get more than the limit from this process. It is safe
// for concurrent use.
type budget struct {
	now func() time.Time

	mu    sync.Mutex
	limit Limit
	// reserved calls are promised or on their way.
	reserved int
	// ended are the calls that ended within limit.Per, the earliest first.
	ended []endedCall
	// stopped is when the server takes calls again, by its own word.
	stopped time.Time
	// claims are those that did not get what they need, in no order.
	claims  []claim
	claimed uint64
}

// endedCall is a call that counts.
type endedCall struct {
	at    time.Time
	reset int64 // The end of the server's window that it fell into; 0 if not known.
}

func newBudget(limit Limit, now func() time.Time) *budget {
	return &budget{limit: limit, now: now}
}

func (b *budget) setLimit(limit Limit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = limit
}

// reserve takes the calls that need returns for the limit, all or none. Those who wait
// for longer go first: what they have claimed is not given away.
func (b *budget) reserve(place Place, need func(Limit) int) (calls int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.forget(now)
	calls = need(b.limit)
	mine := b.claim(place, calls, now)
	if now.Before(b.stopped) || b.limit.Calls > 0 && calls > b.free()-b.claimedBefore(mine) {
		return calls, false
	}
	b.drop(place.Holder)
	b.reserved += calls
	return calls, true
}

// more takes further calls for somebody who has some: all or none, without a claim.
func (b *budget) more(place Place, calls int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.forget(now)
	mine := claim{place: place, order: b.claimed}
	if now.Before(b.stopped) || b.limit.Calls > 0 && calls > b.free()-b.claimedBefore(mine) {
		return false
	}
	b.reserved += calls
	return true
}

// release gives back calls that were reserved and not sent.
func (b *budget) release(calls int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserved -= calls
}

// spend turns a reserved call into one that has ended. Sent is how often it reached a
// connection: one that got none was not seen by the server, and the transport can have
// sent one more than once.
func (b *budget) spend(sent int, said rateLimit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.reserved--
	for range sent {
		b.ended = append(b.ended, endedCall{at: now, reset: said.reset})
	}
	if said.stops() && !b.ownDoing(said) {
		if until := said.at.Add(said.stop(b.limit)); until.After(b.stopped) {
			b.stopped = until
		}
	}
}

// ownDoing reports whether nothing is left in the server's window because of calls of
// this process alone. Then the budget is spent for as long anyway, and knows the end
// better than an answer whose clock has whole seconds.
func (b *budget) ownDoing(said rateLimit) bool {
	if said.refused || said.reset == 0 || b.limit.Calls == 0 || b.limit.Calls > said.limit {
		return false
	}
	if said.wait > b.limit.Per+time.Second {
		return false // The server counts for longer than it is configured here.
	}
	own := b.reserved
	for _, call := range b.ended {
		if call.reset == said.reset {
			own++
		}
	}
	return own >= said.limit
}

// left returns how many calls could be sent now, -1 without a limit, and when the next
// one can, zero if at once.
func (b *budget) left() (calls int, next time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.forget(now)
	calls = -1
	if b.limit.Calls > 0 {
		calls = max(0, b.free())
		if over := -b.free(); over >= 0 && over < len(b.ended) {
			next = b.ended[over].at.Add(b.limit.Per + clockGrain)
		}
	}
	if b.stopped.After(now) {
		calls, next = 0, later(next, b.stopped)
	}
	return calls, next
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// free is how many calls are neither promised nor spent. It is negative after the limit
// was lowered, or when the transport sent a call twice.
func (b *budget) free() int {
	return b.limit.Calls - b.reserved - len(b.ended)
}

// forget drops what no longer counts.
func (b *budget) forget(now time.Time) {
	counts := slices.IndexFunc(b.ended, func(call endedCall) bool { return now.Sub(call.at) < b.limit.Per+clockGrain })
	if counts < 0 {
		counts = len(b.ended)
	}
	b.ended = slices.Delete(b.ended, 0, counts)
	b.claims = slices.DeleteFunc(b.claims, func(c claim) bool { return !c.stands(b.limit, now) })
}
