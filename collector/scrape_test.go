package collector_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// exporter is a workspace as the program wires it, on a simulated server. Times
// are those of the test's bubble.
type exporter struct {
	server    *rocketchattest.Workspace
	options   collector.Options
	workspace *collector.Workspace
	log       *bytes.Buffer
}

// start wires an exporter with the windows; without any, with 6h, 24h and today. It asks
// for nothing else.
func start(t *testing.T, profile rocketchattest.Profile, windows ...collector.Window) *exporter {
	t.Helper()
	return startWith(t, rocketchattest.New(profile), func(s *setup) { s.Windows = windows })
}

// setup is how an exporter is wired.
type setup struct {
	collector.Options
	budgets   *rocketchat.Budgets
	limit     rocketchat.Limit
	timeout   time.Duration
	transport http.RoundTripper
}

// startWith wires an exporter on a server, after changes to the setup.
func startWith(t *testing.T, server *rocketchattest.Workspace, change ...func(*setup)) *exporter {
	t.Helper()
	e := &exporter{server: server, log: new(bytes.Buffer)}
	s := &setup{
		Options: collector.Options{
			Calls: collector.NewAPICalls(), Zone: time.UTC, InactivityTimeout: time.Hour, MaxAge: 5 * time.Minute,
			Now: time.Now, Logger: level.NewFilter(log.NewLogfmtLogger(log.NewSyncWriter(e.log)), level.AllowInfo()),
		},
		budgets: rocketchat.NewBudgets(time.Now), limit: rocketchat.Limit{Calls: 10, Per: time.Minute},
		timeout: 30 * time.Second, transport: server.Transport(),
	}
	for _, c := range change {
		c(s)
	}
	if len(s.Windows) == 0 {
		s.Windows = []collector.Window{
			collector.RollingWindow("6h", 6*time.Hour),
			collector.RollingWindow("24h", 24*time.Hour),
			collector.CalendarWindow("today", collector.Today, time.UTC),
		}
	}
	address := &url.URL{Scheme: "http", Host: "chat.example.com"}
	client := rocketchat.New(rocketchat.Options{
		URL:       address,
		Transport: s.transport,
		Credentials: rocketchat.AccessToken(
			func() (string, error) { return rocketchattest.UserID, nil },
			func() (string, error) { return rocketchattest.AuthToken, nil }),
		Budget:  s.budgets.Server("http://chat.example.com:80", s.limit),
		Timeout: s.timeout,
		Observe: s.Calls.Observe,
		Now:     time.Now,
	})
	if s.API == nil {
		s.API = client
	}
	e.options = s.Options
	e.workspace = collector.NewWorkspace(s.Options)
	t.Cleanup(func() {
		e.workspace.Close()
		client.CloseIdleConnections()
	})
	return e
}

// everything asks for all that can be asked for.
func everything(s *setup) { s.Rooms, s.Counter, s.Departments = true, true, true }

// noLimit lifts the limit of calls on both sides.
func noLimit(s *setup) { s.limit.Calls = 0 }

// scrape collects a page within its deadline, by a registry that holds the
// collector to what it describes.
func (e *exporter) scrape(t *testing.T) page {
	t.Helper()
	const deadline = 10 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	begin := time.Now()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(e.workspace.Scrape(ctx))
	families, err := registry.Gather()
	if err != nil {
		t.Fatalf("the page is broken: %v", err)
	}
	if took := time.Since(begin); took > deadline {
		t.Errorf("the page took %v, over its deadline of %v", took, deadline)
	}
	problems, err := testutil.GatherAndLint(prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return families, nil }))
	if err != nil || len(problems) > 0 {
		t.Errorf("the linter finds %v, error %v", problems, err)
	}
	return page(families)
}

// page is what a scrape brought.
type page []*dto.MetricFamily

// String is the page in the text format.
func (p page) String() string {
	var b strings.Builder
	for _, f := range p {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			panic(err) // A strings.Builder takes everything.
		}
	}
	return b.String()
}

// value returns the value of a series, such as `livechat_up` or
// `livechat_refresh_success{resource="abandoned_rooms",window="6h"}`.
func (p page) value(t *testing.T, series string) string {
	t.Helper()
	for line := range strings.Lines(p.String()) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "absent"
}

