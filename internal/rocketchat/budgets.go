package rocketchat

import (
	"sync"
	"time"
)

// Budgets holds how many calls every server has had of late. It outlives the clients
// that spend them: a new configuration does not make a server forget. It is safe for
// concurrent use.
type Budgets struct {
	now func() time.Time

	mu      sync.Mutex
	servers map[string]*ServerBudget
}

// NewBudgets returns budgets of which nothing is spent. Now is the clock.
func NewBudgets(now func() time.Time) *Budgets {
	return &Budgets{now: now, servers: make(map[string]*ServerBudget)}
}

// Server returns the budget of the server at an address, which is scheme, host and
// port, always written alike; and gives it the limit. All clients of one server share
// it, because the server counts the calls that come from one address, whoever they are
// for.
func (b *Budgets) Server(address string, limit Limit) *ServerBudget {
	b.mu.Lock()
	defer b.mu.Unlock()
	server := b.servers[address]
	if server == nil {
		server = &ServerBudget{now: b.now, routes: make(map[string]*budget)}
		b.servers[address] = server
	}
	server.setLimit(limit)
	return server
}

// ServerBudget is the budget of one server, with one part for each route. It is safe
// for concurrent use.
type ServerBudget struct {
	now func() time.Time

	mu     sync.Mutex
	limit  Limit
	routes map[string]*budget
}

func (s *ServerBudget) setLimit(limit Limit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit
	for _, b := range s.routes {
		b.setLimit(limit)
	}
}

// route returns the budget of one route.
func (s *ServerBudget) route(name string) *budget {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.routes[name]
	if b == nil {
		b = newBudget(s.limit, s.now)
		s.routes[name] = b
	}
	return b
}
