package rocketchattest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	abandonedPath  = "/api/v1/livechat/analytics/departments/total-abandoned-chats"
	chatsPath      = "/api/v1/livechat/analytics/departments/amount-of-chats"
	departmentPath = "/api/v1/livechat/department"
	inquiriesPath  = "/api/v1/livechat/inquiries.list"
	agentsPath     = "/api/v1/livechat/analytics/dashboards/charts/agents-status"
	settingPath    = "/api/v1/settings.public?_id=Livechat_abandoned_rooms_action,Nothing"
	loginPath      = "/api/v1/login"
	logoutPath     = "/api/v1/logout"
)

// now is the time on the clocks of most tests' servers, and day the parameters of the day
// that ends then.
var (
	now      = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	day      = period(now.Add(-24*time.Hour), now)
	profiles = []Profile{Old, Mid, Latest, Nine}
)

func period(start, end time.Time) string {
	return url.Values{"start": {start.Format(time.RFC3339Nano)}, "end": {end.Format(time.RFC3339Nano)}}.Encode()
}

// setting is a change to a workspace's settings.
type setting = func(*Settings)

func unlicensed(s *Settings)  { s.Licensed = false }
func unpermitted(s *Settings) { s.Permissions = nil }
func bypassing(s *Settings)   { s.Permissions = append(s.Permissions, BypassRateLimit) }
func exhausted(s *Settings)   { s.RateLimit.Calls = -1 }
func unlimited(s *Settings)   { s.RateLimit = RateLimit{} }

// newWorkspace makes a workspace whose clock stands at now.
func newWorkspace(p Profile, settings ...setting) *Workspace {
	w := New(p)
	w.Configure(func(s *Settings) { s.Now = func() time.Time { return now } })
	for _, change := range settings {
		if change != nil {
			w.Configure(change)
		}
	}
	return w
}

// abandoned is a room of the department that was abandoned within the day.
func abandoned(departmentID string) Room {
	return Room{
		DepartmentID: departmentID, OpenedAt: now.Add(-5 * time.Hour), ClosedAt: now.Add(-time.Hour),
		VisitorInactivity: new(2 * time.Hour), Answered: true,
	}
}

// request is a request to the double, by the account unless it is a stranger's.
type request struct {
	method   string // "" is GET
	target   string // "" is the abandoned chats of the day
	body     string
	stranger bool
	header   map[string]string
	client   string
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string
}

func send(t *testing.T, w *Workspace, q request) reply {
	t.Helper()
	if q.target == "" {
		q.target = abandonedPath + "?" + day
	}
	r := httptest.NewRequestWithContext(t.Context(), q.method, q.target, strings.NewReader(q.body))
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
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, r)
	return reply{status: recorder.Code, header: recorder.Header(), body: strings.TrimSpace(recorder.Body.String())}
}

// answerOf is an answer with departments.
type answerOf struct {
	Departments []struct {
		ID             *string `json:"_id"`
		AbandonedRooms int
		Rooms          int
	}
	Count, Offset, Total int
	Success              bool
}

// get requests the target, which has departments.
func get(t *testing.T, w *Workspace, target string) answerOf {
	t.Helper()
	got := send(t, w, request{target: target})
	var a answerOf
	if err := json.Unmarshal([]byte(got.body), &a); err != nil || got.status != 200 || !a.Success || a.Count != len(a.Departments) {
		t.Fatalf("%s: %s is answered %d %s, error %v", w.profile, target, got.status, got.body, err)
	}
	return a
}

// counts are the numbers by department id, "" for none.
func (a answerOf) counts() map[string]int {
	counts := make(map[string]int)
	for _, d := range a.Departments {
		id := ""
		if d.ID != nil {
			id = *d.ID
		}
		counts[id] += d.AbandonedRooms + d.Rooms
	}
	return counts
}

// ids are the departments' ids in the order of the answer.
func (a answerOf) ids() string {
	var ids []string
	for _, d := range a.Departments {
		ids = append(ids, *d.ID)
	}
	return strings.Join(ids, " ")
}

// wantLimit checks an answer's status and the limiter's headers.
func wantLimit(t *testing.T, got reply, status, remaining int, reset time.Time) {
	t.Helper()
	h := got.header
	if got.status != status || h.Get("X-RateLimit-Limit") != "10" || h.Get("X-RateLimit-Remaining") != strconv.Itoa(remaining) ||
		h.Get("X-RateLimit-Reset") != strconv.FormatInt(reset.UnixMilli(), 10) || h.Get("Retry-After") != "" {
		t.Errorf("answer = %d with %v, want %d with %d remaining until %v", got.status, h, status, remaining, reset)
	}
}
