package collector_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	successOf6h   = `livechat_refresh_success{resource="abandoned_rooms",window="6h"}`
	timestampOf6h = `livechat_refresh_timestamp_seconds{resource="abandoned_rooms",window="6h"}`
	completeOf6h  = `livechat_refresh_complete{resource="abandoned_rooms",window="6h"}`
	startOf6h     = `livechat_window_start_timestamp_seconds{resource="abandoned_rooms",window="6h"}`
	deferredCalls = `livechat_api_calls_deferred_total{route="total-abandoned-chats"}`
)

// only6h is an exporter of one window, with a workspace that has one room in it.
func only6h(t *testing.T, change ...func(*setup)) *exporter {
	t.Helper()
	time.Sleep(10 * time.Hour)
	e := startWith(t, rocketchattest.New(rocketchattest.Latest), append([]func(*setup){func(s *setup) {
		s.Windows = []collector.Window{collector.RollingWindow("6h", 6*time.Hour)}
	}}, change...)...)
	e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
	return e
}

func TestTheLastGoodAnswerIsExportedUntilItIsTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t)
		first := e.scrape(t)
		e.server.Inject(nil, rocketchattest.BadGateway())

		time.Sleep(5*time.Minute - time.Millisecond)
		p := e.scrape(t)
		if got := p.rooms("6h"); !maps.Equal(got, map[string]float64{"sales": 1, "none": 0}) {
			t.Errorf("got %v of an answer that is not 5 minutes old, want what it said", got)
		}
		for series, want := range map[string]string{
			successOf6h: "0", completeOf6h: "1", timestampOf6h: first.value(t, timestampOf6h), startOf6h: first.value(t, startOf6h),
		} {
			if got := p.value(t, series); got != want {
				t.Errorf("%s is %s, want %s", series, got, want)
			}
		}

		time.Sleep(time.Millisecond)
		p = e.scrape(t)
		if got := p.rooms("6h"); len(got) > 0 {
			t.Errorf("got %v of an answer that is 5 minutes old, want nothing", got)
		}
		for series, want := range map[string]string{
			successOf6h: "0", completeOf6h: "absent", startOf6h: "absent", timestampOf6h: first.value(t, timestampOf6h),
		} {
			if got := p.value(t, series); got != want {
				t.Errorf("%s is %s, want %s", series, got, want)
			}
		}
	})
}

func TestAnAnswerMayAgeByItsRefreshIntervalToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t, func(s *setup) { s.Windows[0] = s.Windows[0].RefreshedEvery(10 * time.Minute) })
		e.scrape(t)
		e.server.Inject(nil, rocketchattest.BadGateway())
		time.Sleep(15*time.Minute - time.Millisecond)
		if got := e.scrape(t).rooms("6h"); len(got) == 0 {
			t.Error("the answer is gone before refresh and max_age have passed")
		}
		time.Sleep(time.Millisecond)
		if got := e.scrape(t).rooms("6h"); len(got) > 0 {
			t.Errorf("got %v after refresh and max_age have passed", got)
		}
	})
}

func TestWithoutABudgetLeftThePageComesAtOnceFromLastGoodAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t, func(s *setup) { s.limit = rocketchat.Limit{Calls: 1, Per: time.Minute} })
		e.server.Inject(nil, rocketchattest.Slow(time.Second))
		first := e.scrape(t)
		begin := time.Now()
		p := e.scrape(t)
		if took := time.Since(begin); took != 0 {
			t.Errorf("a page without a call took %v", took)
		}
		for series, want := range map[string]string{
			successOf6h: "1", timestampOf6h: first.value(t, timestampOf6h), deferredCalls: "1",
			`livechat_api_requests_total{outcome="ok",route="total-abandoned-chats"}`: "1",
		} {
			if got := p.value(t, series); got != want {
				t.Errorf("%s is %s, want %s", series, got, want)
			}
		}
		if got := p.rooms("6h"); got["sales"] != 1 {
			t.Errorf("got %v, want the last good answer", got)
		}
	})
}

func TestAtTheTurnOfTheDayTodayIsNeverYesterday(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Two windows more than the budget, so that today would have to wait.
		windows := []collector.Window{
			collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour),
			collector.CalendarWindow("today", collector.Today, time.UTC),
		}
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), func(s *setup) {
			s.Windows, s.limit, s.MaxAge = windows, rocketchat.Limit{Calls: 1, Per: time.Minute}, time.Hour
		})
		time.Sleep(22 * time.Hour)
		e.server.AddRooms(abandoned("sales", 4*time.Hour)...)
		for time.Now().Day() == 1 {
			e.scrape(t)
			time.Sleep(time.Minute + time.Millisecond)
		}
		// The first scrape of the new day.
		const begins = `livechat_window_start_timestamp_seconds{resource="abandoned_rooms",window="today"}`
		p := e.scrape(t)
		if got := p.value(t, begins); got != "9.467712e+08" {
			t.Errorf("today begins at %s, want midnight: its resource goes first", got)
		}
		if got := p.rooms("today"); got["sales"] != 0 {
			t.Errorf("today has %v, want none of yesterday's", got)
		}
	})
}

