package collector_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// everyFault are the ways of a workspace to fail.
func everyFault() map[string]rocketchattest.Fault {
	return map[string]rocketchattest.Fault{
		"hang":                rocketchattest.Hang(),
		"drip":                rocketchattest.Drip(100 * time.Millisecond),
		"slow":                rocketchattest.Slow(20 * time.Second),
		"too slow":            rocketchattest.Slow(31 * time.Second),
		"truncated":           rocketchattest.Truncate(30),
		"truncated in chunks": rocketchattest.TruncateChunked(30),
		"closed":              rocketchattest.CloseConnection(),
		"blank":               rocketchattest.Blank(),
		"web app":             rocketchattest.HTML(),
		"bad gateway":         rocketchattest.BadGateway(),
		"starting":            rocketchattest.ServiceUnavailable(),
		"database":            rocketchattest.DatabaseError("connection pool was cleared"),
		"redirect":            rocketchattest.Redirect(http.StatusFound, "https://evil.example.org/"),
		"unauthorized":        rocketchattest.RespondJSON(http.StatusUnauthorized, `{"status":"error","message":"You must be logged in to do this."}`),
		"forbidden":           rocketchattest.RespondJSON(http.StatusForbidden, `{"success":false,"error":"unauthorized"}`),
		"unlicensed":          rocketchattest.RespondJSON(http.StatusBadRequest, `{"success":false,"error":"x","errorType":"error-action-not-allowed"}`),
		"rate limited":        rocketchattest.RespondJSON(http.StatusTooManyRequests, `{"success":false,"error":"slow down"}`),
		"not found":           rocketchattest.Respond(http.StatusNotFound, "text/plain", "404 Not Found"),
		"teapot":              rocketchattest.Respond(http.StatusTeapot, "text/plain", "short and stout"),
		"no success":          rocketchattest.RespondJSON(http.StatusOK, `{"departments":[],"total":0,"success":false}`),
		"no departments":      rocketchattest.RespondJSON(http.StatusOK, `{"total":0,"success":true}`),
		"negative":            rocketchattest.RespondJSON(http.StatusOK, `{"departments":[{"_id":"a","abandonedRooms":-1,"rooms":-1,"numAgents":-1}],"total":1,"success":true}`),
		"twice":               rocketchattest.RespondJSON(http.StatusOK, `{"departments":[{"_id":"a","abandonedRooms":1,"rooms":1},{"_id":"a","abandonedRooms":1,"rooms":1}],"total":2,"success":true}`),
		"endless":             rocketchattest.EndlessBody(1 << 25),
		"nested":              rocketchattest.Nested(1000),
	}
}

// weather lets a server fail: each call by the fault that holds at that moment for what
// it asks.
type weather struct {
	mu     sync.Mutex
	random *rand.Rand
	faults []rocketchattest.Fault // In turn, then at random.
	turn   int
	now    map[string]rocketchattest.Fault // By path; none is fair weather.
}

// change changes the weather on every route.
func (w *weather) change() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, path := range []string{"total-abandoned-chats", "amount-of-chats", "department"} {
		switch {
		case w.random.IntN(2) == 0:
			delete(w.now, path)
		case w.turn < len(w.faults):
			w.now[path] = w.faults[w.turn]
			w.turn++
		default:
			w.now[path] = w.faults[w.random.IntN(len(w.faults))]
		}
	}
}

// fault is the weather as a fault, which hits some of the calls.
func (w *weather) fault(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	w.mu.Lock()
	f := w.now[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
	if w.random.IntN(4) == 0 {
		f = nil
	}
	w.mu.Unlock()
	if f == nil {
		next.ServeHTTP(rw, r)
		return
	}
	f(rw, r, next)
}

func TestWhateverTheWorkspaceDoesEveryNumberIsTrueAndEveryPageInTime(t *testing.T) {
	t.Parallel()
	for _, profile := range []rocketchattest.Profile{rocketchattest.Old, rocketchattest.Mid, rocketchattest.Latest} {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { runThroughWeather(t, profile) })
		})
	}
}

