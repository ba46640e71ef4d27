package rocketchattest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const abandonedPath = "/api/v1/livechat/analytics/departments/total-abandoned-chats"

// now is the time on the clocks of most tests' servers.
var now = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

var profiles = []Profile{Old, Mid, Latest}

// newWorkspace makes a workspace whose clock stands at now.
func newWorkspace(p Profile) *Workspace {
	w := New(p)
	w.Configure(func(s *Settings) { s.Now = func() time.Time { return now } })
	return w
}

// setting is a change to a workspace's settings.
type setting = func(*Settings)

func unlicensed(s *Settings)  { s.Licensed = false }
func unpermitted(s *Settings) { s.Permissions = nil }
func bypassing(s *Settings)   { s.Permissions = append(s.Permissions, BypassRateLimit) }
func exhausted(s *Settings)   { s.RateLimit.Calls = -1 }
func unlimited(s *Settings)   { s.RateLimit = RateLimit{} }
func anonymously(s *Settings) { s.AllowAnonymousRead = true }
func finite(s *Settings)      { s.AllowInfiniteCount = false }

// request is a request to the double, by the account unless it is a stranger's.
type request struct {
	method   string // "" is GET
	target   string // "" is the endpoint for a day
	query    string // instead of the day
	body     string
	stranger bool
	header   map[string]string
	client   string
}

func (q request) build(tb testing.TB) *http.Request {
	tb.Helper()
	target := q.target
	if target == "" {
		target = abandonedPath + "?" + day
	}
	if q.query != "" {
		target = abandonedPath + "?" + q.query
	}
	r := httptest.NewRequestWithContext(tb.Context(), q.method, target, strings.NewReader(q.body))
	if !q.stranger {
		r.Header.Set("X-User-Id", UserID)
		r.Header.Set("X-Auth-Token", AuthToken)
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	if q.client != "" {
		r.RemoteAddr = q.client
	}
	return r
}

// day are the parameters of the day that ends at now.
var day = period(now.Add(-24*time.Hour), now)

func period(start, end time.Time) string {
	return url.Values{"start": {start.Format(time.RFC3339Nano)}, "end": {end.Format(time.RFC3339Nano)}}.Encode()
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, w *Workspace, q request) reply {
	t.Helper()
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, q.build(t))
	return read(t, recorder.Result())
}

// read reads a whole answer.
func read(t *testing.T, response *http.Response) reply {
	t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read the body: %v", err)
	}
	return reply{status: response.StatusCode, header: response.Header, body: strings.TrimSpace(string(body))}
}
