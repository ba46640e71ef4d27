package rocketchattest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The bodies of the server's answers.
const (
	noRooms        = `{"departments":[],"count":0,"offset":0,"total":0,"success":true}`
	emptyQueue     = `{"inquiries":[],"count":0,"offset":0,"total":0,"success":true}`
	oneSetting     = `{"settings":[{"_id":"Livechat_abandoned_rooms_action","value":"none"}],"count":1,"offset":0,"total":1,"success":true}`
	settingsOld    = `{"settings":[{"_id":"Livechat_enable_business_hours","value":false},{"_id":"Site_Name","value":"Rocket.Chat"}],"count":2,"offset":0,"total":2,"success":true}`
	notLoggedInOld = `{"status":"error","message":"You must be logged in to do this."}`
	notLoggedIn    = `{"success":false,"error":"You must be logged in to do this.","status":"error","message":"You must be logged in to do this."}`
	notLoggedIn9   = `{"success":false,"error":"You must be logged in to do this."}`
	noPermission   = `{"success":false,"error":"User does not have the permissions required for this action [error-unauthorized]"}`
	forbidden      = `{"success":false,"error":"User does not have the permissions required for this action [error-unauthorized]","errorType":"error-forbidden"}`
	noLicense      = `{"success":false,"error":"This is an enterprise feature [error-action-not-allowed]","errorType":"error-action-not-allowed"}`
	tooMany        = `{"success":false,"error":"Error, too many requests. Please slow down. You must wait 60 seconds before trying this endpoint again. [error-too-many-requests]"}`
	noEndpoint     = `{"status":"error","message":"API endpoint does not exist"}`
	plain404       = "404 Not Found"
	webPage        = "<!DOCTYPE html>" // and more
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	newer, newest := []Profile{Mid, Latest, Nine}, []Profile{Latest, Nine}
	settings := func(list ...setting) []setting { return list }
	permissions := func(list ...string) setting { return func(s *Settings) { s.Permissions = list } }
	wrongToken := request{header: map[string]string{"X-Auth-Token": "wrong"}}
	for name, tt := range map[string]struct {
		profiles []Profile
		settings []setting
		request  request
		status   int
		content  string
		body     string
		limited  bool // With the limiter's headers.
	}{
		"an answer":                  {profiles, nil, request{}, 200, contentJSON, noRooms, true},
		"another route":              {profiles, nil, request{target: chatsPath + "?" + day}, 200, contentJSON, noRooms, true},
		"the list":                   {profiles, settings(unlicensed), request{target: departmentPath}, 200, contentJSON, noRooms, true},
		"the list, without it":       {profiles, settings(permissions(ViewLivechatManager)), request{target: departmentPath}, 403, contentJSON, noPermission, false},
		"the list, other permission": {profiles, settings(permissions(ViewLivechatDepartments)), request{target: departmentPath}, 200, contentJSON, noRooms, true},
		"the queue":                  {profiles, settings(unlicensed), request{target: inquiriesPath}, 200, contentJSON, emptyQueue, true},
		"the agents":                 {profiles, settings(unlicensed), request{target: agentsPath + "?foo=1"}, 200, contentJSON, `{"success":true}`, true},
		"the queue, not allowed":     {newest, settings(permissions(ViewLRoom)), request{target: inquiriesPath}, 403, contentJSON, noPermission, false},
		"the agents, not allowed":    {newest, settings(permissions(ViewLRoom)), request{target: agentsPath}, 403, contentJSON, noPermission, false},
		"a setting":                  {newer, settings(unpermitted), request{target: settingPath, stranger: true}, 200, contentJSON, oneSetting, true},
		"all settings":               {[]Profile{Old}, settings(unlicensed), request{target: settingPath, stranger: true}, 200, contentJSON, settingsOld, true},
		"a stranger, old":            {[]Profile{Old}, nil, request{stranger: true}, 401, contentJSON, notLoggedInOld, false},
		"a stranger":                 {[]Profile{Mid, Latest}, nil, request{stranger: true}, 401, contentJSON, notLoggedIn, false},
		"a stranger, 9":              {[]Profile{Nine}, nil, request{stranger: true}, 401, contentJSON, notLoggedIn9, false},
		"a wrong token":              {[]Profile{Mid, Latest}, nil, wrongToken, 401, contentJSON, notLoggedIn, false},
		"a wrong token, 9":           {[]Profile{Nine}, nil, wrongToken, 401, contentJSON, notLoggedIn9, false},
		"a wrong user":               {[]Profile{Mid, Latest}, nil, request{header: map[string]string{"X-User-Id": "wrong"}}, 401, contentJSON, notLoggedIn, false},
		"another token":              {profiles, settings(func(s *Settings) { s.AuthToken = "wrong" }), wrongToken, 200, contentJSON, noRooms, true},
		"no permission":              {[]Profile{Old, Mid}, settings(unpermitted), request{}, 403, contentJSON, noPermission, true},
		"no permission, latest":      {newest, settings(unpermitted), request{}, 403, contentJSON, noPermission, false},
		"no permission, with a type": {newest, settings(unpermitted, func(s *Settings) { s.ForbiddenErrorType = true }), request{}, 403, contentJSON, forbidden, false},
		"no licence, old":            {[]Profile{Old}, settings(unlicensed), request{}, 200, contentHTML, webPage, false},
		"no licence":                 {newer, settings(unlicensed), request{}, 400, contentJSON, noLicense, false},
		"too many calls":             {profiles, settings(exhausted), request{}, 429, contentJSON, tooMany, true},
		"an account without a limit": {profiles, settings(exhausted, bypassing), request{}, 200, contentJSON, noRooms, false},
		"no limiter":                 {profiles, settings(unlimited), request{}, 200, contentJSON, noRooms, false},
		"the version, old":           {[]Profile{Old}, settings(unlicensed, unpermitted, exhausted), request{target: "/api/info", stranger: true}, 200, contentJSON, `{"version":"6.13","success":true}`, false},
		"the version, mid":           {[]Profile{Mid}, nil, request{target: "/api/info", stranger: true}, 200, contentJSON, `{"version":"8.0","success":true}`, false},
		"the version, latest":        {[]Profile{Latest}, nil, request{target: "/api/info", stranger: true}, 200, contentJSON, `{"version":"8.8","success":true}`, false},
		"the version, 9":             {[]Profile{Nine}, nil, request{target: "/api/info", stranger: true}, 200, contentJSON, `{"version":"9.0","success":true}`, false},
		"a wrong method, old":        {[]Profile{Old}, nil, request{method: http.MethodPost}, 405, contentJSON, noEndpoint, false},
		"a wrong method":             {newer, nil, request{method: http.MethodPost}, 404, contentText, plain404, false},
		"an unknown path, old":       {[]Profile{Old}, nil, request{target: "/api/v1/livechat/nothing"}, 200, contentHTML, webPage, false},
		"an unknown path":            {newer, nil, request{target: "/api/v1/livechat/nothing"}, 404, contentText, plain404, false},
		"a wrong prefix":             {profiles, nil, request{target: "/chat" + abandonedPath}, 200, contentHTML, webPage, false},
	} {
		for _, p := range tt.profiles {
			got := send(t, newWorkspace(p, tt.settings...), tt.request)
			if got.status != tt.status || got.body != tt.body && (tt.body != webPage || !strings.HasPrefix(got.body, webPage)) {
				t.Errorf("%s, %s: answer = %d %s\nwant %d %s", name, p, got.status, got.body, tt.status, tt.body)
			}
			for header, want := range map[string]string{
				"Content-Type": tt.content, "Date": "Wed, 04 Mar 2026 12:00:00 GMT", "X-Content-Type-Options": "nosniff",
			} {
				if got := got.header.Get(header); got != want {
					t.Errorf("%s, %s: %s = %q, want %q", name, p, header, got, want)
				}
			}
			// Old and Mid look at the permission last.
			limited := tt.limited || name == "the list, without it" && !slices.Contains(newest, p)
			if given := got.header.Get("X-RateLimit-Reset") != ""; given != limited {
				t.Errorf("%s, %s: has the limiter's headers = %t, want %t", name, p, given, limited)
			}
		}
	}
}

