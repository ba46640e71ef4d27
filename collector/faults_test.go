package collector_test

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"livechat_exporter/internal/rocketchat/rocketchattest"
	"livechat_exporter/internal/window"
)

// allFaults are the ways in which a workspace can fail.
func allFaults() []rocketchattest.Fault {
	respond := rocketchattest.RespondJSON
	const twice = `{"departments":[{"_id":"a","abandonedRooms":1,"rooms":1},{"_id":"a","abandonedRooms":1,"rooms":1}],"total":2,"success":true}`
	return []rocketchattest.Fault{
		rocketchattest.Hang(), rocketchattest.Drip(100 * time.Millisecond), rocketchattest.Slow(20 * time.Second), rocketchattest.Slow(31 * time.Second),
		rocketchattest.Truncate(30), rocketchattest.TruncateChunked(30), rocketchattest.CloseConnection(), rocketchattest.Blank(), rocketchattest.HTML(),
		rocketchattest.BadGateway(), rocketchattest.ServiceUnavailable(), rocketchattest.DatabaseError("connection pool was cleared"),
		rocketchattest.Redirect(http.StatusFound, "https://evil.example.org/"), rocketchattest.EndlessBody(1 << 25), rocketchattest.Nested(1000),
		rocketchattest.Respond(http.StatusNotFound, "text/plain", "404 Not Found"), rocketchattest.Respond(http.StatusTeapot, "text/plain", "short"),
		respond(http.StatusUnauthorized, `{"status":"error","message":"You must be logged in to do this."}`),
		respond(http.StatusForbidden, `{"success":false,"error":"unauthorized"}`),
		respond(http.StatusBadRequest, `{"success":false,"error":"x","errorType":"error-action-not-allowed"}`),
		respond(http.StatusTooManyRequests, `{"success":false,"error":"slow down"}`),
		rocketchattest.WithHeader("Retry-After", "Sat, 01 Jan 2000 00:00:40 GMT", respond(http.StatusTooManyRequests, "{}")),
		rocketchattest.WithHeader("X-RateLimit-Reset", "34", respond(http.StatusTooManyRequests, "{}")),
		rocketchattest.WithHeader("WWW-Authenticate", "Basic", respond(http.StatusUnauthorized, "{}")),
		rocketchattest.Respond(http.StatusForbidden, "text/html", "<h1>403</h1>"), rocketchattest.Respond(http.StatusBadRequest, "text/html", "<h1>400</h1>"),
		rocketchattest.OddFields(),
		respond(http.StatusOK, `{"departments":[],"total":0,"success":false}`), respond(http.StatusOK, `{"total":0,"success":true}`),
		respond(http.StatusOK, `{"departments":[{"_id":"a","abandonedRooms":-1,"rooms":-1}],"total":1,"success":true}`), respond(http.StatusOK, twice),
	}
}

func TestEveryNumberIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { checkWithOutages(t, rocketchattest.Latest, 40*time.Minute) })
}

// checkWithOutages scrapes while the server fails in every way, over the turn of a month
// in the middle. Each page must be in time, and each number be that of the rooms in the
// period that the page states.
func checkWithOutages(t *testing.T, profile rocketchattest.Profile, lasts time.Duration) {
	t.Helper()
	faults := allFaults()
	random := rand.New(rand.NewPCG(11, uint64(len(profile.String()))))
	begin := instant("2000-02-01T00:00:00Z").Add(-lasts / 2)
	e := start(t, everything, on(rocketchattest.New(profile)), at(begin.Format(time.RFC3339)), windows(
		rolling("6h", 6*time.Hour), rolling("24h", 24*time.Hour), calendar(window.Today), calendar(window.LastMonth)))
	ids := []string{"", "sales", "support", "billing", "old"}
	e.server.AddDepartments(department("sales", "Sales"), department("support", "Support"), department("idle", "Idle"),
		rocketchattest.Department{ID: "old", Name: "Old", Archived: true})
	for range 4000 { // All that happens is known from the start, so that the past does not change.
		opened := begin.Add(lasts - time.Duration(random.Int64N(int64(40*24*time.Hour))))
		took := time.Hour + time.Duration(random.Int64N(int64(10*time.Hour)))
		e.server.AddRooms(rocketchattest.Room{
			DepartmentID: ids[random.IntN(len(ids))], Without: rocketchattest.Without(random.IntN(3)), Answered: random.IntN(5) > 0, VisitorInactivity: new(took), OpenedAt: opened, ClosedAt: opened.Add(took),
		})
	}
	var calls atomic.Int64
	for i, route := range routes {
		e.server.Inject(of(route), func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			n := 3*int(time.Since(begin)/(2*time.Minute)) + i // Each fault holds for 2 minutes on one route.
			if n%2 == 0 || calls.Add(1)%4 == 0 {
				next.ServeHTTP(rw, r)
				return
			}
			faults[n/2%len(faults)](rw, r, next)
		})
	}
	pages, numbers := 0, 0
	for ; time.Since(begin) < lasts; pages++ {
		p := e.scrape(t)
		if problems, err := testutil.GatherAndLint(p); err != nil || len(problems) > 0 {
			t.Errorf("the linter finds %v, error %v", problems, err)
		}
		numbers += checkNumbers(t, e.server, p)
		if t.Failed() {
			t.Fatalf("at %v", time.Now())
		}
		time.Sleep(15 * time.Second)
	}
	if logged := e.log.String(); numbers < 10*pages || strings.Contains(logged, rocketchattest.AuthToken) {
		t.Errorf("%d numbers on %d pages, and the token must not be logged: %s", numbers, pages, logged)
	}
}

// checkNumbers compares all numbers of rooms on a page with the server's rooms. It returns
// how many there are.
func checkNumbers(t *testing.T, server *rocketchattest.Workspace, p page) (numbers int) {
	t.Helper()
	edges := make(map[string]time.Time)
	for _, edge := range []string{"start", "end"} {
		p.series("livechat_window_"+edge+"_timestamp_seconds", func(labels map[string]string, seconds float64) {
			edges[labels["resource"]+labels["window"]+edge] = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
		})
	}
	check := func(metric, name, resource string, truth func(start, end time.Time) map[string]int) {
		got, want := p.numbers(metric, name), make(rooms)
		for id := range got {
			want[id] = 0
		}
		if len(got) > 0 { // Else there need not be a period.
			for id, n := range truth(edges[resource+"start"], edges[resource+"end"]) {
				if n != 0 {
					want[cmp.Or(id, "none")] = float64(n)
				}
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s of %q is %v, want %v", metric, name, got, want)
		}
		numbers += len(got)
	}
	for _, name := range []string{"6h", "24h", "today", "last_month"} {
		check(abandonedRooms, name, "abandoned_rooms"+name, server.AbandonedRooms)
		check(allRooms, name, "rooms"+name, server.Rooms)
		check(awaitingReply, name, "rooms"+name, server.RoomsAwaitingReply)
	}
	check(abandonments, "", "abandonmentsmonth", func(month, end time.Time) map[string]int {
		before := month.AddDate(0, -1, 0)
		counted := server.AbandonedRooms(before, end)
		for id, n := range server.AbandonedRooms(before, month.Add(-time.Millisecond)) {
			counted[id] -= n
		}
		return counted
	})
	return numbers
}