// runThroughWeather scrapes for hours, over midnight and the turn of a month, while the
// weather changes and chats go on.
func runThroughWeather(t *testing.T, profile rocketchattest.Profile) {
	t.Helper()
	random := rand.New(rand.NewPCG(11, uint64(len(profile.String()))))
	time.Sleep(30*24*time.Hour + 23*time.Hour) // 31 January, 23:00.
	e := startWith(t, rocketchattest.New(profile), everything, func(s *setup) {
		s.Windows = []collector.Window{
			collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour),
			collector.CalendarWindow("today", collector.Today, time.UTC), collector.CalendarWindow("last_month", collector.LastMonth, time.UTC),
		}
	})
	e.server.Configure(func(s *rocketchattest.Settings) { s.RequestLog = 0 })
	ids := []string{"", "sales", "support", "billing", "old"}
	e.server.AddDepartments(rocketchattest.Department{ID: "sales", Name: "Sales"}, rocketchattest.Department{ID: "support", Name: "Support"},
		rocketchattest.Department{ID: "idle", Name: "Idle"}, rocketchattest.Department{ID: "old", Name: "Old", Archived: true})
	const ahead = 2 * time.Hour
	for range 4000 { // All that happens is known beforehand, so that a period's numbers do not change once it is over.
		opened := time.Now().Add(ahead - time.Duration(random.Int64N(int64(40*24*time.Hour))))
		lasted := time.Hour + time.Duration(random.Int64N(int64(10*time.Hour)))
		e.server.AddRooms(rocketchattest.Room{
			DepartmentID: ids[random.IntN(len(ids))], Answered: random.IntN(5) > 0, VisitorInactivity: new(lasted),
			OpenedAt: opened, ClosedAt: opened.Add(lasted),
		})
	}
	weather := &weather{random: random, now: make(map[string]rocketchattest.Fault)}
	faults := everyFault()
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		weather.faults = append(weather.faults, faults[name])
	}
	e.server.Inject(nil, weather.fault)

	pages, numbers := 0, 0
	for end := time.Now().Add(ahead); time.Now().Before(end); pages++ {
		if pages%8 == 0 {
			weather.change()
		}
		p := e.scrape(t) // It is linted, and in time.
		numbers += checkTruth(t, e.server, p)
		if t.Failed() {
			t.Fatalf("at %v", time.Now())
		}
		time.Sleep(15 * time.Second)
	}
	if numbers < 10*pages {
		t.Errorf("only %d numbers on %d pages: this test shows little", numbers, pages)
	}
	if strings.Contains(e.log.String(), rocketchattest.AuthToken) {
		t.Error("the log holds the token")
	}
}

// checkTruth compares every number of rooms on a page with what the rooms say for the
// period that the page states. It returns how many there are.
func checkTruth(t *testing.T, server *rocketchattest.Workspace, p page) (numbers int) {
	t.Helper()
	stated := make(map[string]string)
	for line := range strings.Lines(p.String()) {
		if strings.HasPrefix(line, "livechat_window_") {
			series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			stated[series] = value
		}
	}
	seconds := func(metric, resource, window string) time.Time {
		text := stated[fmt.Sprintf("%s{resource=%q,window=%q}", metric, resource, window)]
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("%s of %s %s is %q on a page with its numbers", metric, resource, window, text)
		}
		return time.UnixMilli(int64(math.Round(value * 1000)))
	}
	for _, window := range []string{"6h", "24h", "today", "last_month"} {
		for metric, is := range map[string]struct {
			resource string
			truth    func(start, end time.Time) map[string]int
		}{
			"livechat_department_abandoned_rooms": {"abandoned_rooms", server.AbandonedRooms},
			"livechat_department_rooms":           {"rooms", server.Rooms},
		} {
			got := p.numbers(metric, window)
			if len(got) == 0 {
				continue
			}
			numbers += len(got)
			truth := is.truth(seconds("livechat_window_start_timestamp_seconds", is.resource, window),
				seconds("livechat_window_end_timestamp_seconds", is.resource, window))
			compare(t, metric+" "+window, got, truth)
		}
	}
	if got := p.numbers("livechat_department_abandonments_total", ""); len(got) > 0 {
		numbers += len(got)
		month := seconds("livechat_window_start_timestamp_seconds", "abandonments", "month")
		before := month.UTC().AddDate(0, -1, 0)
		truth := server.AbandonedRooms(before, seconds("livechat_window_end_timestamp_seconds", "abandonments", "month"))
		for id, n := range server.AbandonedRooms(before, month.Add(-time.Millisecond)) {
			truth[id] -= n
		}
		compare(t, "the counter", got, truth)
	}
	return numbers
}

// compare compares exported numbers with those of the rooms, in which the rooms without
// a department have no id. What is exported must be true; a number that is true and not
// 0 must be there.
func compare(t *testing.T, what string, got map[string]float64, truth map[string]int) {
	t.Helper()
	truth["none"] = truth[""]
	delete(truth, "")
	for id, n := range got {
		if n != float64(truth[id]) {
			t.Errorf("%s: %v of %s, want %d", what, n, id, truth[id])
		}
	}
	for id, n := range truth {
		if _, there := got[id]; !there && n != 0 {
			t.Errorf("%s: no number of %s, want %d", what, id, n)
		}
	}
}