// The first of several things that are wrong is the one that is answered.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	settings := map[string]setting{"licence": unlicensed, "limiter": exhausted, "permission": unpermitted}
	answers := map[string]string{
		"licence": "400 error-action-not-allowed", "auth": "401 You must be logged in", "limiter": "429 error-too-many-requests",
		"params": "400 invalid-params", "permission": "403 error-unauthorized",
	}
	for p, order := range map[Profile][]string{
		Old:    {"auth", "limiter", "params", "permission"},
		Mid:    {"licence", "auth", "limiter", "params", "permission"},
		Latest: {"auth", "permission", "licence", "limiter", "params"},
		Nine:   {"auth", "permission", "licence", "limiter", "params"},
	} {
		for first, check := range order {
			w, q := newWorkspace(p), request{stranger: slices.Contains(order[first:], "auth")}
			if slices.Contains(order[first:], "params") {
				q.target = abandonedPath + "?foo=1"
			}
			for _, wrong := range order[first:] {
				if change := settings[wrong]; change != nil {
					w.Configure(change)
				}
			}
			status, text, _ := strings.Cut(answers[check], " ")
			if got := send(t, w, q); strconv.Itoa(got.status) != status || !strings.Contains(got.body, text) {
				t.Errorf("%s: with %v wrong the answer is %d %s, want %s", p, order[first:], got.status, got.body, answers[check])
			}
		}
	}
}

