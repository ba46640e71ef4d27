package rocketchattest

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Request is a request that the workspace received.
type Request struct {
	// Time is when it came, by the server's clock.
	Time time.Time
	// Client is the address that the rate limiter counts it for.
	Client string
	Method string
	Path   string
	// Query is as the server reads it; of a malformed query, what can be read.
	Query  url.Values
	Header http.Header
	// Authenticated is whether it carried the account's user id and a token of it.
	Authenticated bool
	// Status is what was answered: 0 if nothing was, yet or because a fault kept
	// the connection silent.
	Status int
}

// Requests are the requests received so far, in the order in which they came:
// the latest [Settings.RequestLog] of them.
func (w *Workspace) Requests() []Request {
	return w.log.list()
}

// requestLog keeps the latest requests.
type requestLog struct {
	mu      sync.Mutex
	keep    int
	entries []*Request
}

// received notes a request, and returns what notes its answer.
func (l *requestLog) received(s *Settings, r *http.Request, now time.Time, authenticated bool) (answered func(status int)) {
	entry := &Request{
		Time:          now,
		Client:        clientAddress(r),
		Method:        r.Method,
		Path:          r.URL.Path,
		Query:         r.URL.Query(),
		Header:        r.Header.Clone(),
		Authenticated: authenticated,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keep = s.RequestLog
	l.entries = append(l.entries, entry)
	if len(l.entries) > 2*l.keep { // Cutting seldom keeps the cost of a request constant.
		l.entries = slices.Clone(l.latest())
	}
	return func(status int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		entry.Status = status
	}
}

func (l *requestLog) list() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Request, 0, l.keep)
	for _, entry := range l.latest() {
		list = append(list, *entry)
	}
	return list
}

func (l *requestLog) latest() []*Request {
	return l.entries[max(0, len(l.entries)-l.keep):]
}
