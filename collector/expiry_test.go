package collector_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
	"livechat_exporter/internal/window"
)

// wallMoved is now as a process reads it after its machine slept for so long or its clock
// was set by that: the wall clock has moved, the process's clock has not. Package time
// makes no such time, so its fields are written as package time has them.
func wallMoved(by time.Duration) time.Time {
	const epoch = 2682288000 // Seconds from 1885 to 1970.
	own, wall := time.Now(), time.Now().Add(by)
	at := wall
	words := (*[2]uint64)(unsafe.Pointer(&at)) //nolint:gosec // G103: two words of a time of our own.
	words[0] = 1<<63 | uint64(wall.Unix()+epoch)<<30 | uint64(wall.Nanosecond())
	words[1] = uint64(own.UnixNano())
	return at
}

func TestLastGoodAnswerExpires(t *testing.T) {
	type test struct {
		refresh, slept time.Duration // The wall clock moves alone by slept.
		passes         time.Duration // After which the answer has expired.
	}
	runCases(t, map[string]test{
		"max_age":             {passes: 5 * time.Minute},
		"refresh and max_age": {refresh: 10 * time.Minute, passes: 15 * time.Minute},
		"clock set back":      {slept: -time.Hour, passes: 5 * time.Minute},
		"machine slept":       {slept: 4 * time.Minute, passes: time.Minute},
	}, func(t *testing.T, tt test) {
		var slept time.Duration
		e := start(t, refreshed(tt.refresh), func(s *setup) { s.Now = func() time.Time { return wallMoved(slept) } })
		e.abandon("sales", 1, 3*time.Hour)
		first := e.scrape(t)
		e.server.Inject(nil, rocketchattest.BadGateway())
		slept = tt.slept
		time.Sleep(tt.passes - time.Millisecond)
		p := e.scrape(t)
		p.want(t, map[string]string{success6h: "0", complete6h: "1", timestamp6h: first.value(timestamp6h), windowStart6h: first.value(windowStart6h)})
		p.wantNumbers(t, abandonedRooms, "6h", rooms{"sales": 1, "none": 0})
		time.Sleep(time.Millisecond)
		p = e.scrape(t)
		p.want(t, map[string]string{success6h: "0", complete6h: "absent", timestamp6h: first.value(timestamp6h), windowStart6h: "absent"})
		p.wantNumbers(t, abandonedRooms, "6h", nil)
	})
}

// While nothing is left of the budget, a page comes at once from the last good answers.
func TestBudgetIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, limit(1), windows(rolling("6h", 6*time.Hour)))
		first := e.scrape(t)
		e.server.Inject(nil, rocketchattest.Hang())
		p := e.scrape(t)
		p.want(t, map[string]string{
			success6h: "1", timestamp6h: first.value(timestamp6h), `livechat_api_calls_deferred_total{route="total-abandoned-chats"}`: "1",
		})
		p.wantNumbers(t, abandonedRooms, "6h", rooms{"none": 0})
		if s := e.workspace.Status()[0]; s.Running || !s.Exported {
			t.Errorf("the status is %+v", s)
		}
	})
}

// After midnight, today goes before all others, once: a failing one then waits like them.
func TestTodayAfterMidnight(t *testing.T) {
	type test struct {
		refresh time.Duration // It ends with the day.
		fails   bool
	}
	runCases(t, map[string]test{"good": {0, false}, "refresh": {6 * time.Hour, false}, "failing": {0, true}}, func(t *testing.T, tt test) {
		today := calendar(window.Today)
		today.Refresh = tt.refresh
		e := start(t, limit(1), at("2000-01-01T23:50:00.005Z"), windows(rolling("6h", 6*time.Hour), rolling("5h", 5*time.Hour), today))
		e.abandon("sales", 1, 4*time.Hour)
		scrapes := func(n int) (p page) {
			for range n {
				p = e.scrape(t)
				time.Sleep(time.Minute + time.Millisecond)
			}
			p.wantNumbers(t, abandonedRooms, "6h", rooms{"sales": 1, "none": 0})
			return p
		}
		want := rooms{"sales": 1, "none": 0}
		scrapes(10).wantNumbers(t, abandonedRooms, "today", want)
		want["sales"] = 0
		if tt.fails {
			want = nil
			e.server.Inject(func(r *http.Request) bool { return !onlyWindow(6*time.Hour)(r) && !onlyWindow(5*time.Hour)(r) }, rocketchattest.BadGateway())
		}
		scrapes(1).wantNumbers(t, abandonedRooms, "today", want)
		scrapes(20)
	})
}

// One good answer of a window or the counter keeps livechat_up at 1 for 2 minutes from its
// end. Without one, the latest attempt counts.
func TestUp(t *testing.T) {
	type step struct {
		fails []string      // The windows that fail then.
		after time.Duration // Since the step before.
		want  string
	}
	type test struct {
		change func(*setup)
		steps  []step
	}
	both, first, last := []string{"first", "last"}, []string{"first"}, []string{"last"}
	runCases(t, map[string]test{
		"never good":                      {noLimit, []step{{both, 0, "0"}, {both, time.Hour, "0"}}},
		"one window is enough":            {noLimit, []step{{first, 0, "1"}}},
		"other resources":                 {everything, []step{{both, 0, "0"}}},
		"2 minutes":                       {noLimit, []step{{nil, 0, "1"}, {both, 2*time.Minute - time.Second, "1"}, {both, time.Millisecond, "0"}, {nil, 0, "1"}}},
		"no attempt, the latest was good": {limit(2), []step{{first, 0, "1"}, {first, 30 * time.Minute, "1"}}},
		"no attempt, the latest failed":   {limit(2), []step{{last, 0, "1"}, {last, 30 * time.Minute, "0"}}},
	}, func(t *testing.T, tt test) {
		e := start(t, windows(rolling("first", 6*time.Hour), rolling("last", 24*time.Hour)), tt.change, func(s *setup) {
			s.limit.Per *= 60
			s.Counter = false
		})
		var failing []string
		e.server.Inject(nil, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			asked := "first"
			if !onlyWindow(6 * time.Hour)(r) {
				asked = "last"
				time.Sleep(time.Second)
			}
			if of(rocketchat.TotalAbandonedChats)(r) && slices.Contains(failing, asked) {
				next = http.NotFoundHandler()
			}
			next.ServeHTTP(rw, r)
		})
		for i, step := range tt.steps {
			time.Sleep(step.after)
			failing = step.fails
			if got := e.scrape(t).value(up); got != step.want {
				t.Errorf("step %d: livechat_up is %s, want %s", i, got, step.want)
			}
		}
	})
}
