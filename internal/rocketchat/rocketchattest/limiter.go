package rocketchattest

import (
	"sync"
	"time"
)

// limiter is the server's rate limiter, with its fixed windows. Each route and
// method has a rule of its own; a rule counts each client address by itself, but
// its window is one for all of them, and the first call after its end begins the
// next. A refused call counts and does not make the window longer.
type limiter struct {
	mu    sync.Mutex
	rules map[string]*rule
}

type rule struct {
	limit RateLimit
	began int64 // in milliseconds since the epoch
	calls map[string]int
}

// verdict is the limiter's on one call.
type verdict struct {
	allowed   bool
	remaining int
	wait      time.Duration // until the window ends
	reset     int64         // when it ends, in milliseconds since the epoch
}

// call counts a call and reports whether it may pass. A limit that has changed
// begins anew.
func (l *limiter) call(limit RateLimit, route, client string, now time.Time) verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := now.UnixMilli()
	ru := l.rules[route]
	if ru == nil || ru.limit != limit || at-ru.began > limit.Per.Milliseconds() {
		ru = &rule{limit: limit, began: at, calls: make(map[string]int)}
		if l.rules == nil {
			l.rules = make(map[string]*rule)
		}
		l.rules[route] = ru
	}
	ru.calls[client]++
	end := ru.began + limit.Per.Milliseconds()
	return verdict{
		allowed:   ru.calls[client] <= limit.Calls,
		remaining: max(0, limit.Calls-ru.calls[client]),
		wait:      time.Duration(end-at) * time.Millisecond,
		reset:     end,
	}
}
