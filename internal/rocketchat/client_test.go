package rocketchat_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

var profiles = []rocketchattest.Profile{rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest, rocketchattest.Nine}

// observer notes how the calls of a client end.
type observer struct {
	mu    sync.Mutex
	calls []rocketchat.Call
}

func (o *observer) observe(call rocketchat.Call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = append(o.calls, call)
}

// want fails if the calls since the last time did not end like this, such as "login ok".
func (o *observer) want(t *testing.T, when string, want ...string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	var got []string
	for _, call := range o.calls {
		got = append(got, call.Route.Name+" "+string(call.Outcome))
	}
	o.calls = nil
	if !slices.Equal(got, want) {
		t.Errorf("%s: calls ended %q, want %q", when, got, want)
	}
}

// limited is a budget of so many calls a minute.
func limited(calls int) *budget.Server {
	return budget.New(time.Now).Server("", budget.Limit{Calls: calls, Per: model.Minute})
}

// connect returns a client of the workspace without a limit of its own, and what it
// observes.
func connect(tb testing.TB, ws *rocketchattest.Workspace, change ...func(*rocketchat.Options)) (*rocketchat.Client, *observer) {
	tb.Helper()
	observed := new(observer)
	options := rocketchat.Options{
		URL:         &url.URL{Scheme: "http", Host: "chat.example.com"},
		Credentials: rocketchat.AccessToken(fixed(rocketchattest.UserID), fixed(rocketchattest.AuthToken)),
		UserAgent:   "livechat_exporter/test",
		Budget:      limited(0),
		Timeout:     30 * time.Second,
		Observe:     observed.observe,
		Now:         time.Now,
	}
	if ws != nil {
		options.Transport = ws.Transport()
	}
	for _, c := range change {
		c(&options)
	}
	client := rocketchat.New(options)
	tb.Cleanup(client.CloseIdleConnections)
	return client, observed
}

// fixed is a credential that never changes.
func fixed(value string) rocketchat.Source {
	return func(context.Context) (string, error) { return value, nil }
}

// at has a client send its requests over sockets to the address.
func at(address string) func(*rocketchat.Options) {
	return func(o *rocketchat.Options) {
		o.Transport = &http.Transport{}
		o.URL, _ = url.Parse(address)
	}
}

// lastDay requests the abandoned rooms of the 24 hours until now.
func lastDay(ctx context.Context, client *rocketchat.Client) (rocketchat.Counts, error) {
	now := time.Now()
	return client.AbandonedRooms(ctx, rocketchat.Query{Key: "24h"}, now.Add(-24*time.Hour), now)
}

// abandoned is a room of the department that was abandoned within the last day.
func abandoned(departmentID string) rocketchattest.Room {
	return rocketchattest.Room{
		DepartmentID: departmentID,
		OpenedAt:     time.Now().Add(-5 * time.Hour), ClosedAt: time.Now().Add(-time.Hour),
		VisitorInactivity: new(2 * time.Hour), Answered: true,
	}
}

// numbers returns the counts by id, and fails if they are not in order.
func numbers(t *testing.T, counts rocketchat.Counts) map[string]int {
	t.Helper()
	got := make(map[string]int)
	last := ""
	for _, d := range counts.Departments {
		if d.ID <= last {
			t.Errorf("department %q stands after %q", d.ID, last)
		}
		got[d.ID], last = int(d.Rooms), d.ID
	}
	return got
}

func outcome(err error) rocketchat.Outcome {
	if e, ok := errors.AsType[*rocketchat.Error](err); ok {
		return e.Outcome
	}
	if err != nil {
		return rocketchat.Outcome(err.Error())
	}
	return rocketchat.OK
}

// answer answers each request with JSON and headers.
func answer(status int, text string, headers ...string) rocketchattest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		rocketchattest.RespondJSON(status, text)(w, r, next)
	}
}

func TestCountsPerDepartment(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			ws := rocketchattest.New(profile)
			now := time.Now()
			day := now.Add(-24 * time.Hour)
			null := abandoned("")
			null.Without = rocketchattest.Null // A row of its own.
			ws.AddRooms(abandoned("sales"), abandoned("sales"), abandoned("support"), abandoned(""), null, null,
				rocketchattest.Room{DepartmentID: "support", OpenedAt: now.Add(-2 * time.Hour)},
				rocketchattest.Room{DepartmentID: "support", OpenedAt: day.Add(-time.Hour)})
			client, observed := connect(t, ws)
			check := func(counts rocketchat.Counts, err error) func(want map[string]int) {
				return func(want map[string]int) {
					t.Helper()
					if got := numbers(t, counts); err != nil || !counts.Complete || !maps.Equal(got, want) {
						t.Errorf("got %v, complete %v, error %v; want %v", got, counts.Complete, err, want)
					}
				}
			}
			q := rocketchat.Query{}
			check(client.AbandonedRooms(t.Context(), q, day, now))(map[string]int{"sales": 2, "support": 1, "none": 3})
			check(client.Rooms(t.Context(), q, day, now, true))(map[string]int{"sales": 2, "support": 1, "none": 3})
			check(client.Rooms(t.Context(), q, day, now, false))(map[string]int{"support": 1})
			for _, call := range observed.calls {
				if call.Outcome != rocketchat.OK || !call.Reached || call.Limit != 10 || call.Remaining < 8 || time.Since(call.Date) > time.Minute {
					t.Errorf("observed %+v", call)
				}
			}
		})
	}
}

