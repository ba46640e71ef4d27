package check_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/check"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

var update = flag.Bool("update", false, "write the golden reports anew, to be read before they are committed")

// mostCalls is how many calls a check of one workspace sends at most where no answer comes
// page by page: one for the version, one for each of three routes, another for each of
// those that one answer is not enough for, and a login with its logout.
const mostCalls = 9

// scenario is a workspace and what is configured for it.
type scenario struct {
	server func(*rocketchattest.Workspace)
	config func(*check.Workspace, *check.Options)
	// account is what it is asked with; the token of the double where it is nil.
	account func() rocketchat.Credentials
	// calls is how many are sent at most; mostCalls where it is 0.
	calls int
}

func token(userID, authToken string) func() rocketchat.Credentials {
	return func() rocketchat.Credentials { return rocketchat.AccessToken(fixed(userID), fixed(authToken)) }
}

func login(password string) func() rocketchat.Credentials {
	return func() rocketchat.Credentials {
		return rocketchat.Login(fixed(rocketchattest.Username), fixed(password))
	}
}

func fixed(text string) func() (string, error) { return func() (string, error) { return text, nil } }

// fault is a scenario with a fault before all routes, or those with that in their path.
func fault(f rocketchattest.Fault, path string) scenario {
	return scenario{server: func(ws *rocketchattest.Workspace) {
		ws.Inject(func(r *http.Request) bool { return strings.Contains(r.URL.Path, path) }, f)
	}}
}

// setting is a scenario with other settings of the server.
func setting(change func(*rocketchattest.Settings)) scenario {
	return scenario{server: func(ws *rocketchattest.Workspace) { ws.Configure(change) }}
}

// company adds departments with one abandoned chat each.
func company(ws *rocketchattest.Workspace, departments int) {
	now := ws.Settings().Now()
	for i := range departments {
		id := fmt.Sprintf("department-%03d", i)
		ws.AddDepartments(rocketchattest.Department{ID: id, Name: id, Agents: 2})
		ws.AddRooms(rocketchattest.Room{
			DepartmentID: id, OpenedAt: now.Add(-5 * time.Hour), ClosedAt: now.Add(-time.Hour),
			VisitorInactivity: new(2 * time.Hour), Answered: true,
		})
	}
}

