package collector_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// load is how an exporter is scraped, and how its server answers, under the default limit.
type load struct {
	windows  int
	interval time.Duration
	scrapers int
	slowest  time.Duration // What no answer takes longer than.
	random   bool          // Whether each answer takes another time, or all as long as the slowest.
	lasts    time.Duration
}

func (l load) String() string {
	return fmt.Sprintf("%d windows every %v by %d up to %v", l.windows, l.interval, l.scrapers, l.slowest)
}

// oldest is how old an answer may become whose resource takes so many calls: a round of
// all windows takes some limit's times, each extended by a scrape interval and an answer.
func (l load) oldest(calls int) time.Duration {
	atOnce := 10 / calls
	rounds := (l.windows + atOnce - 1) / atOnce
	return time.Duration(rounds)*(time.Minute+l.interval+l.slowest) + l.slowest
}

func manyWindows(n int) func(*setup) {
	return func(s *setup) {
		s.Windows = nil
		for i := range n {
			s.Windows = append(s.Windows, rolling(strconv.Itoa(i), time.Duration(2+i)*time.Hour))
		}
	}
}

// run scrapes for as long as the load lasts, and calls seen after each scrape with the
// time since the beginning. The scrapers are evenly apart.
func (l load) run(t *testing.T, e *exporter, seen func(since time.Duration)) {
	t.Helper()
	began := time.Now()
	var mu sync.Mutex
	var scrapers sync.WaitGroup
	for i := range l.scrapers {
		scrapers.Go(func() {
			time.Sleep(l.interval * time.Duration(i) / time.Duration(l.scrapers))
			for tick := time.NewTicker(l.interval); time.Since(began) < l.lasts; <-tick.C {
				_, done := e.gather(t) // Which checks that it is in time.
				done()
				mu.Lock()
				seen(time.Since(began))
				mu.Unlock()
			}
		})
	}
	scrapers.Wait()
}

// check runs the load. No call may be refused, and no answer may become too old.
func (l load) check(t *testing.T) {
	t.Helper()
	e := start(t, manyWindows(l.windows), func(s *setup) { s.Rooms, s.MaxAge = true, 24*time.Hour })
	random := rand.New(rand.NewPCG(7, 7))
	var mu sync.Mutex
	e.server.Inject(nil, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		took := l.slowest
		if l.random {
			took = time.Duration(random.Int64N(int64(l.slowest) + 1))
		}
		before := time.Duration(random.Int64N(int64(took) + 1)) // The server counts the call somewhere on its way.
		mu.Unlock()
		rocketchattest.Slow(before)(rw, r, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(rw, r)
			rocketchattest.Slow(took-before)(rw, r, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		}))
	})
	began := time.Now()
	l.run(t, e, func(since time.Duration) {
		for _, s := range e.workspace.Status() {
			asked := s.AskedAt
			if asked.IsZero() {
				asked = began.Add(l.interval)
			}
			if age, oldest := time.Since(asked), l.oldest(map[string]int{"abandoned_rooms": 1, "rooms": 2}[s.Resource]); age > oldest {
				t.Errorf("after %v: %s of %s is %v old, want %v at most", since, s.Resource, s.Window, age, oldest)
			}
			if s.Outcome == "rate_limited" {
				t.Errorf("after %v: the server refused a call", since)
			}
		}
	})
}

func TestBudgetIsKeptAndShared(t *testing.T) {
	for _, l := range []load{
		{25, 15 * time.Second, 3, 3 * time.Second, true, 20 * time.Minute},
		{12, 15 * time.Second, 2, 20 * time.Second, false, 20 * time.Minute},
		{11, 59 * time.Second, 1, time.Second, true, time.Hour},
	} {
		t.Run(l.String(), func(t *testing.T) { synctest.Test(t, l.check) })
	}
}

// documentedLoads are the rows of the table of calls and ages in docs/configuration.md.
func documentedLoads() (loads []load) {
	for _, l := range []struct{ windows, seconds, scrapers int }{
		{1, 15, 1}, {1, 15, 2}, {4, 15, 1}, {4, 15, 2}, {4, 30, 1}, {4, 60, 1}, {4, 60, 2}, {4, 300, 1}, {8, 15, 2}, {8, 60, 1}, {10, 15, 2}, {10, 60, 1},
	} {
		loads = append(loads, load{l.windows, time.Duration(l.seconds) * time.Second, l.scrapers, 500 * time.Millisecond, false, 90 * time.Minute})
	}
	return loads
}

