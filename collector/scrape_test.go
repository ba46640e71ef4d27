package collector_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
	"livechat_exporter/internal/window"
)

var update = flag.Bool("update", false, "write the golden page anew")

var profiles = map[string]rocketchattest.Profile{
	"old": rocketchattest.Old, "mid": rocketchattest.Mid, "latest": rocketchattest.Latest, "nine": rocketchattest.Nine,
}

func TestGoldenPage(t *testing.T) {
	runCases(t, profiles, func(t *testing.T, profile rocketchattest.Profile) {
		e := start(t, everything, noLimit, on(rocketchattest.New(profile)), at("2000-01-01T09:26:56.789Z"), func(s *setup) {
			s.Windows = append(s.Windows, rolling("month", 30*24*time.Hour)) // The counter has the label month, too.
		})
		e.server.AddDepartments(
			rocketchattest.Department{ID: "sales", Name: "Sales", Agents: 4},
			rocketchattest.Department{ID: "billing", Name: "Billing \\ \"VIP\"", Disabled: true},
			rocketchattest.Department{ID: "old", Name: "Old", Archived: true})
		e.server.Inject(nil, rocketchattest.Slow(200*time.Millisecond))
		ago := func(hours int) time.Time { return time.Now().Add(-time.Duration(hours) * time.Hour) }
		e.server.AddRooms(closed("sales", ago(3), ago(1)), closed("sales", ago(8), ago(1)), closed("", ago(3), ago(1)),
			closed("support", ago(12), ago(1)), // It was open at midnight.
			rocketchattest.Room{DepartmentID: "sales", OpenedAt: ago(5), Queued: 6 * time.Hour}, rocketchattest.Room{DepartmentID: "billing", OpenedAt: ago(5), Answered: true})
		e.server.SetAgents(rocketchattest.Agent{Presence: rocketchattest.Online, Accepts: true}, rocketchattest.Agent{Presence: rocketchattest.Busy, Accepts: true},
			rocketchattest.Agent{Presence: rocketchattest.Online, Accepts: true}, rocketchattest.Agent{Presence: rocketchattest.Online})
		p := e.scrape(t)
		const file = "testdata/scrape.prom"
		if *update {
			_ = os.WriteFile(file, []byte(p.String()), 0o600) // Read back below.
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := testutil.GatherAndCompare(p, bytes.NewReader(want)); err != nil || e.log.Len() > 0 {
			t.Errorf("%v, logged %q", err, e.log)
		}
	})
}

// A page whose series are those of the page before must be the one that a new workspace
// with the same state makes.
func TestReusedSeries(t *testing.T) {
	runCases(t, map[string]func(e *exporter){ // What happens between the pages.
		"nothing":             func(*exporter) {},
		"the next month":      func(*exporter) { time.Sleep(31 * 24 * time.Hour) },
		"one department less": func(e *exporter) { e.server.ArchiveDepartment("billing") },
		"another department":  func(e *exporter) { e.abandon("new", 1, 3*time.Hour) },
		"another name":        func(e *exporter) { e.server.AddDepartments(department("sales", "Field \"Sales\"\n\\")) },
		"another id": func(e *exporter) {
			e.server.RemoveDepartment("sales")
			e.server.AddDepartments(department("sales2", "Sales"))
		},
		"no good answer":          func(e *exporter) { e.server.Inject(nil, rocketchattest.BadGateway()) },
		"a window without answer": func(e *exporter) { e.server.Inject(onlyWindow(6*time.Hour), rocketchattest.BadGateway()) },
		"incomplete answers":      func(e *exporter) { e.server.Configure(func(s *rocketchattest.Settings) { s.TotalSkew = 1 }) },
	}, func(t *testing.T, happens func(e *exporter)) {
		e := start(t, everything, noLimit)
		e.server.AddDepartments(department("sales", "Sales"), department("billing", "Billing"))
		e.abandon("sales", 1, 3*time.Hour)
		e.abandon("support", 1, 8*time.Hour)
		e.scrape(t)
		happens(e)
		time.Sleep(2 * time.Hour)
		e.scrape(t)
		e.workspace.Close() // It exports what it has, and sends nothing.
		got := e.scrape(t)
		e.options.Previous = e.workspace
		e.workspace = collector.NewWorkspace(e.options)
		e.workspace.Close()
		if want := e.scrape(t); !slices.EqualFunc(got, want, func(a, b *dto.MetricFamily) bool { return proto.Equal(a, b) }) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestSimultaneousPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, noLimit)
		e.abandon("sales", 1, 3*time.Hour)
		first, done := e.gather(t)
		defer done()
		for n := 2; n < 5; n++ {
			e.abandon("sales", 1, 3*time.Hour)
			e.scrape(t).wantNumbers(t, abandonedRooms, "6h", rooms{"sales": float64(n), "none": 0})
			first.wantNumbers(t, abandonedRooms, "6h", rooms{"sales": 1, "none": 0})
		}
	})
}

