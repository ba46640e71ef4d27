package server

import "sync"

// requestLimit bounds how many requests for one workspace are served at once, so
// that one that hangs holds no more than that, and takes nothing from the others. It
// counts by name: requests of a configuration that has been replaced count too. It
// is safe for concurrent use.
type requestLimit struct {
	most int // No limit where it is not positive.

	mu       sync.Mutex
	inFlight map[string]int // By name, without the names that have none.
}

func newRequestLimit(most int) *requestLimit {
	return &requestLimit{most: most, inFlight: make(map[string]int)}
}

// begin counts a request for the workspace, and reports whether it may be served.
// Where it may, end must be called when it has been.
func (l *requestLimit) begin(workspace string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.most > 0 && l.inFlight[workspace] >= l.most {
		return false
	}
	l.inFlight[workspace]++
	return true
}

// end takes back what begin counted.
func (l *requestLimit) end(workspace string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight[workspace]--
	if l.inFlight[workspace] == 0 {
		delete(l.inFlight, workspace)
	}
}
