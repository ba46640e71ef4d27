package budget

import (
	"slices"
	"time"
)

// Waiter is a caller and its place in the waiting list.
type Waiter struct {
	// ID identifies the caller from one reservation to the next; it is comparable.
	ID any
	// Since is when its latest attempt ended, zero before the first: the longest ago
	// goes first.
	Since time.Time
}

// waiting is a place in the waiting list.
type waiting struct {
	Waiter

	calls   int
	arrival uint64 // Orders those that have waited equally long.
	renewed time.Time
}

// minWait is how long a place is kept at least. A shorter expiry would let frequent
// callers starve a caller with a long scrape interval; a longer one would keep calls for
// callers that have gone.
const minWait = 4 * time.Minute

// expired reports whether the caller has not come back for so long that its place is
// lost.
func (w waiting) expired(limit Limit, now time.Time) bool {
	return now.Sub(w.renewed) > max(2*time.Duration(limit.Per), minWait)
}

// before reports whether w goes first.
func (w waiting) before(other waiting) bool {
	if order := w.Since.Compare(other.Since); order != 0 {
		return order < 0
	}
	return w.arrival < other.arrival
}

// neededBefore is how many calls the others need that go before me.
func (r *Route) neededBefore(me waiting) int {
	calls := 0
	for _, w := range r.waiting {
		if w.ID != me.ID && w.before(me) {
			calls += w.calls
		}
	}
	return calls
}

// wait puts the caller into the waiting list, or renews its place.
func (r *Route) wait(w Waiter, calls int, now time.Time) waiting {
	i := slices.IndexFunc(r.waiting, func(o waiting) bool { return o.ID == w.ID })
	if i < 0 {
		i = len(r.waiting)
		r.waiting = append(r.waiting, waiting{arrival: r.arrivals})
		r.arrivals++
	}
	place := &r.waiting[i]
	place.Waiter, place.calls, place.renewed = w, calls, now
	return *place
}

// Reserve reserves calls for one query or for several that belong together, all or
// none: need returns how many each of them takes under the limit. It returns a
// reservation for each, nil if there is not enough left, and how many calls that are.
//
// Queries that could never get all of their calls within the limit get one each, and
// cannot extend that: their answers will be incomplete.
func (r *Route) Reserve(w Waiter, need func(Limit) []int) (shares []*Reservation, calls int) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	now := r.server.now()
	r.expire(now)
	each := need(r.server.limit)
	for _, n := range each {
		calls += n
	}
	capped := r.server.limit.Calls > 0 && calls > r.server.limit.Calls
	if capped {
		calls = len(each)
	}
	me := r.wait(w, calls, now)
	if !r.available(me, calls, now) {
		return nil, calls
	}
	r.waiting = slices.DeleteFunc(r.waiting, func(o waiting) bool { return o.ID == w.ID })
	r.reserved += calls
	for _, n := range each {
		if capped {
			n = 1
		}
		shares = append(shares, &Reservation{route: r, waiter: w, capped: capped, left: n})
	}
	return shares, calls
}

// Reservation is a number of calls that one query may send. It is used by one goroutine
// at a time.
type Reservation struct {
	route  *Route
	waiter Waiter
	capped bool
	left   int
}

// Left is how many reserved calls have not begun.
func (x *Reservation) Left() int { return x.left }

// Extend makes sure that so many calls are left, and reserves what is missing: all or
// nothing.
func (x *Reservation) Extend(calls int) bool {
	missing := calls - x.left
	if missing <= 0 {
		return true
	}
	r := x.route
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	now := r.server.now()
	r.expire(now)
	if x.capped || !r.available(waiting{Waiter: x.waiter, arrival: r.arrivals}, missing, now) {
		return false
	}
	r.reserved += missing
	x.left = calls
	return true
}

// Begin turns a reserved call into one that is in flight. End must follow.
func (x *Reservation) Begin() { x.left-- }

// End counts a call that has ended. Sent is how many times it reached a connection: 0 if
// the server cannot have seen it, more than 1 if the transport sent it again.
func (x *Reservation) End(sent int) {
	r := x.route
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	now := r.server.now()
	r.reserved--
	for range sent {
		if r.server.limit.Calls > 0 { // Or the list would grow for ever.
			r.ended = append(r.ended, now)
		}
	}
}

// Stop keeps the route from being called for a while, after the server refused a call.
// The wait is limited to between 1 s and twice the limit's time, so that a wrong clock
// cannot stop the route for good; 0 means that the server did not give one.
func (x *Reservation) Stop(wait time.Duration) {
	r := x.route
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	per := time.Duration(r.server.limit.Per)
	if wait <= 0 {
		wait = per
	}
	if until := r.server.now().Add(max(time.Second, min(wait, 2*per))); until.After(r.stopped) {
		r.stopped = until
	}
}

// Release gives back the calls that were not sent. It can be called again.
func (x *Reservation) Release() {
	r := x.route
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.reserved -= x.left
	x.left = 0
}
