package rocketchattest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The bodies of the server's answers, by what they say.
const (
	noRooms        = `{"departments":[],"count":0,"offset":0,"total":0,"success":true}`
	notLoggedInOld = `{"status":"error","message":"You must be logged in to do this."}`
	notLoggedIn    = `{"success":false,"error":"You must be logged in to do this.","status":"error","message":"You must be logged in to do this."}`
	noPermission   = `{"success":false,"error":"User does not have the permissions required for this action [error-unauthorized]"}`
	noLicense      = `{"success":false,"error":"This is an enterprise feature [error-action-not-allowed]","errorType":"error-action-not-allowed"}`
	noStart        = `{"success":false,"error":"must have required property 'start' [invalid-params]","errorType":"invalid-params"}`
	tooMany        = `{"success":false,"error":"Error, too many requests. Please slow down. You must wait 60 seconds before trying this endpoint again. [error-too-many-requests]"}`
	noEndpoint     = `{"status":"error","message":"API endpoint does not exist"}`
	plain404       = "404 Not Found"
	webPage        = "<!DOCTYPE html>"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		profiles  []Profile // nil: all
		settings  []setting
		request   request
		status    int
		content   string
		body      string // of HTML, the beginning
		limited   bool   // with the limiter's headers
		cacheable bool   // JSON, but without the headers that forbid to keep it
	}{
		"the account gets the numbers": {
			status: 200, content: contentJSON, body: noRooms, limited: true,
		},
		"a stranger": {
			profiles: []Profile{Old}, request: request{stranger: true},
			status: 401, content: contentJSON, body: notLoggedInOld,
		},
		"a stranger, later": {
			profiles: []Profile{Mid}, request: request{stranger: true},
			status: 401, content: contentJSON, body: notLoggedIn,
		},
		"a stranger, latest": {
			profiles: []Profile{Latest}, request: request{stranger: true},
			status: 401, content: contentJSON, body: notLoggedIn, cacheable: true,
		},
		"a wrong token": {
			profiles: []Profile{Mid}, request: request{header: map[string]string{"X-Auth-Token": "wrong"}},
			status: 401, content: contentJSON, body: notLoggedIn,
		},
		"a wrong user": {
			profiles: []Profile{Mid}, request: request{header: map[string]string{"X-User-Id": "wrong"}},
			status: 401, content: contentJSON, body: notLoggedIn,
		},
		"a token that was replaced": {
			profiles: []Profile{Mid}, settings: []setting{func(s *Settings) { s.AuthToken = "another" }},
			status: 401, content: contentJSON, body: notLoggedIn,
		},
		"the token that replaced it": {
			settings: []setting{func(s *Settings) { s.AuthToken = "another" }},
			request:  request{header: map[string]string{"X-Auth-Token": "another"}},
			status:   200, content: contentJSON, body: noRooms, limited: true,
		},
		"a stranger who may read, where that is a mistake": {
			profiles: []Profile{Mid}, settings: []setting{anonymously}, request: request{stranger: true},
			status: 403, content: contentJSON, body: noPermission, limited: true,
		},
		"a stranger who may read": {
			profiles: []Profile{Latest}, settings: []setting{anonymously}, request: request{stranger: true},
			status: 401, content: contentJSON, body: notLoggedIn, cacheable: true,
		},
		"no permission": {
			profiles: []Profile{Old, Mid}, settings: []setting{unpermitted},
			status: 403, content: contentJSON, body: noPermission, limited: true,
		},
		"no permission, latest": {
			profiles: []Profile{Latest}, settings: []setting{unpermitted},
			status: 403, content: contentJSON, body: noPermission, cacheable: true,
		},
		"no licence, old": {
			profiles: []Profile{Old}, settings: []setting{unlicensed},
			status: 200, content: contentHTML, body: webPage,
		},
		"no licence": {
			profiles: []Profile{Mid, Latest}, settings: []setting{unlicensed},
			status: 400, content: contentJSON, body: noLicense, cacheable: true,
		},
		"no parameters": {
			request: request{target: abandonedPath},
			status:  400, content: contentJSON, body: noStart, limited: true,
		},
		"too many calls": {
			settings: []setting{exhausted},
			status:   429, content: contentJSON, body: tooMany, limited: true,
		},
		"an account without a limit": {
			settings: []setting{exhausted, bypassing},
			status:   200, content: contentJSON, body: noRooms,
		},
		"the limiter switched off": {
			settings: []setting{unlimited},
			status:   200, content: contentJSON, body: noRooms,
		},
		"the version, for everybody, old": {
			profiles: []Profile{Old}, settings: []setting{unlicensed, unpermitted, exhausted},
			request: request{target: "/api/info", stranger: true},
			status:  200, content: contentJSON, body: `{"version":"6.13","success":true}`,
		},
		"the version, for everybody": {
			profiles: []Profile{Mid}, settings: []setting{unlicensed, unpermitted, exhausted},
			request: request{target: "/api/info?t=1", stranger: true},
			status:  200, content: contentJSON, body: `{"version":"8.0","success":true}`,
		},
		"the version, for everybody, latest": {
			profiles: []Profile{Latest}, settings: []setting{unlicensed, unpermitted, exhausted},
			request: request{target: "/api/info", stranger: true},
			status:  200, content: contentJSON, body: `{"version":"8.8","success":true}`,
		},
		"a wrong method, old": {
			profiles: []Profile{Old}, request: request{method: http.MethodPost, stranger: true},
			status: 405, content: contentJSON, body: noEndpoint, cacheable: true,
		},
		"a wrong method, old and not licensed": {
			profiles: []Profile{Old}, settings: []setting{unlicensed}, request: request{method: http.MethodPost},
			status: 200, content: contentHTML, body: webPage,
		},
		"a wrong method": {
			profiles: []Profile{Mid, Latest}, request: request{method: http.MethodPost},
			status: 404, content: contentText, body: plain404,
		},
		"an unknown path, old": {
			profiles: []Profile{Old}, request: request{target: "/api/v1/livechat/nothing"},
			status: 200, content: contentHTML, body: webPage,
		},
		"an unknown path": {
			profiles: []Profile{Mid, Latest}, request: request{target: "/api/v1/livechat/nothing"},
			status: 404, content: contentText, body: plain404,
		},
		"a trailing slash, old": {
			profiles: []Profile{Old}, request: request{target: abandonedPath + "/?" + day},
			status: 200, content: contentHTML, body: webPage,
		},
		"a trailing slash": {
			profiles: []Profile{Mid, Latest}, request: request{target: abandonedPath + "/?" + day},
			status: 404, content: contentText, body: plain404,
		},
		"the start page": {
			request: request{target: "/", stranger: true},
			status:  200, content: contentHTML, body: webPage,
		},
		"a wrong prefix": {
			request: request{target: "/chat" + abandonedPath},
			status:  200, content: contentHTML, body: webPage,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			which := tt.profiles
			if which == nil {
				which = profiles
			}
			for _, p := range which {
				w := newWorkspace(p)
				for _, change := range tt.settings {
					w.Configure(change)
				}
				got := ask(t, w, tt.request)
				if got.status != tt.status {
					t.Errorf("%s: status = %d, want %d", p, got.status, tt.status)
				}
				if got.body != tt.body && (tt.body != webPage || !strings.HasPrefix(got.body, webPage)) {
					t.Errorf("%s: body =\n%s, want\n%s", p, got.body, tt.body)
				}
				want := map[string]string{
					"Content-Type":           tt.content,
					"Date":                   "Wed, 04 Mar 2026 12:00:00 GMT",
					"X-Xss-Protection":       "1",
					"X-Content-Type-Options": "nosniff",
					"Retry-After":            "",
					"Cache-Control":          "",
					"Pragma":                 "",
				}
				if tt.content == contentJSON && !tt.cacheable && p != Old {
					want["Cache-Control"], want["Pragma"] = "no-store", "no-cache"
				}
				for name, value := range want {
					if got := got.header.Get(name); got != value {
						t.Errorf("%s: header %s = %q, want %q", p, name, got, value)
					}
				}
				for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
					if given := got.header.Get(name) != ""; given != tt.limited {
						t.Errorf("%s: has header %s = %t, want %t", p, name, given, tt.limited)
					}
				}
			}
		})
	}
}

