package rocketchattest

import (
	"net/http"
	"slices"
)

// Fault stands between the client and the server. It may answer in the server's
// place, or let next answer and spoil that.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

type injection struct {
	match func(*http.Request) bool
	fault Fault
}

// Inject puts a fault before the requests that match: all of them if match is
// nil. Of several faults the one injected last sees a request first, and its next
// is the one before. The fault stays until remove is called; match and f may be
// called from several goroutines at once.
func (w *Workspace) Inject(match func(*http.Request) bool, f Fault) (remove func()) {
	added := &injection{match: match, fault: f}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(slices.Clip(w.faults), added)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.faults = slices.DeleteFunc(slices.Clone(w.faults), func(i *injection) bool { return i == added })
	}
}

// faulty puts the faults that match a request before a handler.
func (w *Workspace) faulty(r *http.Request, handler http.Handler) http.Handler {
	w.mu.RLock()
	faults := w.faults
	w.mu.RUnlock()
	for _, i := range faults {
		if i.match == nil || i.match(r) {
			next := handler
			handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { i.fault(rw, r, next) })
		}
	}
	return handler
}