// scenarios are what can be found.
func scenarios() map[string]scenario {
	const analytics = "analytics"
	byLogin := func(w *check.Workspace, _ *check.Options) { w.Login = true }
	inPages := func(n int) func(*rocketchattest.Workspace) {
		return func(ws *rocketchattest.Workspace) {
			ws.Configure(func(s *rocketchattest.Settings) { s.AllowInfiniteCount = false })
			company(ws, n)
		}
	}
	return map[string]scenario{
		"healthy": {},
		"departments of all kinds": {server: func(ws *rocketchattest.Workspace) {
			ws.AddDepartments(rocketchattest.Department{ID: "paused", Disabled: true}, rocketchattest.Department{ID: "gone"})
			ws.ArchiveDepartment("gone")
		}},
		"no departments": {config: func(w *check.Workspace, _ *check.Options) {
			w.Departments, w.Rooms, w.Costs = false, false, w.Costs[:1]
		}},

		"wrong token":           {account: token(rocketchattest.UserID, "wR0ngT0ken-wR0ngT0ken-wR0ngT0ken-wR0ngT0ken")},
		"no permission":         setting(func(s *rocketchattest.Settings) { s.Permissions = nil }),
		"permission in part":    setting(func(s *rocketchattest.Settings) { s.Permissions = []string{rocketchattest.ViewLRoom} }),
		"anonymous read":        {server: setting(func(s *rocketchattest.Settings) { s.AllowAnonymousRead = true }).server, account: token("nobody-at-all", "nothing-at-all")},
		"no licence":            setting(func(s *rocketchattest.Settings) { s.Licensed = false }),
		"unreadable credential": {config: unreadable},

		"token in the address": {config: func(w *check.Workspace, _ *check.Options) { w.URL += "/" + rocketchattest.AuthToken }},
		"credential that goes": {account: func() rocketchat.Credentials {
			return rocketchat.AccessToken(fixed(rocketchattest.UserID), func() (string, error) { return "", errors.New("the file is empty: write the credential to it") })
		}},
		"login, unlicensed": {
			account: login(rocketchattest.Password), config: byLogin,
			server: setting(func(s *rocketchattest.Settings) { s.Licensed = false }).server,
		},
		"no licence, no departments": {
			server: setting(func(s *rocketchattest.Settings) { s.Licensed = false }).server,
			config: func(w *check.Workspace, _ *check.Options) { w.Departments = false },
		},

		"login, unlicensed, no departments": {
			account: login(rocketchattest.Password),
			config:  func(w *check.Workspace, _ *check.Options) { w.Login, w.Departments = true, false },
			server:  setting(func(s *rocketchattest.Settings) { s.Licensed = false }).server,
		},
		"login, no permission": {
			account: login(rocketchattest.Password), config: byLogin,
			server: setting(func(s *rocketchattest.Settings) { s.Permissions = nil }).server,
		},
		"login":                {account: login(rocketchattest.Password), config: byLogin},
		"login, wrong":         {account: login("a wrong password"), config: byLogin},
		"login, second factor": {account: login(rocketchattest.Password), config: byLogin, server: setting(func(s *rocketchattest.Settings) { s.TwoFactorCode = "123456" }).server},
		"login, no end": {
			account: login(rocketchattest.Password), config: byLogin,
			server: fault(rocketchattest.BadGateway(), "logout").server,
		},

		"hang":                  fault(rocketchattest.Hang(), ""),
		"hang of analytics":     fault(rocketchattest.Hang(), analytics),
		"slow analytics":        fault(rocketchattest.Slow(20*time.Second), analytics),
		"drip":                  fault(rocketchattest.Drip(time.Second), ""),
		"drip of analytics":     fault(rocketchattest.Drip(time.Second), analytics),
		"web page":              fault(rocketchattest.HTML(), ""),
		"web page in analytics": fault(rocketchattest.HTML(), analytics),
		"web page, no departments": {
			server: fault(rocketchattest.HTML(), "").server,
			config: func(w *check.Workspace, _ *check.Options) { w.Departments = false },
		},
		"blank":                     fault(rocketchattest.Blank(), ""),
		"redirect":                  fault(rocketchattest.Redirect(http.StatusFound, "https://chat.example.org/api/info"), ""),
		"force ssl":                 setting(func(s *rocketchattest.Settings) { s.ForceSSL = true }),
		"not found":                 fault(rocketchattest.Respond(http.StatusNotFound, "text/plain", "404 Not Found"), ""),
		"bad gateway":               fault(rocketchattest.BadGateway(), ""),
		"server error in analytics": fault(rocketchattest.Respond(http.StatusInternalServerError, "text/plain", "Internal Server Error"), analytics),
		"database error":            fault(rocketchattest.DatabaseError("operation exceeded time limit"), analytics),
		"truncated":                 fault(rocketchattest.Truncate(10), ""),
		"truncated chunks":          fault(rocketchattest.TruncateChunked(25), analytics),
		"closed connection":         fault(rocketchattest.CloseConnection(), ""),
		"no success":                fault(rocketchattest.RespondJSON(http.StatusOK, `{"departments":[],"total":0,"success":false}`), analytics),
		"endless id":                fault(rocketchattest.EndlessString(1<<20), analytics),
		"token sent back":           fault(rocketchattest.RespondJSON(http.StatusInternalServerError, `{"error":"`+rocketchattest.AuthToken+`"}`), "api/v1"),
		"token as version":          fault(rocketchattest.RespondJSON(http.StatusOK, `{"version":"`+rocketchattest.AuthToken+`","success":true}`), "info"),
		"version kept back":         fault(rocketchattest.Respond(http.StatusForbidden, "text/html", ""), "info"),

		"no limit": setting(func(s *rocketchattest.Settings) {
			s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
		}),
		"smaller limit":       setting(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 4 }),
		"longer window":       setting(func(s *rocketchattest.Settings) { s.RateLimit.Per = 5 * time.Minute }),
		"no limit configured": {config: func(w *check.Workspace, _ *check.Options) { w.Limit.Calls = 0 }},
		"another exporter":    {server: func(ws *rocketchattest.Workspace) { elsewhere(ws, 3) }},
		"other exporters": {server: func(ws *rocketchattest.Workspace) { elsewhere(ws, 6) }, config: func(w *check.Workspace, _ *check.Options) {
			w.Limit.Calls, w.Costs[0].Periods, w.Costs[1].Periods = 5, 2, 2
		}},
		"limit spent":  {server: func(ws *rocketchattest.Workspace) { elsewhere(ws, 10) }},
		"small budget": {config: func(w *check.Workspace, _ *check.Options) { w.Limit.Calls = 1 }, server: func(ws *rocketchattest.Workspace) { company(ws, 60) }},

		"60 departments":           {server: func(ws *rocketchattest.Workspace) { company(ws, 60) }},
		"60 departments in pages":  {server: inPages(60), calls: 10},
		"250 departments in pages": {server: inPages(250), calls: 20},
		"250 departments in pages, in order": {calls: 20, server: func(ws *rocketchattest.Workspace) {
			inPages(250)(ws)
			ws.Configure(func(s *rocketchattest.Settings) { s.Shuffle = func(int, func(i, j int)) {} })
		}},
		"1100 departments in pages, no limit": {
			calls: 50, config: func(w *check.Workspace, _ *check.Options) { w.Limit.Calls = 0 },
			server: func(ws *rocketchattest.Workspace) {
				inPages(1100)(ws)
				ws.Configure(func(s *rocketchattest.Settings) {
					s.Shuffle = func(int, func(i, j int)) {}
					s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
				})
			},
		},
		"2000 departments in pages": {server: inPages(2000), calls: 20},
		"departments that are missing": {
			server: func(ws *rocketchattest.Workspace) {
				company(ws, 3)
				ws.Configure(func(s *rocketchattest.Settings) { s.TotalSkew = 2 })
			},
			calls: 13,
		},
		"60 departments, few abandoned": {server: func(ws *rocketchattest.Workspace) {
			for i := range 60 {
				ws.AddDepartments(rocketchattest.Department{ID: fmt.Sprintf("d%d", i)})
			}
		}},

		"clock a little ahead": clock(20 * time.Second),
		"clock behind":         clock(-20 * time.Second),
		"clock far behind":     clock(-10 * time.Minute),
		"clock far ahead":      clock(10 * time.Minute),

		"short window": {config: func(w *check.Workspace, _ *check.Options) {
			w.Windows = append(w.Windows, rolling("90m", 90*time.Minute))
		}},
		"calendar windows": {config: func(w *check.Workspace, _ *check.Options) { w.Windows = []check.Window{today()} }},
		"no inactivity":    {config: func(w *check.Workspace, _ *check.Options) { w.InactivityTimeout = 0 }},
		"frequent scrapes": {config: func(_ *check.Workspace, o *check.Options) { o.Interval = 15 * time.Second }},
		"rare scrapes":     {config: func(_ *check.Workspace, o *check.Options) { o.Interval = 3 * time.Minute }},
		"too rare scrapes": {config: func(_ *check.Workspace, o *check.Options) { o.Interval = 10 * time.Minute }},
		"shared address":   {config: func(w *check.Workspace, _ *check.Options) { w.Sharing = 2 }},
		"time limit":       {server: fault(rocketchattest.Slow(20*time.Second), "").server, config: func(_ *check.Workspace, o *check.Options) { o.TimeLimit = 30 * time.Second }},
		"offline":          {config: func(_ *check.Workspace, o *check.Options) { o.Offline = true }},
	}
}

