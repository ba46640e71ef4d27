package rocketchat_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"

	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// After a 429 nothing is sent for as long as the server wants. A 200 never stops a route:
// an account that bypasses the limit is served with 0 remaining calls.
func TestRouteStopsAfterTooManyCalls(t *testing.T) {
	begin := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	date := func(after time.Duration) string { return begin.Add(after).Format(http.TimeFormat) }
	reset := func(after time.Duration) string { return strconv.FormatInt(begin.Add(after).UnixMilli(), 10) }
	const per = time.Minute
	for name, tt := range map[string]struct {
		status                  int
		date, reset, retryAfter string
		stop                    time.Duration
	}{
		"a reset ahead":               {429, date(0), reset(40 * time.Second), "", 40 * time.Second},
		"a clock that is ahead":       {429, date(time.Hour), reset(time.Hour + 40*time.Second), "", 40 * time.Second},
		"no Date":                     {429, "", reset(40 * time.Second), "", 40 * time.Second},
		"a reset in the past":         {429, date(0), reset(-time.Second), "", per},
		"a reset that is a delta":     {429, date(0), "40", "", per},
		"a reset in seconds":          {429, date(0), strconv.FormatInt(begin.Unix()+40, 10), "", per},
		"Retry-After":                 {429, date(0), "", "7", 7 * time.Second},
		"Retry-After as a date":       {429, date(time.Hour), "", date(time.Hour + 20*time.Second), 20 * time.Second},
		"neither":                     {429, date(0), "", "", per},
		"less than a second":          {429, date(0), reset(time.Millisecond), "", time.Second},
		"more than the limit's time":  {429, date(0), reset(24 * time.Hour), "", 2 * per},
		"200 with 0 remaining calls":  {200, date(0), reset(40 * time.Second), "", 0},
		"a reset in the far future":   {429, date(0), "9223372036854775807", "", 2 * per},
		"a Retry-After without sense": {429, date(0), "", "soon", per},
	} {
		t.Run(name, func(t *testing.T) {
			clock := begin
			now := func() time.Time { return clock }
			client, observed := connect(t, nil, func(o *rocketchat.Options) {
				o.Now, o.Budget = now, budget.New(now).Server("", budget.Limit{Calls: 10, Per: model.Minute})
				o.Transport = transport(func(*http.Request) *http.Response {
					return &http.Response{StatusCode: tt.status, Body: io.NopCloser(strings.NewReader(emptyPage)), Header: http.Header{
						"Content-Type": {"application/json"}, "Date": {tt.date}, "Retry-After": {tt.retryAfter},
						"X-Ratelimit-Reset": {tt.reset}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Limit": {"10"},
					}}
				})
			})
			_, _ = lastDay(t.Context(), client)
			if call := observed.calls[0]; call.Remaining != 0 || call.Limit != 10 {
				t.Errorf("observed %+v, want 0 of 10 remaining", call)
			}
			if tt.stop > 0 {
				clock = begin.Add(tt.stop - 1)
				if _, err := lastDay(t.Context(), client); !errors.Is(err, rocketchat.ErrBudgetSpent) || err.Error() != "total-abandoned-chats: the call budget is spent" {
					t.Errorf("just before %v: got %v", tt.stop, err)
				}
			}
			clock = begin.Add(tt.stop)
			if _, err := lastDay(t.Context(), client); errors.Is(err, rocketchat.ErrBudgetSpent) {
				t.Errorf("after %v: got %v", tt.stop, err)
			}
			if _, err := client.Departments(t.Context(), rocketchat.Query{}); errors.Is(err, rocketchat.ErrBudgetSpent) {
				t.Errorf("another route: %v", err)
			}
		})
	}
}

// The transport can send a call again by itself. What got no connection was not seen by
// the server.
func TestCallsCountByTheirConnections(t *testing.T) {
	for connections, left := range map[int]int{0: 3, 1: 2, 2: 1} {
		server, got := limited(3), 0
		client, observed := connect(t, nil, func(o *rocketchat.Options) {
			o.Budget = server
			o.Transport = transport(func(r *http.Request) *http.Response {
				for range connections {
					httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
				}
				return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}
			})
		})
		_, _ = lastDay(t.Context(), client)
		for shares, _ := client.Reserve(rocketchat.TotalAbandonedChats, budget.Waiter{}, ""); shares != nil; got++ {
			shares, _ = client.Reserve(rocketchat.TotalAbandonedChats, budget.Waiter{}, "")
		}
		if call := observed.calls[0]; got != left || call.Reached != (connections > 0) || call.Limit != -1 || !call.Date.IsZero() {
			t.Errorf("%d connections: %d calls left, want %d; observed %+v", connections, got, left, call)
		}
	}
}

// An account without a limit whose calls are counted: none remain, and all are answered.
func TestCountedBypass(t *testing.T) {
	ws := rocketchattest.New(rocketchattest.Nine)
	ws.Configure(func(s *rocketchattest.Settings) {
		s.Permissions, s.BypassLast = append(s.Permissions, rocketchattest.BypassRateLimit), true
	})
	client, observed := connect(t, ws)
	for range 12 {
		if _, err := lastDay(t.Context(), client); err != nil {
			t.Error(err)
		}
	}
	if last := observed.calls[len(observed.calls)-1]; len(observed.calls) != 12 || last.Remaining != 0 {
		t.Errorf("%d calls, the last %+v; want 12 and none remaining", len(observed.calls), last)
	}
}

func TestSimulatedHour(t *testing.T) { simulate(t, time.Hour) }

// simulate has two workspaces of one server scraped every 15 s, with slow answers and
// failures. It fails on a 429 of the double's limiter, or if a query does not get its turn.
func simulate(t *testing.T, duration time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ws := rocketchattest.New(rocketchattest.Latest)
		ws.Configure(func(s *rocketchattest.Settings) { s.RequestLog = 1_000_000 })
		var calls atomic.Int64
		ws.Inject(nil, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			n := calls.Add(1)
			time.Sleep(time.Duration(n*7919%5000) * time.Millisecond)
			if n%10 == 0 {
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
			time.Sleep(time.Duration(n*104_729%5000) * time.Millisecond)
		})
		shared, transport, begin := limited(10), ws.Transport(), time.Now()
		var all sync.WaitGroup
		for range 2 {
			client, _ := connect(t, nil, func(o *rocketchat.Options) { o.Budget, o.Transport = shared, transport })
			for _, keys := range [][]string{{"6h"}, {"24h"}, {"7d"}, {"today"}, {"now", "before"}} {
				all.Go(func() {
					for ended := begin; time.Since(begin) < duration; time.Sleep(15 * time.Second) {
						shares, _ := client.Reserve(rocketchat.TotalAbandonedChats, budget.Waiter{ID: &keys, Since: ended}, keys...)
						for i, share := range shares {
							end := time.Now()
							_, _ = client.AbandonedRooms(t.Context(), rocketchat.Query{Key: keys[i], Calls: share}, end.Add(-24*time.Hour), end)
							share.Release()
							ended = time.Now()
						}
						if waited := time.Since(ended); waited > 5*time.Minute {
							t.Errorf("%q has waited for %v", keys, waited)
						}
					}
				})
			}
		}
		all.Wait()
		for _, r := range ws.Requests() {
			if r.Status == http.StatusTooManyRequests {
				t.Errorf("429 after %v", r.Time.Sub(begin))
			}
		}
		if least := int64(duration.Minutes()) * 8; calls.Load() < least {
			t.Errorf("%d calls in %v, want %d or more of those that the server accepts", calls.Load(), duration, least)
		}
	})
}