func TestATodayThatCannotBeAskedIsNotExportedAfterMidnight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(23*time.Hour + 58*time.Minute)
		e := start(t, rocketchattest.Latest, collector.CalendarWindow("today", collector.Today, time.UTC), collector.RollingWindow("24h", 24*time.Hour))
		e.server.AddRooms(abandoned("sales", 4*time.Hour)...)
		if got := e.scrape(t).rooms("today"); got["sales"] != 1 {
			t.Fatalf("got %v, want 1", got)
		}
		e.server.Inject(nil, rocketchattest.BadGateway())
		time.Sleep(2*time.Minute - time.Millisecond)
		if got := e.scrape(t).rooms("today"); got["sales"] != 1 {
			t.Errorf("got %v a moment before midnight, want the last good answer", got)
		}
		time.Sleep(time.Millisecond)
		p := e.scrape(t)
		if got := p.rooms("today"); len(got) > 0 {
			t.Errorf("got %v at midnight, want nothing", got)
		}
		if got := p.rooms("24h"); got["sales"] != 1 {
			t.Errorf("24h has %v, want its last good answer", got)
		}
	})
}

func TestACallOutlivesTheScrapeThatBeganItAndIsThereOnALaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t)
		e.server.Inject(nil, rocketchattest.Slow(15*time.Second))
		begin := time.Now()
		p := e.scrape(t) // It has 10 s.
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("the page took %v, want its 10 s", took)
		}
		if got := p.value(t, successOf6h); got != "absent" || len(p.rooms("6h")) > 0 {
			t.Errorf("success %s and %v before any answer", got, p.rooms("6h"))
		}
		p = e.scrape(t) // It waits for the same call.
		if took := time.Since(begin); took != 15*time.Second {
			t.Errorf("both pages took %v, want 15 s", took)
		}
		if got := p.rooms("6h"); got["sales"] != 1 {
			t.Errorf("got %v, want the slow answer", got)
		}
		if got := len(e.server.Requests()); got != 1 {
			t.Errorf("the workspace was asked %d times, want once", got)
		}
		if asked, _ := time.Parse(time.RFC3339, "2000-01-01T10:00:00Z"); p.value(t, timestampOf6h) != fmt.Sprintf("%v", float64(asked.Unix())) {
			t.Errorf("asked for at %s, want the first scrape's moment", p.value(t, timestampOf6h))
		}
	})
}

func TestACallThatHangsEndsWithTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t)
		e.server.Inject(nil, rocketchattest.Hang())
		e.scrape(t)
		time.Sleep(20*time.Second - time.Millisecond)
		if got := e.workspace.Status()[0]; !got.Running || got.Attempted {
			t.Errorf("got %+v before the timeout of 30 s", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := e.workspace.Status()[0]; got.Running || got.Outcome != "timeout" {
			t.Errorf("got %+v after the timeout of 30 s", got)
		}
	})
}

func TestConcurrentScrapesShareCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t, noLimit)
		e.server.Inject(nil, rocketchattest.Slow(2*time.Second))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if got := e.scrape(t).rooms("6h"); got["sales"] != 1 {
					t.Errorf("got %v, want 1", got)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		wg.Wait()
		if got := len(e.server.Requests()); got != 1 {
			t.Errorf("the workspace was asked %d times, want once", got)
		}
	})
}

func TestNothingRunsWhenNobodyScrapes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), everything)
		time.Sleep(24 * time.Hour)
		if got := len(e.server.Requests()); got != 0 {
			t.Fatalf("a workspace that nobody scrapes was asked %d times", got)
		}
		e.scrape(t)
		asked := len(e.server.Requests())
		time.Sleep(24 * time.Hour)
		if got := len(e.server.Requests()); got != asked {
			t.Errorf("between scrapes the workspace was asked %d times", got-asked)
		}
	})
}