func clock(ahead time.Duration) scenario {
	return setting(func(s *rocketchattest.Settings) { s.Now = func() time.Time { return time.Now().Add(ahead) } })
}

func unreadable(w *check.Workspace, _ *check.Options) {
	w.Secrets[1].Read = func() (string, error) {
		return "", errors.New("the file of auth_token_file: no such file or directory: create it, or correct the path in the configuration")
	}
}

// elsewhere sends calls from the address of the client that comes next.
func elsewhere(ws *rocketchattest.Workspace, calls int) {
	ws.Inject(nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Set("X-Real-IP", "198.51.100.7") // All of them are behind one proxy.
		next.ServeHTTP(w, r)
	})
	transport := ws.Transport()
	defer transport.CloseIdleConnections()
	client := rocketchat.New(rocketchat.Options{
		URL: &url.URL{Scheme: "http", Host: "chat.example.com"}, Transport: transport, Now: time.Now,
		Credentials: token(rocketchattest.UserID, rocketchattest.AuthToken)(),
	})
	for range calls {
		_, _ = client.AbandonedRooms(context.Background(), time.Now().Add(-time.Hour), time.Now(), new(rocketchat.Question))
	}
}

func rolling(name string, length time.Duration) check.Window {
	return check.Window{Name: name, Duration: length, Period: func(now time.Time) (start, end time.Time) { return now.Add(-length), now }}
}

func today() check.Window {
	return check.Window{Name: "today", Period: func(now time.Time) (start, end time.Time) {
		return now.UTC().Truncate(24 * time.Hour), now
	}}
}

// configured is a workspace as the default configuration has it.
func configured() check.Workspace {
	return check.Workspace{
		Name: "main", URL: "http://chat.example.com", Address: "http://chat.example.com:80",
		Windows:           []check.Window{rolling("6h", 6*time.Hour), rolling("24h", 24*time.Hour), rolling("7d", 7*24*time.Hour), today()},
		InactivityTimeout: time.Hour, Counter: true, Rooms: true, Departments: true,
		Limit:  rocketchat.Limit{Calls: 10, Per: time.Minute},
		MaxAge: 5 * time.Minute, Timeout: 30 * time.Second, Sharing: 1,
		Costs: []check.Cost{
			{Route: rocketchat.TotalAbandonedChats, Calls: 6, Periods: 1},
			{Route: rocketchat.AmountOfChats, Calls: 8, Periods: 1},
			{Route: rocketchat.DepartmentRoute, Calls: 1, Periods: 1},
		},
		Secrets: []check.Secret{{Name: "user id", Read: fixed(rocketchattest.UserID)}, {Name: "auth token", Read: fixed(rocketchattest.AuthToken)}},
	}
}