// The first of several things that are wrong is the one that is answered.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	wrong := map[string]struct {
		settings setting
		request  func(*request)
		status   int
		body     string // a part
	}{
		"licence":    {settings: unlicensed, status: 400, body: "error-action-not-allowed"},
		"auth":       {request: func(q *request) { q.stranger = true }, status: 401, body: "must be logged in"},
		"limiter":    {settings: exhausted, status: 429, body: "error-too-many-requests"},
		"params":     {request: func(q *request) { q.query = "foo=1" }, status: 400, body: "invalid-params"},
		"permission": {settings: unpermitted, status: 403, body: "error-unauthorized"},
	}
	for p, order := range map[Profile][]string{
		Old:    {"auth", "limiter", "params", "permission"},
		Mid:    {"licence", "auth", "limiter", "params", "permission"},
		Latest: {"auth", "permission", "licence", "limiter", "params"},
	} {
		for first := range order {
			w, q := newWorkspace(p), request{}
			for _, name := range order[first:] {
				if change := wrong[name].settings; change != nil {
					w.Configure(change)
				}
				if change := wrong[name].request; change != nil {
					change(&q)
				}
			}
			got, want := ask(t, w, q), wrong[order[first]]
			if got.status != want.status || !strings.Contains(got.body, want.body) {
				t.Errorf("%s: with %v wrong the answer is %d %s, want %d %q",
					p, order[first:], got.status, got.body, want.status, want.body)
			}
		}
	}
}