// rooms returns the exported numbers of a window by department.
func (p page) rooms(window string) map[string]float64 {
	return p.numbers("livechat_department_abandoned_rooms", window)
}

// numbers returns a metric's values by department, those of a window if it has any.
func (p page) numbers(metric, window string) map[string]float64 {
	numbers := make(map[string]float64)
	for _, f := range p {
		if f.GetName() != metric {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := make(map[string]string)
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["window"] == window {
				numbers[labels["department_id"]] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return numbers
}

// golden compares the page with testdata.
func (p page) golden(t *testing.T, name string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(p.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = want.Close() })
	got := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return p, nil })
	if err := testutil.GatherAndCompare(got, want); err != nil {
		t.Error(err)
	}
}

// abandoned is a room that was opened so long ago and closed an hour ago, with the
// visitor silent for the hour before that.
func abandoned(departmentID string, opened time.Duration) rooms {
	return rooms{{
		DepartmentID: departmentID, Answered: true, VisitorInactivity: new(time.Hour),
		OpenedAt: time.Now().Add(-opened), ClosedAt: time.Now().Add(-time.Hour),
	}}
}

type rooms = []rocketchattest.Room

// onlyWindow matches the calls for a rolling window of that length.
func onlyWindow(length time.Duration) func(*http.Request) bool {
	return func(r *http.Request) bool {
		start, _ := time.Parse(time.RFC3339, r.URL.Query().Get("start"))
		end, _ := time.Parse(time.RFC3339, r.URL.Query().Get("end"))
		return end.Sub(start) == length
	}
}

func TestAScrapeExportsEveryWindow(t *testing.T) {
	for name, profile := range map[string]rocketchattest.Profile{
		"old": rocketchattest.Old, "mid": rocketchattest.Mid, "latest": rocketchattest.Latest,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(9*time.Hour + 26*time.Minute + 56*time.Second + 789*time.Millisecond)
				e := startWith(t, rocketchattest.New(profile), everything)
				e.server.AddDepartments(
					rocketchattest.Department{ID: "sales", Name: "Sales", Agents: 4},
					rocketchattest.Department{ID: "billing", Name: "Billing \\ \"VIP\"", Disabled: true},
					rocketchattest.Department{ID: "old", Name: "Old", Archived: true})
				e.server.Inject(nil, rocketchattest.Slow(200*time.Millisecond))
				e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
				e.server.AddRooms(abandoned("sales", 8*time.Hour)...)
				e.server.AddRooms(abandoned("support", 12*time.Hour)...) // Spans midnight.
				e.server.AddRooms(abandoned("", 3*time.Hour)...)
				p := e.scrape(t)
				p.golden(t, "scrape.prom")
				if e.log.Len() > 0 {
					t.Errorf("logged %s", e.log)
				}
			})
		})
	}
}

func TestAllWindowsAreAskedAtOnceAndEndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, rocketchattest.Latest)
		e.server.Inject(nil, rocketchattest.Slow(5*time.Second))
		begin := time.Now()
		p := e.scrape(t)
		if took := time.Since(begin); took != 5*time.Second {
			t.Errorf("three calls of 5 s took %v, want 5 s", took)
		}
		for _, window := range []string{"6h", "24h", "today"} {
			if got := p.value(t, fmt.Sprintf(`livechat_window_end_timestamp_seconds{resource="abandoned_rooms",window=%q}`, window)); got != "9.466848e+08" {
				t.Errorf("%s ends at %s, want the moment of the scrape", window, got)
			}
		}
	})
}

