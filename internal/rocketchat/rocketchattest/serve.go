package rocketchattest

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// route is one method of one path of the API: one file of this package each.
type route struct {
	method, path string
	// premium routes need the licence.
	premium bool
	// unguarded routes need no account and have no rate limit.
	unguarded bool
	// permissions are those of which the account needs one.
	permissions []string
	parameters  schema
	handle      func(*call) *answer
}

// routes are the routes of a server of the profile, whether licensed or not.
func routes(p Profile) []route {
	return []route{
		infoRoute(p),
		totalAbandonedChatsRoute(p),
	}
}

// call is a request on its way through the checks to its route's handler.
type call struct {
	workspace *Workspace
	settings  *Settings
	route     *route
	request   *http.Request
	now       time.Time
	query     query
	// anonymous calls have got past a server that lets strangers read.
	anonymous bool
	// header is what the checks add to the answer.
	header http.Header
}

// check passes a call by returning nil, or answers it.
type check func(*call) *answer

// checks are the steps before a handler, in the order in which the profile takes
// them.
func (p Profile) checks() []check {
	switch p {
	case Old:
		return []check{authenticate, limitRate, parseQuery, validate, permit}
	case Mid:
		return []check{license, authenticate, limitRate, parseQuery, validate, permit}
	default:
		return []check{authenticate, permit, license, parseQuery, limitRate, validate}
	}
}

// serve answers a request that no fault has answered.
func (w *Workspace) serve(rw http.ResponseWriter, r *http.Request) {
	settings := w.Settings()
	if settings.ForceSSL && !local(r) && !strings.Contains(r.Header.Get("X-Forwarded-Proto"), "https") {
		rw.Header().Set("Location", "https://"+host(r.Host)+r.URL.RequestURI())
		rw.WriteHeader(http.StatusFound)
		return
	}
	w.answer(r, &settings).send(rw, r, w.profile, &settings)
}

func (w *Workspace) answer(r *http.Request, s *Settings) *answer {
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		return webAppPage()
	}
	found := w.route(r, s)
	if found == nil {
		return w.unrouted(r, s)
	}
	c := &call{workspace: w, settings: s, route: found, request: r, now: s.Now(), header: make(http.Header)}
	a := c.run(w.profile.checks())
	a.header = c.header
	return a
}

func (c *call) run(checks []check) *answer {
	if !c.route.unguarded {
		for _, pass := range checks {
			if a := pass(c); a != nil {
				return a
			}
		}
	}
	return c.route.handle(c)
}

// route finds the route of a request: nil if there is none. Old servers do not
// have the premium ones without a licence.
func (w *Workspace) route(r *http.Request, s *Settings) *route {
	for i := range w.routes {
		found := &w.routes[i]
		if found.path != r.URL.Path || found.method != r.Method {
			continue
		}
		if w.profile == Old && found.premium && !s.Licensed {
			return nil
		}
		return found
	}
	return nil
}

// unrouted answers a request below /api that has no route.
func (w *Workspace) unrouted(r *http.Request, s *Settings) *answer {
	if w.profile != Old {
		return notFound()
	}
	for i := range w.routes {
		known := &w.routes[i]
		if known.path == r.URL.Path && known.method != r.Method && (s.Licensed || !known.premium) {
			return jsonAnswer(http.StatusMethodNotAllowed, failure{Status: "error", Message: "API endpoint does not exist"})
		}
	}
	return webAppPage()
}

func license(c *call) *answer {
	if !c.route.premium || c.settings.Licensed {
		return nil
	}
	return failed(http.StatusBadRequest, "This is an enterprise feature [error-action-not-allowed]", "error-action-not-allowed")
}

func authenticate(c *call) *answer {
	const message = "You must be logged in to do this."
	if authenticated(c.settings, c.request) {
		return nil
	}
	p := c.workspace.profile
	if p == Mid && c.settings.AllowAnonymousRead {
		c.anonymous = true
		return nil
	}
	body := failure{Status: "error", Message: message}
	if p != Old {
		body.Success, body.Error = new(false), message
	}
	return jsonAnswer(http.StatusUnauthorized, body)
}

func authenticated(s *Settings, r *http.Request) bool {
	return r.Header.Get("X-User-Id") == s.UserID && r.Header.Get("X-Auth-Token") == s.AuthToken
}

func permit(c *call) *answer {
	if !c.anonymous {
		for _, p := range c.route.permissions {
			if c.settings.permits(p) {
				return nil
			}
		}
	}
	return failed(http.StatusForbidden, "User does not have the permissions required for this action [error-unauthorized]", "")
}

func limitRate(c *call) *answer {
	limit := c.settings.RateLimit
	if limit.Calls == 0 || !c.anonymous && c.settings.permits(BypassRateLimit) {
		return nil
	}
	v := c.workspace.limiter.call(limit, c.route.method+" "+c.route.path, clientAddress(c.request), c.now)
	c.header.Set("X-RateLimit-Limit", strconv.Itoa(limit.Calls))
	c.header.Set("X-RateLimit-Remaining", strconv.Itoa(v.remaining))
	c.header.Set("X-RateLimit-Reset", strconv.FormatInt(v.reset, 10))
	if v.allowed {
		return nil
	}
	return failed(http.StatusTooManyRequests, fmt.Sprintf("Error, too many requests. Please slow down. "+
		"You must wait %.0f seconds before trying this endpoint again. [error-too-many-requests]", math.Ceil(v.wait.Seconds())), "")
}

// clientAddress is what the limiter takes for the client's address: the header
// X-Real-IP, which any client may set, else the socket's.
func clientAddress(r *http.Request) string {
	if real := r.Header.Get("X-Real-IP"); real != "" {
		return real
	}
	return host(r.RemoteAddr)
}

// local says whether the client is on the server's machine, as ForceSSL sees it.
func local(r *http.Request) bool {
	address := host(r.RemoteAddr)
	return address == "127.0.0.1" || address == "::1"
}

// host is an address without its port.
func host(address string) string {
	if h, _, err := net.SplitHostPort(address); err == nil {
		return h
	}
	return address
}