// The answer that the public documentation of the API shows.
func TestDocumentedAnswer(t *testing.T) {
	documented, err := os.ReadFile("testdata/abandoned-chats.json")
	if err != nil {
		t.Fatal(err)
	}
	counts, err := lastDay(t.Context(), answering(t, string(documented)))
	want := map[string]int{
		"4LCeYmCHHnQ3EDBgf": 3, "8MGLTfaKLCbE9CqR8": 1, "Yi87Ju7eTHiZQ7CJt": 1, "GgYvrkAF63aeQmsh4": 77,
		"sLYp3ry7CRizaP3rJ": 12, "BiqbQav59HD2LzXEY": 12, "CAJioQNAvLnYWTy8i": 6,
	}
	if got := numbers(t, counts); err != nil || !counts.Complete || !maps.Equal(got, want) {
		t.Errorf("got %v, complete %v, error %v; want %v", got, counts.Complete, err, want)
	}
}

func TestDepartmentList(t *testing.T) {
	for _, profile := range profiles {
		t.Run(profile.String(), func(t *testing.T) {
			ws := rocketchattest.New(profile)
			ws.Configure(func(s *rocketchattest.Settings) { s.Licensed = false }) // Every edition has it.
			ws.AddDepartments(
				rocketchattest.Department{ID: "c", Name: "Sales", Agents: 7},
				rocketchattest.Department{ID: "b", Name: "Sales", Archived: true},
				rocketchattest.Department{ID: "a", Name: "Paused", Disabled: true},
				rocketchattest.Department{ID: "u", Name: "Unit", Unit: true},
			)
			client, _ := connect(t, ws)
			got, err := client.Departments(t.Context(), rocketchat.Query{})
			want := rocketchat.DepartmentList{Complete: true, Departments: []rocketchat.Department{
				{ID: "a", Name: "Paused", Enabled: new(false)},
				{ID: "b", Name: "Sales", Enabled: new(false), Archived: true},
				{ID: "c", Name: "Sales", Enabled: new(true), Agents: 7},
			}}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, error %v; want %+v", got, err, want)
			}
		})
	}
}

func TestRequests(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	client, _ := connect(t, ws, func(o *rocketchat.Options) { o.URL = o.URL.JoinPath("/sub/path/") })
	start := time.Date(2026, 3, 1, 1, 2, 3, 456_789_000, time.FixedZone("", 2*60*60))
	q := rocketchat.Query{}
	_, _ = client.AbandonedRooms(t.Context(), q, start, start.Add(time.Hour))
	_, _ = client.Rooms(t.Context(), q, start, start.Add(time.Hour), true)
	_, _ = client.Rooms(t.Context(), q, start, start.Add(time.Hour), false)
	_, _ = client.Departments(t.Context(), q)
	_, _ = client.Version(t.Context())
	const period = "end=2026-03-01T00%3A02%3A03.456Z&start=2026-02-28T23%3A02%3A03.456Z"
	sent := ws.Requests()
	for i, want := range []string{
		"/api/v1/livechat/analytics/departments/total-abandoned-chats?" + period,
		"/api/v1/livechat/analytics/departments/amount-of-chats?answered=true&" + period,
		"/api/v1/livechat/analytics/departments/amount-of-chats?answered=false&" + period,
		"/api/v1/livechat/department?showArchived=true",
		"/api/info?",
	} {
		r := sent[i]
		if got := r.Path + "?" + r.Query.Encode(); r.Method != http.MethodGet || got != "/sub/path"+want {
			t.Errorf("sent %s %s, want GET %s", r.Method, got, want)
		}
		headers := map[string]string{
			"X-User-Id": rocketchattest.UserID, "X-Auth-Token": rocketchattest.AuthToken,
			"User-Agent": "livechat_exporter/test", "Accept": "application/json", "Accept-Encoding": "gzip",
		}
		if want == "/api/info?" {
			headers["X-User-Id"], headers["X-Auth-Token"] = "", ""
		}
		for name, want := range headers {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", r.Path, name, got, want)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	for profile, want := range map[rocketchattest.Profile]string{
		rocketchattest.Old: "6.13", rocketchattest.Mid: "8.0", rocketchattest.Latest: "8.8", rocketchattest.Nine: "9.0",
	} {
		client, _ := connect(t, rocketchattest.New(profile), func(o *rocketchat.Options) { o.Budget = limited(1) })
		if got, err := client.Version(t.Context()); got != want || err != nil {
			t.Errorf("got %q, error %v, want %q", got, err, want)
		}
		if _, err := client.Version(t.Context()); !errors.Is(err, rocketchat.ErrBudgetSpent) || err.Error() != "info: the call budget is spent" {
			t.Errorf("got %v, want that the budget is spent", err)
		}
	}
	for _, body := range []string{"{", "{}", `{"version":8}`, `{"version":"<script>"}`} {
		if _, err := answering(t, body).Version(t.Context()); outcome(err) != rocketchat.BadResponse {
			t.Errorf("%s: got %v, want bad_response", body, err)
		}
	}
}

func TestACallIsCanceled(t *testing.T) {
	wait := func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
	for name, credentials := range map[string]rocketchat.Credentials{
		"while the server hangs":   rocketchat.AccessToken(fixed("u"), fixed("t")),
		"while a file is not read": rocketchat.AccessToken(fixed("u"), wait),
	} {
		synctest.Test(t, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, rocketchattest.Hang())
			client, _ := connect(t, ws, func(o *rocketchat.Options) { o.Credentials = credentials })
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := lastDay(ctx, client)
			wantError(t, err, rocketchat.Error{
				Route: "total-abandoned-chats", Outcome: rocketchat.Canceled, What: "the call was canceled", Hint: "nothing: a reload or a shutdown ended it",
			})
			if t.Failed() {
				t.Log(name)
			}
		})
	}
}

