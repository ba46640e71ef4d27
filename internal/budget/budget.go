// Package budget keeps the exporter within the rate limit of each server: at most
// Limit.Calls calls of a route in any Limit.Per, whichever workspace uses it.
//
// A caller makes a [Reservation] of the calls that it needs, spends them one by one, and
// releases the rest. A caller that gets none keeps a place in a waiting list, ordered by
// how long ago its latest attempt ended, so that frequent callers do not starve others.
package budget

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
)

// Limit is how many calls of one route a server accepts from one address. By default
// Rocket.Chat accepts 10 a minute (API_Enable_Rate_Limiter_Limit_Calls_Default and
// API_Enable_Rate_Limiter_Limit_Time_Default).
type Limit struct {
	// Calls is how many there may be in any Per; 0 is no limit.
	Calls int `yaml:"calls"`
	// Per is more than 0.
	Per model.Duration `yaml:"per"`
}

// Budgets holds the calls that each server has had. It outlives the clients that spend
// them, because a reload does not reset the server's own count. It is safe for
// concurrent use.
type Budgets struct {
	now func() time.Time

	mu      sync.Mutex
	servers map[string]*Server
}

// New returns budgets of which nothing is spent.
func New(now func() time.Time) *Budgets {
	return &Budgets{now: now, servers: make(map[string]*Server)}
}

// Server returns the budget of the server at an address (scheme, host and port), and
// sets its limit. All clients of one address share it, because the server counts calls
// by the address that they come from, whoever they are for.
func (b *Budgets) Server(address string, limit Limit) *Server {
	b.mu.Lock()
	defer b.mu.Unlock()
	server := b.servers[address]
	if server == nil {
		server = &Server{now: b.now, routes: make(map[string]*Route)}
		b.servers[address] = server
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	server.limit = limit
	return server
}

// Server is the budget of one server, with a part for each route. It is safe for
// concurrent use.
type Server struct {
	now func() time.Time

	mu     sync.Mutex // Guards the routes too.
	limit  Limit
	routes map[string]*Route
}

// Route returns the budget of one route.
func (s *Server) Route(name string) *Route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.routes[name]
	if r == nil {
		r = &Route{server: s}
		s.routes[name] = r
	}
	return r
}

// clockGrain is the resolution of the server's clock: its window has ended when more
// than the limit's time has passed, in whole milliseconds.
const clockGrain = time.Millisecond

// Route is the sliding budget of one route of one server. A call counts while it is in
// flight and for Limit.Per after it has ended: the server's window begins when it sees
// a call, which is before its answer arrives. It is safe for concurrent use.
type Route struct {
	server *Server

	reserved int         // Calls that are reserved or in flight.
	ended    []time.Time // When the calls of the last Limit.Per ended, the earliest first.
	stopped  time.Time   // Until when the server refuses calls, after a 429.
	waiting  []waiting   // Callers that did not get what they need, in no order.
	arrivals uint64
}

// free is how many calls are neither reserved nor spent. It is negative after the limit
// was lowered, or when the transport sent a call twice.
func (r *Route) free() int { return r.server.limit.Calls - r.reserved - len(r.ended) }

// expire drops what no longer counts.
func (r *Route) expire(now time.Time) {
	r.ended = slices.DeleteFunc(r.ended, func(at time.Time) bool {
		return now.Sub(at) >= time.Duration(r.server.limit.Per)+clockGrain
	})
	r.waiting = slices.DeleteFunc(r.waiting, func(w waiting) bool { return w.expired(r.server.limit, now) })
}

// available reports whether the caller may have so many calls now: not while the server
// refuses calls, and not those that callers before it wait for.
func (r *Route) available(me waiting, calls int, now time.Time) bool {
	if now.Before(r.stopped) {
		return false
	}
	return r.server.limit.Calls == 0 || calls <= r.free()-r.neededBefore(me)
}