// All rows are checked under a build tag.
func TestDocumentedCallsAndAges(t *testing.T) { checkDocumented(t, documentedLoads()[4:8]) }

// checkDocumented checks that the rows are in docs/configuration.md as they come out.
func checkDocumented(t *testing.T, loads []load) {
	t.Helper()
	document, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range loads {
		t.Run(l.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if row := l.measure(t); !strings.Contains(string(document), "\n"+row+"\n") {
					t.Errorf("docs/configuration.md does not have the row\n%s", row)
				}
			})
		})
	}
}

// measure runs the load with everything switched on, and returns its row of the table:
// calls per minute by route, and the median and the highest age of all answers on all
// pages, once the first round is over.
func (l load) measure(t *testing.T) string {
	t.Helper()
	const first = 30 * time.Minute
	e := start(t, everything, manyWindows(l.windows))
	e.server.Configure(func(s *rocketchattest.Settings) { s.RequestLog = 1 << 20 })
	e.server.Inject(nil, rocketchattest.Slow(l.slowest))
	began := time.Now()
	var ages []time.Duration
	l.run(t, e, func(since time.Duration) {
		for _, s := range e.workspace.Status() {
			switch {
			case since < first:
			case !s.Exported:
				t.Errorf("after %v there is no answer of %s of %s", since, s.Resource, s.Window)
			case s.Window != "": // The others have routes of their own.
				ages = append(ages, time.Since(s.AskedAt))
			}
		}
	})
	slices.Sort(ages)
	calls := make(map[string]float64)
	for _, r := range e.server.Requests() {
		if since := r.Time.Sub(began); since >= first && since < l.lasts {
			calls[r.Path[strings.LastIndex(r.Path, "/")+1:]] += 1 / (l.lasts - first).Minutes()
		}
	}
	return fmt.Sprintf("| %d | %s | %d | %.1f | %.1f | %.1f | %.1f s | %.1f s |", l.windows, model.Duration(l.interval), l.scrapers,
		calls["total-abandoned-chats"], calls["amount-of-chats"], calls["department"], ages[len(ages)/2].Seconds(), ages[len(ages)-1].Seconds())
}

// Failing windows take their turn like the others.
func TestFailingWindowsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, manyWindows(12))
		e.server.Inject(func(r *http.Request) bool { return !onlyWindow(2*time.Hour)(r) && !onlyWindow(3*time.Hour)(r) }, rocketchattest.BadGateway())
		for range 60 * 4 {
			e.scrape(t)
			time.Sleep(15 * time.Second)
		}
		asked := make(map[time.Duration]int)
		for _, r := range e.server.Requests() {
			asked[instant(r.Query.Get("end")).Sub(instant(r.Query.Get("start")))]++
		}
		times := slices.Sorted(maps.Values(asked))
		if len(times) != 12 || times[11]-times[0] > 1 {
			t.Errorf("the windows were asked for %v times, want all 12 equally often", times)
		}
	})
}

func TestRefreshInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slept time.Duration
		e := start(t, windows(rolling("24h", 24*time.Hour)), refreshed(5*time.Minute), func(s *setup) { s.Now = func() time.Time { return wallMoved(slept) } })
		begin := time.Now()
		minute := func(at time.Time) int { return int(at.Sub(begin).Minutes()) }
		e.server.Inject(func(*http.Request) bool { return minute(time.Now()) == 5 || minute(time.Now()) == 6 }, rocketchattest.BadGateway())
		for range 14 {
			e.scrape(t)
			time.Sleep(time.Minute)
		}
		slept = time.Hour
		e.scrape(t)
		var asked []int
		for _, r := range e.server.Requests() {
			asked = append(asked, minute(r.Time))
		}
		if want := []int{0, 5, 6, 7, 12, 14}; !slices.Equal(asked, want) { // After a failure at each scrape, and after the machine slept.
			t.Errorf("asked in the minutes %v, want %v", asked, want)
		}
	})
}