// However many departments there are, a page takes the same number of allocations.
func TestAllocationsOfAPage(t *testing.T) {
	allocations := func(departments int) (n float64) {
		synctest.Test(t, func(t *testing.T) {
			e := start(t, refreshed(time.Hour), noLimit)
			for i := range departments {
				e.abandon(strconv.Itoa(i), 1, 3*time.Hour)
			}
			e.scrape(t)
			n = testing.AllocsPerRun(20, func() {
				_, done := e.gather(t)
				done()
			})
		})
		return n
	}
	if few, many := allocations(40), allocations(1000); many > few+10 {
		t.Errorf("a page of 1,000 departments takes %.0f allocations, one of 40 takes %.0f", many, few)
	}
}

func TestAPIMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := collector.NewAPIMetrics([]*rocketchat.Route{rocketchat.TotalAbandonedChats, rocketchat.Login})
		for _, route := range []*rocketchat.Route{rocketchat.Login, rocketchat.ServerInfo, rocketchat.Logout} {
			m.Observe(rocketchat.Call{Route: route, Outcome: rocketchat.OK, Remaining: 7})
			m.Observe(rocketchat.Call{Route: route, Outcome: rocketchat.Timeout, Remaining: -1})
		}
		p := start(t, func(s *setup) { s.Metrics = m }, limit(1)).scrape(t)
		p.want(t, map[string]string{
			`livechat_api_requests_total{outcome="timeout",route="total-abandoned-chats"}`: "0",
			`livechat_api_requests_total{outcome="timeout",route="login"}`:                 "1",
			`livechat_api_request_duration_seconds_count{route="login"}`:                   "2",
			`livechat_api_calls_deferred_total{route="login"}`:                             "0",
			`livechat_api_calls_deferred_total{route="total-abandoned-chats"}`:             "2",
			`livechat_api_rate_limit_remaining{route="login"}`:                             "7",
		})
		if text := p.String(); strings.Contains(text, `route="info"`) || strings.Contains(text, `route="logout"`) {
			t.Errorf("there are series of info or logout:\n%s", text)
		}
	})
}

// Concurrent scrapes share calls. All calls are sent at once.
func TestConcurrentScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, noLimit)
		e.server.Inject(nil, rocketchattest.Slow(2*time.Second))
		begin := time.Now()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				e.scrape(t).want(t, map[string]string{abandonedRooms + `{department_id="none",window="today"}`: "0"})
			})
			time.Sleep(100 * time.Millisecond)
		}
		wg.Wait()
		if calls, took := len(e.server.Requests()), time.Since(begin); calls != 3 || took != 2*time.Second {
			t.Errorf("8 scrapes of 3 windows took %d calls and %v, want 3 calls at once", calls, took)
		}
	})
}

// A call outlives the scrape that started it, and ends with its timeout.
func TestSlowCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, windows(rolling("6h", 6*time.Hour)))
		e.abandon("sales", 1, 3*time.Hour)
		e.server.Inject(nil, rocketchattest.Slow(15*time.Second))
		p := e.scrape(t)
		p.want(t, map[string]string{success6h: "absent", up: "0"})
		p.wantNumbers(t, abandonedRooms, "6h", nil)
		p = e.scrape(t) // It waits for the same call.
		p.want(t, map[string]string{success6h: "1", timestamp6h: "9.46722e+08"})
		p.wantNumbers(t, abandonedRooms, "6h", rooms{"sales": 1, "none": 0})

		e.server.Inject(nil, rocketchattest.Hang())
		p = e.scrape(t) // The last good answer stands meanwhile.
		p.want(t, map[string]string{success6h: "1", up: "1"})
		p.wantNumbers(t, abandonedRooms, "6h", rooms{"sales": 1, "none": 0})
		time.Sleep(20 * time.Second) // The timeout is 30 s.
		synctest.Wait()
		if got := e.workspace.Status()[0]; got.Running || got.Outcome != "timeout" || !got.Exported {
			t.Errorf("the status is %+v after the timeout", got)
		}
	})
}

