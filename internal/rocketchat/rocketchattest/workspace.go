package rocketchattest

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// Workspace is a workspace of a Rocket.Chat server, and the server process
// before it: an [http.Handler] for [net/http/httptest.NewServer], or to be
// reached without a socket through [Workspace.Transport]. Make it with [New].
//
// All methods may be called from several goroutines at once.
type Workspace struct {
	profile  Profile
	routes   []route
	limiter  limiter
	log      requestLog
	sessions sessions

	mu       sync.RWMutex // guards what follows
	settings Settings
	model    model
	faults   []*injection

	shuffling sync.Mutex // serialises Settings.Shuffle
	clients   clientAddresses
}

// New makes a workspace without departments and rooms: licensed, with an account
// that has the permissions of the analytics routes and of the list of departments,
// and otherwise with the server's default settings, the rate limit of 10 calls a
// minute included.
func New(p Profile) *Workspace {
	return &Workspace{
		profile:  p,
		routes:   routes(p),
		settings: defaults(p),
		model:    newModel(),
	}
}

// Profile is the generation that the workspace was made with.
func (w *Workspace) Profile() Profile {
	return w.profile
}

// Configure changes settings. The change holds for all requests that are
// answered from then on; change must not call methods of the workspace.
func (w *Workspace) Configure(change func(*Settings)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	settings := w.settings.clone()
	change(&settings)
	w.settings = settings
}

// Settings are the settings now.
func (w *Workspace) Settings() Settings {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.settings.clone()
}

// ServeHTTP answers as the server does, or as the injected faults say.
func (w *Workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	settings := w.Settings()
	now := settings.Now()
	answered := w.log.received(&settings, r, now, w.authenticated(&settings, r, now))
	recorder := &statusWriter{ResponseWriter: rw, now: settings.Now, answered: answered}
	r = received(r)
	w.faulty(r, http.HandlerFunc(w.serve)).ServeHTTP(recorder, r)
	recorder.finish()
}

// maxRequest bounds what is read of a request's body, in bytes.
const maxRequest = 64 << 10

// received returns the request with its body read. Only then does a web server notice
// when the client goes, which slow and hanging answers wait for.
func received(r *http.Request) *http.Request {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxRequest)) // Cut short, it is no JSON.
	r = r.WithContext(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

// now is the server's clock, in milliseconds since the epoch.
func (w *Workspace) now() int64 {
	settings := w.Settings()
	return settings.Now().UnixMilli()
}