func TestForceSSL(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		client   string
		header   map[string]string
		redirect bool
	}{
		"a client elsewhere":                  {client: "198.51.100.7:4711", redirect: true},
		"a client elsewhere, through TLS":     {client: "198.51.100.7:4711", header: map[string]string{"X-Forwarded-Proto": "https"}},
		"a client elsewhere, without TLS":     {client: "198.51.100.7:4711", header: map[string]string{"X-Forwarded-Proto": "http"}, redirect: true},
		"a client here":                       {client: "127.0.0.1:4711"},
		"a client here, IPv6":                 {client: "[::1]:4711"},
		"a proxy here, its client elsewhere":  {client: "127.0.0.1:4711", header: map[string]string{"X-Forwarded-For": "198.51.100.7"}, redirect: true},
		"a proxy here, its client here":       {client: "127.0.0.1:4711", header: map[string]string{"X-Forwarded-For": "127.0.0.1, ::1"}},
		"a client elsewhere that claims here": {client: "198.51.100.7:4711", header: map[string]string{"X-Forwarded-For": "127.0.0.1"}, redirect: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(Latest)
			w.Configure(func(s *Settings) { s.ForceSSL = true })
			got := ask(t, w, request{client: tt.client, header: tt.header, target: "http://chat.example.com:3000" + abandonedPath + "?" + day})
			if !tt.redirect {
				if got.status != http.StatusOK {
					t.Errorf("status = %d, want 200", got.status)
				}
				return
			}
			location := "https://chat.example.com" + abandonedPath + "?" + day
			if got.status != http.StatusFound || got.header.Get("Location") != location || got.body != "" {
				t.Errorf("answer = %d to %q with %q, want 302 to %q", got.status, got.header.Get("Location"), got.body, location)
			}
		})
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		gzip, many bool
		accept     string
		compressed bool
	}{
		"a long answer":                              {gzip: true, many: true, accept: "gzip", compressed: true},
		"a short answer":                             {gzip: true, accept: "gzip"},
		"a client that takes none":                   {gzip: true, many: true},
		"a server that does not":                     {many: true, accept: "gzip"},
		"a long answer, among other content codings": {gzip: true, many: true, accept: "br, gzip;q=0.5", compressed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(Mid)
			w.Configure(func(s *Settings) { s.Gzip = tt.gzip })
			if tt.many {
				addDepartments(w, 50)
			}
			got := ask(t, w, request{header: map[string]string{"Accept-Encoding": tt.accept}})
			if compressed := got.header.Get("Content-Encoding") == "gzip"; compressed != tt.compressed {
				t.Errorf("compressed = %t, want %t", compressed, tt.compressed)
			}
		})
	}
	for _, p := range profiles {
		if got, want := New(p).Settings().Gzip, p == Old; got != want {
			t.Errorf("%s: compresses by default = %t, want %t", p, got, want)
		}
	}
}

// addDepartments adds departments "d00", "d01" and so on, each with one room that
// counts in the day that ends at now.
func addDepartments(w *Workspace, n int) {
	for i := range n {
		w.AddRooms(abandoned(idOf(i)))
	}
}

func idOf(i int) string {
	return fmt.Sprintf("d%02d", i)
}

// abandoned is a room that counts in the day that ends at now.
func abandoned(departmentID string) Room {
	return Room{
		DepartmentID:      departmentID,
		OpenedAt:          now.Add(-5 * time.Hour),
		ClosedAt:          now.Add(-time.Hour),
		VisitorInactivity: new(2 * time.Hour),
		Answered:          true,
	}
}