// Nothing runs between scrapes, nor after Close: the bubble fails if a goroutine outlives it.
func TestIdleAndClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, everything)
		e.scrape(t)
		time.Sleep(24 * time.Hour)
		if got := len(e.server.Requests()); got != 14 {
			t.Fatalf("sent %d calls, want those 14 of the scrape", got)
		}
		e.server.Inject(nil, rocketchattest.Hang())
		e.scrape(t)
		e.workspace.Close()
		e.scrape(t).want(t, map[string]string{
			`livechat_api_requests_total{outcome="canceled",route="total-abandoned-chats"}`: "5",
			`livechat_api_requests_total{outcome="canceled",route="amount-of-chats"}`:       "6",
			`livechat_api_requests_total{outcome="canceled",route="department"}`:            "1",
			`livechat_api_requests_total{outcome="canceled",route="inquiries.list"}`:        "1",
			success6h: "1", // A canceled call proves nothing about the workspace.
		})
		if e.log.Len() > 0 {
			t.Errorf("logged %s", e.log)
		}
	})
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t)
		e.abandon("sales", 1, 3*time.Hour)
		before := e.scrape(t)
		e.server.Inject(nil, rocketchattest.BadGateway())
		time.Sleep(time.Minute)
		e.workspace.Close()
		e.options.Previous = e.workspace
		e.options.Windows = []window.Window{
			{Name: "24h", Duration: 24 * time.Hour, Refresh: time.Minute},
			rolling("6h", 7*time.Hour), // Another window with the same name.
			calendar(window.Today),     // It begins at another time.
			rolling("7d", 7*24*time.Hour),
		}
		e.options.Zone = time.FixedZone("east", 3600)
		e.workspace = collector.NewWorkspace(e.options)
		p := e.scrape(t)
		const timestamp = `livechat_refresh_timestamp_seconds{resource="abandoned_rooms",window="24h"}`
		p.want(t, map[string]string{timestamp: before.value(timestamp), `livechat_api_requests_total{outcome="ok",route="total-abandoned-chats"}`: "3"})
		p.wantNumbers(t, abandonedRooms, "24h", rooms{"sales": 1, "none": 0})
		for _, w := range []string{"6h", "today", "7d"} {
			p.wantNumbers(t, abandonedRooms, w, nil)
		}
	})
}

// A server hands many departments over at once, or page by page, or some of them only. An
// incomplete answer fills no zeros and does not move the counter.
func TestManyDepartments(t *testing.T) {
	const many = 500
	type settings = rocketchattest.Settings
	type test struct {
		profile  rocketchattest.Profile
		settings func(*settings)
		complete bool
		calls    int // Of the second page, where that is fixed.
	}
	runCases(t, map[string]test{
		"at once":                 {rocketchattest.Latest, func(*settings) {}, true, 11},
		"first only":              {rocketchattest.Old, func(*settings) {}, false, 11},
		"in pages that miss some": {rocketchattest.Latest, func(s *settings) { s.AllowInfiniteCount = false }, false, 0},
		"in pages": { // Nobody waits for a reply, and no room closed before the month.
			rocketchattest.Latest, func(s *settings) { s.AllowInfiniteCount, s.Shuffle = false, func(int, func(i, j int)) {} }, true, 7*many/100 + 4,
		},
	}, func(t *testing.T, tt test) {
		e := start(t, noLimit, at("2000-01-20T10:20:00Z"), on(rocketchattest.New(tt.profile)), func(s *setup) { s.Counter, s.Rooms = true, true })
		e.server.Configure(tt.settings)
		for i := range many {
			e.abandon(fmt.Sprintf("%017d", i), 1, 3*time.Hour)
		}
		e.scrape(t) // The client learns how the answers come.
		learning := len(e.server.Requests())
		p := e.scrape(t)
		if calls := len(e.server.Requests()) - learning; tt.calls > 0 && calls != tt.calls {
			t.Errorf("sent %d calls, want %d", calls, tt.calls)
		}
		p.want(t, map[string]string{complete6h: map[bool]string{true: "1", false: "0"}[tt.complete]})
		for _, s := range [][2]string{{abandonedRooms, "6h"}, {allRooms, "24h"}, {abandonments, ""}} {
			numbers := p.numbers(s[0], s[1])
			total := 0.0
			for _, n := range numbers {
				total += n
			}
			zeros := float64(len(numbers)) - total // Each department has one room, none has no room.
			if (len(numbers) == many+1) != tt.complete || (zeros == 1) != tt.complete || s[0] == abandonments && !tt.complete && len(numbers) > 0 {
				t.Errorf("%s of %q has %d departments with %v rooms", s[0], s[1], len(numbers), total)
			}
		}
	})
}
