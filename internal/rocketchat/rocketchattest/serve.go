package rocketchattest

import (
	"net/http"
	"net/url"
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
	// public routes need no account, but have a rate limit.
	public bool
	// permissions are those of which the account needs one; without any, every
	// account may.
	permissions []string
	// parameters are not looked at if nil.
	parameters *schema
	handle     func(*call) *answer
}

// routes are the routes of a server of the profile, whether licensed or not.
func routes(p Profile) []route {
	return []route{
		infoRoute(p),
		loginRoute(),
		logoutRoute(),
		totalAbandonedChatsRoute(p),
		amountOfChatsRoute(p),
		departmentListRoute(p),
		inquiriesListRoute(),
		agentsStatusRoute(),
		publicSettingsRoute(p),
	}
}

// call is a request on its way through the checks to its route's handler.
type call struct {
	workspace *Workspace
	settings  *Settings
	route     *route
	request   *http.Request
	now       time.Time
	query     url.Values
	// anonymous calls are of no account.
	anonymous bool
	// header is what the checks add to the answer.
	header http.Header
}

// serve answers a request that no fault has answered.
func (w *Workspace) serve(rw http.ResponseWriter, r *http.Request) {
	settings := w.Settings()
	if settings.ForceSSL && !local(r) && !strings.Contains(r.Header.Get("X-Forwarded-Proto"), "https") {
		rw.Header().Set("Location", "https://"+host(r.Host)+r.URL.RequestURI())
		rw.WriteHeader(http.StatusFound)
		return
	}
	w.answer(r, &settings).send(rw, r, &settings)
}

func (w *Workspace) answer(r *http.Request, s *Settings) *answer {
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		return webAppPage()
	}
	found := w.route(r, s)
	if found == nil {
		return w.unrouted(r, s)
	}
	c := &call{workspace: w, settings: s, route: found, request: r, query: r.URL.Query(), now: s.Now(), header: make(http.Header)}
	return c.answer()
}

// answer takes the call through the checks to the handler.
func (c *call) answer() *answer {
	before, inside := c.workspace.profile.checks()
	if c.route.unguarded {
		before, inside = nil, nil
	}
	for _, pass := range before {
		if a := pass(c); a != nil {
			return a
		}
	}
	a := c.handled(inside)
	a.header = c.header
	if c.workspace.profile != Old {
		a.noStore()
	}
	return a
}

func (c *call) handled(inside []check) *answer {
	for _, pass := range inside {
		if a := pass(c); a != nil {
			return a
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