func TestAFailingWindowCostsItsOwnSeriesOnly(t *testing.T) {
	faults := map[string]rocketchattest.Fault{
		"hang":       rocketchattest.Hang(),
		"drip":       rocketchattest.Drip(time.Second),
		"server":     rocketchattest.BadGateway(),
		"web app":    rocketchattest.HTML(),
		"blank":      rocketchattest.Blank(),
		"truncated":  rocketchattest.Truncate(30),
		"connection": rocketchattest.CloseConnection(),
		"redirect":   rocketchattest.Redirect(302, "https://evil.example.org/"),
		"endless":    rocketchattest.EndlessBody(1 << 30),
		"negative":   rocketchattest.RespondJSON(200, `{"departments":[{"_id":"a","abandonedRooms":-1}],"total":1,"success":true}`),
		"no success": rocketchattest.RespondJSON(200, `{"departments":[],"total":0,"success":false}`),
		"duplicate":  rocketchattest.RespondJSON(200, `{"departments":[{"_id":"a","abandonedRooms":1},{"_id":"a","abandonedRooms":1}],"total":2,"success":true}`),
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(10 * time.Hour)
				e := start(t, rocketchattest.Latest)
				e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
				e.server.Inject(onlyWindow(6*time.Hour), fault)
				e.scrape(t)
				time.Sleep(time.Minute) // By then a call that hangs has timed out.
				p := e.scrape(t)

				if got := p.rooms("6h"); len(got) > 0 {
					t.Errorf("6h: exported %v of a failed call", got)
				}
				for _, window := range []string{"24h", "today"} {
					if got := p.rooms(window); !maps.Equal(got, map[string]float64{"sales": 1, "none": 0}) {
						t.Errorf("%s: got %v, want 1 of sales and 0 of none", window, got)
					}
				}
				for series, want := range map[string]string{
					`livechat_up`: "1",
					`livechat_refresh_success{resource="abandoned_rooms",window="6h"}`:                "0",
					`livechat_refresh_success{resource="abandoned_rooms",window="24h"}`:               "1",
					`livechat_refresh_timestamp_seconds{resource="abandoned_rooms",window="6h"}`:      "absent",
					`livechat_refresh_complete{resource="abandoned_rooms",window="6h"}`:               "absent",
					`livechat_window_start_timestamp_seconds{resource="abandoned_rooms",window="6h"}`: "absent",
					`livechat_window_end_timestamp_seconds{resource="abandoned_rooms",window="6h"}`:   "absent",
				} {
					if got := p.value(t, series); got != want {
						t.Errorf("%s is %s, want %s", series, got, want)
					}
				}
				if lines := strings.Split(strings.TrimSpace(e.log.String()), "\n"); len(lines) != 1 || !strings.Contains(lines[0], "windows=6h ") {
					t.Errorf("want one line of the log about 6h, got %q", lines)
				}
			})
		})
	}
}

func TestStrangeIDsMakeAValidPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, rocketchattest.Latest, collector.RollingWindow("24h", 24*time.Hour))
		e.server.Inject(nil, rocketchattest.RespondJSON(200, `{"departments":[`+
			`{"_id":"a\u0000\u0007\n\"\\","abandonedRooms":1},`+"{\"_id\":\"\xff\",\"abandonedRooms\":2},{\"_id\":\"\xfe\",\"abandonedRooms\":3},"+
			`{"_id":"","abandonedRooms":4},{"_id":null,"abandonedRooms":5},{"_id":"none","abandonedRooms":6}],"total":6,"success":true}`))
		p := e.scrape(t)
		got := p.rooms("24h")
		for id, want := range map[string]float64{"a\x00\a\n\"\\": 1, "\uFFFD": 5, "none": 15} {
			if got[id] != want {
				t.Errorf("got %v of %q, want %v", got[id], id, want)
			}
		}
		parser := expfmt.NewDecoder(strings.NewReader(p.String()), expfmt.NewFormat(expfmt.TypeTextPlain))
		for {
			if err := parser.Decode(new(dto.MetricFamily)); err != nil {
				if err.Error() != "EOF" {
					t.Errorf("the page does not parse: %v", err)
				}
				break
			}
		}
	})
}

func TestAnAnswerThatIsNotWholeSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := start(t, rocketchattest.Old, collector.RollingWindow("24h", 24*time.Hour))
		for i := range 120 {
			e.server.AddRooms(abandoned(fmt.Sprint("department", i), 3*time.Hour)...)
		}
		for range 3 {
			p := e.scrape(t)
			if got := len(p.rooms("24h")); got != 50 {
				t.Errorf("got %d departments, want the 50 that were handed over", got)
			}
			if got := p.value(t, `livechat_refresh_complete{resource="abandoned_rooms",window="24h"}`); got != "0" {
				t.Errorf("livechat_refresh_complete is %s, want 0", got)
			}
		}
		refused := 0
		for _, r := range e.server.Requests() {
			if r.Query.Has("count") {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("the refused parameter was sent %d times, want once", refused)
		}
	})
}

func TestUpIsTheVerdictOfTheLastTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), noLimit)
		e.server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
		check := func(want string) {
			t.Helper()
			if got := e.scrape(t).value(t, "livechat_up"); got != want {
				t.Errorf("livechat_up is %s, want %s", got, want)
			}
		}
		remove := e.server.Inject(nil, rocketchattest.BadGateway())
		check("0") // Never up.
		remove()
		check("1")
		remove = e.server.Inject(nil, rocketchattest.BadGateway())
		time.Sleep(2 * time.Minute)
		check("1") // The good answer is 2 minutes old.
		time.Sleep(time.Millisecond)
		check("0")
		remove()
		e.server.Inject(onlyWindow(6*time.Hour), rocketchattest.BadGateway())
		check("1") // One window is enough.
	})
}

func TestARefreshIsLoggedWhenItBeginsToFailChangesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), noLimit)
		e.server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
		check := func(want ...string) {
			t.Helper()
			e.log.Reset()
			for range 3 {
				e.scrape(t)
			}
			got := strings.Split(strings.TrimSpace(e.log.String()), "\n")
			if e.log.Len() == 0 {
				got = nil
			}
			if len(got) != len(want) {
				t.Fatalf("got %d lines, want %d: %q", len(got), len(want), got)
			}
			for i := range want {
				if !strings.Contains(got[i], want[i]) {
					t.Errorf("got line %q, want %q in it", got[i], want[i])
				}
			}
			if strings.Contains(e.log.String(), rocketchattest.AuthToken) {
				t.Errorf("the log holds the token: %s", e.log)
			}
		}
		check()
		e.server.Configure(func(s *rocketchattest.Settings) { s.AuthToken = "another" })
		check(`level=error resource=abandoned_rooms windows=6h,24h,today msg="Refresh fails" reason=unauthorized err="total-abandoned-chats: HTTP 401: user id or auth token is wrong`)
		remove := e.server.Inject(nil, rocketchattest.BadGateway())
		check(`level=warn resource=abandoned_rooms windows=6h,24h,today msg="Refresh fails" reason=server_error`)
		remove()
		e.server.Configure(func(s *rocketchattest.Settings) { s.AuthToken = rocketchattest.AuthToken })
		remove = e.server.Inject(onlyWindow(24*time.Hour), rocketchattest.HTML())
		check(`level=info resource=abandoned_rooms windows=6h,today msg="Refresh succeeds again"`,
			`level=error resource=abandoned_rooms windows=24h msg="Refresh fails" reason=unlicensed`)
		remove()
		check(`level=info resource=abandoned_rooms windows=24h msg="Refresh succeeds again"`)
	})
}

func TestWhatIsKnownOfPagingIsKeptFromScrapeToScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := start(t, rocketchattest.Latest, collector.RollingWindow("24h", 24*time.Hour))
		for i := range 120 {
			e.server.AddRooms(abandoned(fmt.Sprint("department", i), 3*time.Hour)...)
		}
		for range 3 {
			if got := len(e.scrape(t).rooms("24h")); got != 121 {
				t.Errorf("got %d departments, want 120 and none", got)
			}
		}
		if got := len(e.server.Requests()); got != 4 {
			t.Errorf("sent %d calls, want two for the first scrape and one for each after it", got)
		}
	})
}

func TestConcurrentScrapesAreEachWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12 * time.Hour)
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), noLimit)
		e.server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
		e.server.Inject(nil, rocketchattest.Slow(time.Second))
		e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				p := e.scrape(t)
				for _, window := range []string{"6h", "24h", "today"} {
					if got := p.rooms(window); !maps.Equal(got, map[string]float64{"sales": 1, "none": 0}) {
						t.Errorf("%s: got %v, want 1 of sales and 0 of none", window, got)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestEveryRouteAndOutcomeIsCountedFromTheStart(t *testing.T) {
	calls := collector.NewAPICalls()
	if got, want := testutil.CollectAndCount(calls, "livechat_api_requests_total"), len(rocketchat.Routes())*len(rocketchat.Outcomes()); got != want {
		t.Errorf("got %d counters, want %d", got, want)
	}
	if got, want := testutil.CollectAndCount(calls, "livechat_api_request_duration_seconds"), len(rocketchat.Routes()); got != want {
		t.Errorf("got %d histograms, want %d", got, want)
	}
}