// The token goes to the configured scheme, host and port alone.
func TestRedirectsAreNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the other host got %s with %v", r.URL, r.Header)
	}))
	defer other.Close()
	for _, login := range []bool{false, true} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			ws := rocketchattest.New(rocketchattest.Latest)
			ws.Inject(nil, rocketchattest.Redirect(status, other.URL+"/stolen"))
			client, _ := connect(t, nil, at(serve(t, ws)), func(o *rocketchat.Options) {
				if login {
					o.Credentials = rocketchat.LoginWith(fixed("user"), fixed("password"))
				}
			})
			if _, err := lastDay(t.Context(), client); outcome(err) != rocketchat.Redirected || strings.Contains(err.Error(), "stolen") {
				t.Errorf("status %d: got %v, want redirected", status, err)
			}
		}
	}
}

// serve serves the handler on a socket until the test ends, and returns its address.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAccessTokenIsReadForEachCall(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Latest)
	token := "outdated"
	client, _ := connect(t, ws, func(o *rocketchat.Options) {
		o.Credentials = rocketchat.AccessToken(fixed(rocketchattest.UserID), func(context.Context) (string, error) { return token, nil })
	})
	if _, err := lastDay(t.Context(), client); outcome(err) != rocketchat.Unauthorized {
		t.Errorf("got %v, want unauthorized", err)
	}
	token = rocketchattest.AuthToken
	if _, err := lastDay(t.Context(), client); err != nil {
		t.Error(err)
	}
	if err := client.Logout(t.Context()); err != nil || len(ws.Requests()) != 2 {
		t.Errorf("logging out with an access token: error %v, sent %d", err, len(ws.Requests())-2)
	}
}

func TestNothingIsSentWithoutCredentials(t *testing.T) {
	broken := func(context.Context) (string, error) { return "", errors.New("open x: no such file") }
	const file, value = "check the file and its permissions", "check its value in the configuration or its file"
	for name, tt := range map[string]struct {
		credentials rocketchat.Credentials
		what, hint  string
	}{
		"user id not readable":  {rocketchat.AccessToken(broken, fixed("t")), "no credentials: user id: open x: no such file", file},
		"token not readable":    {rocketchat.AccessToken(fixed("u"), broken), "no credentials: auth token: open x: no such file", file},
		"empty token":           {rocketchat.AccessToken(fixed("u"), fixed("")), "no credentials: auth token: it is empty", file},
		"line break in token":   {rocketchat.AccessToken(fixed("u"), fixed("se\ncret")), "no credentials: the auth token contains white space or characters that a header cannot carry", value},
		"quotes around a token": {rocketchat.AccessToken(fixed("u"), fixed(`"secret"`)), "no credentials: the auth token contains a quote: remove the quotes around it", value},
		"password not readable": {rocketchat.LoginWith(fixed("u"), broken), "no credentials: password: open x: no such file", file},
		"empty password":        {rocketchat.LoginWith(fixed("u"), fixed("")), "no credentials: password: it is empty", file},
	} {
		t.Run(name, func(t *testing.T) {
			ws := rocketchattest.New(rocketchattest.Latest)
			client, observed := connect(t, ws, func(o *rocketchat.Options) { o.Credentials = tt.credentials; o.Budget = limited(1) })
			for range 2 { // Nothing of the budget is spent.
				_, err := lastDay(t.Context(), client)
				want := rocketchat.Error{Route: "total-abandoned-chats", Outcome: rocketchat.NoCredentials, What: tt.what, Hint: tt.hint}
				if e, ok := errors.AsType[*rocketchat.Error](err); !ok || *e != want {
					t.Errorf("got %v, want %v", err, &want)
				}
			}
			observed.want(t, "without credentials")
			if sent := ws.Requests(); len(sent) > 0 {
				t.Errorf("sent %v", sent)
			}
		})
	}
}