func TestLimiterHasFixedWindows(t *testing.T) {
	t.Parallel()
	clock := now
	w := newWorkspace(Latest, func(s *Settings) { s.Now = func() time.Time { return clock } })
	targets := []string{abandonedPath + "?" + day, chatsPath + "?" + day, departmentPath} // Each has a limit of its own.
	for i := range 10 {
		clock = now.Add(time.Duration(i) * time.Second)
		for _, target := range targets {
			wantLimit(t, send(t, w, request{target: target}), 200, 9-i, now.Add(time.Minute))
		}
	}
	for _, after := range []time.Duration{10 * time.Second, 20 * time.Second, time.Minute} {
		clock = now.Add(after)
		wantLimit(t, send(t, w, request{}), 429, 0, now.Add(time.Minute))
	}
	// The refused calls did not make the window longer. The next begins with its first
	// call, not where the last one ended.
	clock = now.Add(75 * time.Second)
	wantLimit(t, send(t, w, request{}), 200, 9, clock.Add(time.Minute))
}

// Some releases count an account that has no limit, and serve it beyond.
func TestBypassAskedLast(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Nine, bypassing, func(s *Settings) { s.BypassLast = true })
	for i := range 12 {
		wantLimit(t, send(t, w, request{}), 200, max(0, 9-i), now.Add(time.Minute))
	}
	w.Configure(func(s *Settings) { s.Permissions = defaults(Nine).Permissions })
	wantLimit(t, send(t, w, request{}), 429, 0, now.Add(time.Minute))
}

func TestWhatCostsBudget(t *testing.T) {
	t.Parallel()
	proxied := func(address string) map[string]string { return map[string]string{"X-Real-IP": address} }
	for name, tt := range map[string]struct {
		profile Profile
		setting setting
		request request
		costs   bool
	}{
		"an answer":                 {Latest, nil, request{}, true},
		"wrong dates":               {Latest, nil, request{target: abandonedPath + "?start=a&end=b"}, true},
		"a stranger":                {Mid, nil, request{stranger: true}, false},
		"no licence":                {Mid, unlicensed, request{}, false},
		"another port of a client":  {Mid, nil, request{client: "192.0.2.1:9"}, true},
		"another client":            {Mid, nil, request{client: "192.0.2.2:9"}, false},
		"another client by a proxy": {Mid, nil, request{header: proxied("192.0.2.2")}, false},
		"this client by a proxy":    {Mid, nil, request{client: "192.0.2.2:9", header: proxied("192.0.2.1")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(tt.profile, tt.setting)
			send(t, w, tt.request)
			w.Configure(func(s *Settings) { *s = newWorkspace(tt.profile).Settings() })
			remaining := 9
			if tt.costs {
				remaining = 8
			}
			wantLimit(t, send(t, w, request{client: "192.0.2.1:1"}), 200, remaining, now.Add(time.Minute))
		})
	}
}