// A bubble fails if a goroutine outlives it.
func TestCloseEndsCallsInFlightAndLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), everything)
		e.server.Inject(nil, rocketchattest.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(e.workspace.Scrape(ctx))
		if _, err := registry.Gather(); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		e.workspace.Close()
		if took := time.Since(begin); took != 0 {
			t.Errorf("closing took %v", took)
		}
		p := e.scrape(t)
		for route, calls := range map[string]string{"total-abandoned-chats": "5", "amount-of-chats": "6", "department": "1"} {
			if got := p.value(t, fmt.Sprintf(`livechat_api_requests_total{outcome="canceled",route=%q}`, route)); got != calls {
				t.Errorf("%s: counted %s calls as canceled, want %s", route, got, calls)
			}
		}
		if got := p.value(t, successOf6h); got != "absent" {
			t.Errorf("livechat_refresh_success is %s, want absent: a call that was given up says nothing of the workspace", got)
		}
		if e.log.Len() > 0 {
			t.Errorf("logged %s", e.log)
		}
	})
}

func TestANewConfigurationKeepsWhatItHasInCommonWithTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(10 * time.Hour)
		e := start(t, rocketchattest.Latest, collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour),
			collector.CalendarWindow("today", collector.Today, time.UTC))
		e.server.AddRooms(abandoned("sales", 3*time.Hour)...)
		before := e.scrape(t)
		e.server.Inject(nil, rocketchattest.BadGateway())
		time.Sleep(time.Minute)

		e.workspace.Close()
		options := e.options
		options.Previous = e.workspace
		options.Windows = []collector.Window{
			collector.RollingWindow("24h", 24*time.Hour).RefreshedEvery(time.Minute),
			collector.RollingWindow("6h", 7*time.Hour),                                       // Another window of the same name.
			collector.CalendarWindow("today", collector.Today, time.FixedZone("east", 3600)), // Another day.
			collector.RollingWindow("7d", 7*24*time.Hour),
		}
		e.workspace = collector.NewWorkspace(options)
		p := e.scrape(t)
		if got := p.rooms("24h"); got["sales"] != 1 {
			t.Errorf("24h has %v, want the answer from before", got)
		}
		const timestamp = `livechat_refresh_timestamp_seconds{resource="abandoned_rooms",window="24h"}`
		if got, want := p.value(t, timestamp), before.value(t, timestamp); got != want {
			t.Errorf("24h was asked for at %s, want %s", got, want)
		}
		for _, window := range []string{"6h", "today", "7d"} {
			if got := p.rooms(window); len(got) > 0 {
				t.Errorf("%s has %v, want nothing: it is another window", window, got)
			}
		}
		if got := p.value(t, `livechat_api_requests_total{outcome="ok",route="total-abandoned-chats"}`); got != "3" {
			t.Errorf("%s good calls are counted, want the 3 from before", got)
		}
	})
}

func TestEveryWindowOfAPageIsWholeWhileAnotherIsRefreshed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t, noLimit)
		e.scrape(t)
		// While the next answer is on its way, the page has the last good one.
		e.server.Inject(nil, rocketchattest.Hang())
		p := e.scrape(t)
		if got := p.rooms("6h"); got["sales"] != 1 {
			t.Errorf("got %v, want the last good answer", got)
		}
		if got := p.value(t, successOf6h); got != "1" {
			t.Errorf("livechat_refresh_success is %s, want 1: the latest attempt that ended was good", got)
		}
	})
}

func TestARouteThatIsStoppedByTheServerIsAskedWhenItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := only6h(t)
		// Another program at the same address has used up the server's window.
		other := e.server.Transport()
		e.server.Inject(nil, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			r.Header.Set("X-Real-IP", "192.0.2.1") // All that come by one proxy.
			next.ServeHTTP(rw, r)
		})
		for range 10 {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
				"http://chat.example.com/api/v1/livechat/analytics/departments/total-abandoned-chats?start=2000-01-01&end=2000-01-02", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-User-Id", rocketchattest.UserID)
			request.Header.Set("X-Auth-Token", rocketchattest.AuthToken)
			response, err := other.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
		}
		defer other.CloseIdleConnections()
		time.Sleep(10 * time.Second)

		refused := func(p page) string {
			return p.value(t, `livechat_api_requests_total{outcome="rate_limited",route="total-abandoned-chats"}`)
		}
		if got := refused(e.scrape(t)); got != "1" {
			t.Fatalf("%s calls were refused, want 1", got)
		}
		var p page
		for range 49 {
			time.Sleep(time.Second)
			p = e.scrape(t)
		}
		if got := refused(p); got != "1" {
			t.Errorf("%s calls were refused, want 1: the server said to wait for 50 s", got)
		}
		time.Sleep(2 * time.Second)
		if got := e.scrape(t).rooms("6h"); got["sales"] != 1 {
			t.Errorf("got %v after the server's window, want an answer", got)
		}
		if !strings.Contains(e.log.String(), "reason=rate_limited") || strings.Count(e.log.String(), "\n") != 2 {
			t.Errorf("want a line for the refusal and one for the recovery, got %s", e.log)
		}
	})
}
