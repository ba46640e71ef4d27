package rocketchattest

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// limited checks an answer's status and the limiter's headers.
func limited(t *testing.T, got reply, status, remaining int, reset time.Time) {
	t.Helper()
	if got.status != status {
		t.Errorf("status = %d, want %d", got.status, status)
	}
	for name, want := range map[string]string{
		"X-RateLimit-Limit":     "10",
		"X-RateLimit-Remaining": strconv.Itoa(remaining),
		"X-RateLimit-Reset":     strconv.FormatInt(reset.UnixMilli(), 10),
	} {
		if got := got.header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestLimiterHasFixedWindows(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Latest)
	clock := now
	w.Configure(func(s *Settings) { s.Now = func() time.Time { return clock } })
	window := now.Add(time.Minute)
	for i := range 10 {
		clock = now.Add(time.Duration(i) * time.Second)
		limited(t, ask(t, w, request{}), http.StatusOK, 9-i, window)
	}
	for _, at := range []time.Duration{10 * time.Second, 20*time.Second + 1500*time.Microsecond, time.Minute} {
		clock = now.Add(at)
		got := ask(t, w, request{})
		limited(t, got, http.StatusTooManyRequests, 0, window)
		wait := map[time.Duration]int{10 * time.Second: 50, 20*time.Second + 1500*time.Microsecond: 40, time.Minute: 0}[at]
		want := fmt.Sprintf(`{"success":false,"error":"Error, too many requests. Please slow down. `+
			`You must wait %d seconds before trying this endpoint again. [error-too-many-requests]"}`, wait)
		if got.body != want {
			t.Errorf("body after %s = %s, want %s", at, got.body, want)
		}
	}
	// The refused calls did not make the window longer. The next begins with its
	// first call, not where the last one ended.
	clock = now.Add(75 * time.Second)
	limited(t, ask(t, w, request{}), http.StatusOK, 9, clock.Add(time.Minute))
}

func TestLimiterCountsEachClientByItself(t *testing.T) {
	t.Parallel()
	proxied := func(address string) map[string]string { return map[string]string{"X-Real-IP": address} }
	for name, tt := range map[string]struct {
		first, second request
		shared        bool
	}{
		"two ports of one client":      {first: request{client: "192.0.2.1:1"}, second: request{client: "192.0.2.1:2"}, shared: true},
		"two clients":                  {first: request{client: "192.0.2.1:1"}, second: request{client: "192.0.2.2:1"}},
		"two clients, IPv6":            {first: request{client: "[2001:db8::1]:1"}, second: request{client: "[2001:db8::2]:1"}},
		"two ports of one, IPv6":       {first: request{client: "[2001:db8::1]:1"}, second: request{client: "[2001:db8::1]:2"}, shared: true},
		"two clients behind a proxy":   {first: request{header: proxied("192.0.2.1")}, second: request{header: proxied("192.0.2.2")}},
		"one client behind a proxy":    {first: request{header: proxied("192.0.2.1"), client: "192.0.2.8:1"}, second: request{header: proxied("192.0.2.1"), client: "192.0.2.9:1"}, shared: true},
		"X-Forwarded-For says nothing": {first: request{header: map[string]string{"X-Forwarded-For": "192.0.2.1"}}, second: request{header: map[string]string{"X-Forwarded-For": "192.0.2.2"}}, shared: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(Mid)
			ask(t, w, tt.first)
			remaining := 9
			if tt.shared {
				remaining = 8
			}
			limited(t, ask(t, w, tt.second), http.StatusOK, remaining, now.Add(time.Minute))
		})
	}
}

func TestWhatCostsBudget(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		profile Profile
		setting setting
		request request
		costs   bool
	}{
		"an answer":                      {profile: Latest, costs: true},
		"wrong parameters":               {profile: Latest, request: request{query: "foo=1"}, costs: true},
		"wrong dates":                    {profile: Latest, request: request{query: "start=a&end=b"}, costs: true},
		"no permission, mid":             {profile: Mid, setting: unpermitted, costs: true},
		"no permission, latest":          {profile: Latest, setting: unpermitted},
		"a stranger":                     {profile: Latest, request: request{stranger: true}},
		"a stranger, mid":                {profile: Mid, request: request{stranger: true}},
		"a stranger, old":                {profile: Old, request: request{stranger: true}},
		"no licence":                     {profile: Mid, setting: unlicensed},
		"another route":                  {profile: Mid, request: request{target: "/api/info"}},
		"another method":                 {profile: Mid, request: request{method: http.MethodPost}},
		"an account that is not limited": {profile: Mid, setting: bypassing},
		"a server that has no limit":     {profile: Mid, setting: unlimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorkspace(tt.profile)
			before := w.Settings()
			if tt.setting != nil {
				w.Configure(tt.setting)
			}
			ask(t, w, tt.request)
			w.Configure(func(s *Settings) { *s = before })
			remaining := 9
			if tt.costs {
				remaining = 8
			}
			limited(t, ask(t, w, request{}), http.StatusOK, remaining, now.Add(time.Minute))
		})
	}
}

func TestANewLimitBeginsAnew(t *testing.T) {
	t.Parallel()
	w := newWorkspace(Old)
	for range 11 {
		ask(t, w, request{})
	}
	w.Configure(func(s *Settings) { s.RateLimit = RateLimit{Calls: 2, Per: time.Second} })
	for i, want := range []int{200, 200, 429} {
		if got := ask(t, w, request{}); got.status != want || got.header.Get("X-RateLimit-Limit") != "2" {
			t.Errorf("call %d = %d with limit %s, want %d with 2", i, got.status, got.header.Get("X-RateLimit-Limit"), want)
		}
	}
}
