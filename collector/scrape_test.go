package collector_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
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
	workspace *collector.Workspace
	log       *bytes.Buffer
}

// start wires an exporter with the windows; without any, with 6h, 24h and today.
func start(t *testing.T, profile rocketchattest.Profile, windows ...collector.Window) *exporter {
	t.Helper()
	if len(windows) == 0 {
		windows = []collector.Window{
			collector.RollingWindow("6h", 6*time.Hour),
			collector.RollingWindow("24h", 24*time.Hour),
			collector.CalendarWindow("today", collector.Today, time.UTC),
		}
	}
	e := &exporter{server: rocketchattest.New(profile), log: new(bytes.Buffer)}
	calls := collector.NewAPICalls()
	client := rocketchat.New(rocketchat.Options{
		URL:       &url.URL{Scheme: "http", Host: "chat.example.com"},
		Transport: e.server.Transport(),
		Credentials: rocketchat.AccessToken(
			func() (string, error) { return rocketchattest.UserID, nil },
			func() (string, error) { return rocketchattest.AuthToken, nil }),
		Timeout: 30 * time.Second,
		Observe: calls.Observe,
		Now:     time.Now,
	})
	t.Cleanup(client.CloseIdleConnections)
	e.workspace = collector.NewWorkspace(collector.Options{
		API: client, Calls: calls, Windows: windows, InactivityTimeout: time.Hour,
		Now: time.Now, Logger: level.NewFilter(log.NewLogfmtLogger(log.NewSyncWriter(e.log)), level.AllowInfo()),
	})
	return e
}

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
	rooms := make(map[string]float64)
	for _, f := range p {
		if f.GetName() != "livechat_department_abandoned_rooms" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[1].GetValue() == window {
				rooms[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
			}
		}
	}
	return rooms
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
				e := start(t, profile)
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
				p := e.scrape(t)

				if got := p.rooms("6h"); len(got) > 0 {
					t.Errorf("6h: exported %v of a failed call", got)
				}
				for _, window := range []string{"24h", "today"} {
					if got := p.rooms(window); len(got) != 1 || got["sales"] != 1 {
						t.Errorf("%s: got %v, want 1 of sales", window, got)
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
		e := start(t, rocketchattest.Latest)
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
		e := start(t, rocketchattest.Latest)
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

func TestAScrapeThatIsGivenUpSaysNothingOfTheWorkspace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, rocketchattest.Latest)
		remove := e.server.Inject(nil, rocketchattest.Hang())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(e.workspace.Scrape(ctx))
		families, err := registry.Gather()
		if err != nil {
			t.Error(err)
		}
		given := page(families)
		if got := given.value(t, "livechat_up"); got != "0" {
			t.Errorf("livechat_up is %s before any attempt has ended, want 0", got)
		}
		if got := given.value(t, `livechat_refresh_success{resource="abandoned_rooms",window="6h"}`); got != "absent" {
			t.Errorf("livechat_refresh_success is %s before any attempt has ended, want absent", got)
		}
		remove()
		if e.log.Len() > 0 {
			t.Errorf("logged %s", e.log)
		}
		p := e.scrape(t)
		if got := p.value(t, `livechat_api_requests_total{outcome="canceled",route="total-abandoned-chats"}`); got != "3" {
			t.Errorf("counted %s calls as canceled, want 3", got)
		}
	})
}

func TestAnEarlierScrapeThatEndsLaterDoesNotTurnTimeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, rocketchattest.Latest, collector.RollingWindow("24h", 24*time.Hour))
		remove := e.server.Inject(nil, rocketchattest.Slow(5*time.Second))
		var wg sync.WaitGroup
		wg.Go(func() { e.scrape(t) })
		synctest.Wait()
		remove()
		time.Sleep(time.Second)
		asked := strconv.FormatFloat(float64(time.Now().UnixMilli())/1e3, 'g', -1, 64)
		e.scrape(t)
		wg.Wait() // The first has ended now, with an older answer.
		e.server.Inject(nil, rocketchattest.BadGateway())
		p := e.scrape(t)
		if got := p.value(t, `livechat_refresh_timestamp_seconds{resource="abandoned_rooms",window="24h"}`); got != asked {
			t.Errorf("asked for at %s, want %s", got, asked)
		}
	})
}

func TestAPageTellsHowThingsStandWhenItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, rocketchattest.Latest, collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour))
		// The first scrape's 24h is good at once; its 6h takes 5 s.
		remove := e.server.Inject(onlyWindow(6*time.Hour), rocketchattest.Slow(5*time.Second))
		first := make(chan page)
		go func() { first <- e.scrape(t) }()
		time.Sleep(time.Second)
		remove()
		e.server.Inject(onlyWindow(24*time.Hour), rocketchattest.BadGateway())
		e.scrape(t) // Its 24h fails while the first scrape waits.
		p := <-first
		if got := p.value(t, `livechat_refresh_success{resource="abandoned_rooms",window="24h"}`); got != "0" {
			t.Errorf("livechat_refresh_success is %s, want 0: the attempt that ended last failed", got)
		}
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
			if got := len(e.scrape(t).rooms("24h")); got != 120 {
				t.Errorf("got %d departments, want 120", got)
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
		e := start(t, rocketchattest.Latest)
		e.server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
		e.server.Inject(nil, rocketchattest.Slow(time.Second))
		e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				p := e.scrape(t)
				for _, window := range []string{"6h", "24h", "today"} {
					if got := p.rooms(window); len(got) != 1 || got["sales"] != 1 {
						t.Errorf("%s: got %v, want 1 of sales", window, got)
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
