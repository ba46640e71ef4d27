package check

import (
	"slices"
	"sync"

	"livechat_exporter/internal/rocketchat"
)

// sent notes the calls that were sent. It is safe for concurrent use.
type sent struct {
	mu    sync.Mutex
	calls []rocketchat.Call
}

func (s *sent) observe(call rocketchat.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
}

// list returns the calls so far, in the order in which they ended.
func (s *sent) list() []rocketchat.Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// reached is how many calls got a connection.
func (s *sent) reached() int {
	return len(slices.DeleteFunc(s.list(), func(c rocketchat.Call) bool { return !c.Reached }))
}

// of returns the calls of one route.
func (s *sent) of(route string) []rocketchat.Call {
	return slices.DeleteFunc(s.list(), func(c rocketchat.Call) bool { return c.Route != route })
}