// connect lets w ask the double.
func connect(w *check.Workspace, ws *rocketchattest.Workspace, account func() rocketchat.Credentials) {
	if account == nil {
		account = token(rocketchattest.UserID, rocketchattest.AuthToken)
	}
	budgets := rocketchat.NewBudgets(time.Now)
	options := rocketchat.Options{
		URL: &url.URL{Scheme: "http", Host: "chat.example.com"}, Transport: ws.Transport(), Credentials: account(),
		Budget: budgets.Server(w.Address, w.Limit), Timeout: w.Timeout, Now: time.Now,
	}
	w.Connect = func(observe func(rocketchat.Call)) *rocketchat.Client {
		options.Observe = observe
		return rocketchat.New(options)
	}
}

// profiles are all generations of the server.
func profiles() []rocketchattest.Profile {
	return []rocketchattest.Profile{rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest}
}

// report checks the workspace of a scenario, in simulated time, and returns what was
// found and how many requests the server has seen.
func (s scenario) report(t *testing.T, profile rocketchattest.Profile) (report check.Report, requests int, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(profile)
		if s.server != nil {
			s.server(ws)
		}
		before := len(ws.Requests())
		w, options := configured(), check.Options{Interval: time.Minute, TimeLimit: 2 * time.Minute, Now: time.Now}
		if s.config != nil {
			s.config(&w, &options)
		}
		connect(&w, ws, s.account)
		begin := time.Now()
		report = check.Run(t.Context(), []check.Workspace{w}, options)
		took = time.Since(begin)
		requests = len(ws.Requests()) - before
	})
	return report, requests, took
}

func TestEachFindingOnEveryRelease(t *testing.T) {
	for name, s := range scenarios() {
		t.Run(name, func(t *testing.T) {
			var text, machine bytes.Buffer
			for _, profile := range profiles() {
				report, requests, took := s.report(t, profile)
				fmt.Fprintf(&text, "# %s\n", profile)
				write(t, &text, &machine, report)
				if report.Calls != requests {
					t.Errorf("%s: says that %d calls were sent, and %d were", profile, report.Calls, requests)
				}
				if most := max(s.calls, mostCalls); requests > most {
					t.Errorf("%s: sent %d calls, want %d at most", profile, requests, most)
				}
				if limit := 2*time.Minute + 3*time.Second; took > limit {
					t.Errorf("%s: took %v, want %v at most", profile, took, limit)
				}
				wellFormed(t, report)
			}
			for _, secret := range []string{rocketchattest.UserID, rocketchattest.AuthToken, rocketchattest.Password} {
				if strings.Contains(text.String()+machine.String(), secret) {
					t.Errorf("a report tells %s", secret)
				}
			}
			file := strings.ReplaceAll(strings.ReplaceAll(name, ",", ""), " ", "-")
			golden(t, file+".txt", text.Bytes())
			if machineReadable[name] {
				golden(t, file+".json", machine.Bytes())
			}
		})
	}
}

// machineReadable are the scenarios whose reports are held as JSON too: those that show
// every field.
var machineReadable = map[string]bool{"healthy": true, "no licence": true, "wrong token": true, "hang": true, "offline": true}

func write(t *testing.T, text, machine *bytes.Buffer, report check.Report) {
	t.Helper()
	if err := report.WriteText(text, check.Style{}); err != nil {
		t.Error(err)
	}
	var alone bytes.Buffer
	if err := report.WriteJSON(&alone); err != nil {
		t.Error(err)
	}
	machine.Write(alone.Bytes())
	var read check.Report
	decoder := json.NewDecoder(&alone)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil || !reflect.DeepEqual(read, report) {
		t.Errorf("as JSON it reads %+v, error %v, want %+v", read, err, report)
	}
}

// wellFormed wants what docs/check.md promises of every report.
func wellFormed(t *testing.T, report check.Report) {
	t.Helper()
	for _, ws := range report.Workspaces {
		place := -1
		for _, r := range ws.Results {
			at := slices.Index(check.Names(), r.Check)
			if at < place || at < 0 || (r.Route != "") != (r.Check == check.Route) {
				t.Errorf("%+v is not in the order of Names", r)
			}
			place = at
			if r.Found == "" || r.Status == check.Failed && (r.Meaning == "" || r.Action == "") {
				t.Errorf("%+v does not say all", r)
			}
			if strings.ContainsAny(r.Found+r.Meaning+r.Action, "\n\r\x1b|") {
				t.Errorf("%+v is not one line", r)
			}
		}
	}
}

// golden compares with testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}
