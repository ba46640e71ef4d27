package collector_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// load is how an exporter is scraped, and how its server answers.
type load struct {
	windows  int
	interval time.Duration
	scrapers int
	latency  func(*rand.Rand) time.Duration
	slowest  time.Duration // What latency is never above.
	lasts    time.Duration
}

// String names the load in a test's output.
func (l load) String() string {
	return fmt.Sprintf("%d windows, every %v by %d, up to %v", l.windows, l.interval, l.scrapers, l.slowest)
}

// oldest is how old an answer may become: of the windows, each of so many calls, the
// budget lets so many be asked in a round, and a round takes the time of the limit, a
// scrape that comes a little too early, and an answer.
func (l load) oldest(limit rocketchat.Limit, calls int) time.Duration {
	atOnce := limit.Calls / calls
	rounds := (l.windows + atOnce - 1) / atOnce
	return time.Duration(rounds)*(limit.Per+l.interval+l.slowest) + l.slowest
}

// randomly is a latency that changes from call to call.
func randomly(most time.Duration) func(*rand.Rand) time.Duration {
	return func(r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(most) + 1)) }
}

// always is a latency that does not change.
func always(d time.Duration) func(*rand.Rand) time.Duration {
	return func(*rand.Rand) time.Duration { return d }
}

// loads are the corners, and some of what lies between.
func loads() []load {
	all := []load{
		{1, time.Second, 1, always(0), 0, time.Hour},
		{10, time.Second, 1, always(500 * time.Millisecond), 500 * time.Millisecond, time.Hour},
		{25, time.Second, 3, randomly(3 * time.Second), 3 * time.Second, 10 * time.Minute},
		{12, 15 * time.Second, 3, always(20 * time.Second), 20 * time.Second, 3 * time.Hour},
		{40, time.Minute, 3, randomly(29 * time.Second), 29 * time.Second, 6 * time.Hour},
		{40, time.Minute, 1, always(0), 0, 6 * time.Hour},
		{11, 59 * time.Second, 1, randomly(time.Second), time.Second, 6 * time.Hour},
	}
	random := rand.New(rand.NewPCG(3, 1))
	for range 8 {
		l := load{
			windows: 1 + random.IntN(40), interval: time.Duration(10+random.IntN(51)) * time.Second, scrapers: 1 + 2*random.IntN(2), lasts: 2 * time.Hour,
		}
		l.slowest = time.Duration(random.Int64N(int64(29 * time.Second)))
		l.latency = randomly(l.slowest)
		if random.IntN(3) == 0 {
			l.latency = always(l.slowest)
		}
		all = append(all, l)
	}
	return all
}

func TestTheBudgetIsKeptForHoursAndEveryWindowGetsItsTurn(t *testing.T) {
	t.Parallel()
	for _, l := range loads() {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(7, 7))
				time.Sleep(time.Duration(random.Int64N(int64(24 * time.Hour))))
				holdsTo(t, l, random)
			})
		})
	}
}

// holdsTo scrapes for as long as the load says and watches limiter and ages.
func holdsTo(t *testing.T, l load, random *rand.Rand) {
	t.Helper()
	limit := rocketchat.Limit{Calls: 10, Per: time.Minute}
	var refused int
	var mu sync.Mutex
	e := startWith(t, rocketchattest.New(rocketchattest.Latest), func(s *setup) {
		s.limit, s.Rooms, s.MaxAge = limit, true, 24*time.Hour
		for i := range l.windows {
			s.Windows = append(s.Windows, collector.RollingWindow(strconv.Itoa(i), time.Duration(2+i)*time.Hour))
		}
	})
	e.server.Configure(func(s *rocketchattest.Settings) { s.RequestLog = 0 })
	e.server.Inject(nil, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		wait := l.latency(random)
		before := random.Int64N(int64(wait) + 1) // The server counts the call anywhere on its way.
		mu.Unlock()
		pause(r.Context(), time.Duration(before))
		recorder := &statusRecorder{ResponseWriter: rw}
		next.ServeHTTP(recorder, r)
		mu.Lock()
		if recorder.status == http.StatusTooManyRequests {
			refused++
		}
		mu.Unlock()
		pause(r.Context(), wait-time.Duration(before))
	})

	began := time.Now()
	var scrapers sync.WaitGroup
	for range l.scrapers {
		mu.Lock()
		offset := time.Duration(random.Int64N(int64(l.interval)))
		mu.Unlock()
		scrapers.Go(func() {
			time.Sleep(offset)
			for tick := time.NewTicker(l.interval); time.Since(began) < l.lasts; <-tick.C {
				glance(t, e, min(l.interval, 10*time.Second))
				for _, s := range e.workspace.Status() {
					calls := map[string]int{"abandoned_rooms": 1, "rooms": 2}[s.Resource]
					since := s.AskedAt
					if since.IsZero() {
						since = began.Add(l.interval)
					}
					if age, oldest := time.Since(since), l.oldest(limit, calls); age > oldest {
						t.Fatalf("after %v: %s of %s is %v old, want %v at most", time.Since(began), s.Resource, s.Window, age, oldest)
					}
				}
			}
		})
	}
	scrapers.Wait()
	if refused > 0 {
		t.Errorf("the server refused %d calls", refused)
	}
}

// pause waits, but not for a client that has gone.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// statusRecorder keeps the status of an answer.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// glance makes a page of which nobody reads more than that it came in time.
func glance(t *testing.T, e *exporter, deadline time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	begin := time.Now()
	metrics := make(chan prometheus.Metric)
	go func() {
		defer close(metrics)
		e.workspace.Scrape(ctx).Collect(metrics)
	}()
	for range metrics {
	}
	if took := time.Since(begin); took > deadline {
		t.Errorf("the page took %v, over its deadline of %v", took, deadline)
	}
}

func TestFailingWindowsDoNotKeepTheOthersFromTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := startWith(t, rocketchattest.New(rocketchattest.Latest), func(s *setup) {
			for i := range 12 {
				s.Windows = append(s.Windows, collector.RollingWindow(strconv.Itoa(i), time.Duration(2+i)*time.Hour))
			}
		})
		var mu sync.Mutex
		asked := make(map[time.Duration][]time.Time)
		e.server.Inject(nil, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
			start, _ := time.Parse(time.RFC3339, r.URL.Query().Get("start"))
			end, _ := time.Parse(time.RFC3339, r.URL.Query().Get("end"))
			length := end.Sub(start)
			mu.Lock()
			asked[length] = append(asked[length], time.Now())
			mu.Unlock()
			if length > 3*time.Hour { // Ten of the twelve.
				rw.WriteHeader(http.StatusBadGateway)
				return
			}
			next.ServeHTTP(rw, r)
		})
		for range 60 * 4 {
			e.scrape(t)
			time.Sleep(15 * time.Second)
		}
		var most, least int
		for _, times := range asked {
			most = max(most, len(times))
			if least == 0 || len(times) < least {
				least = len(times)
			}
			for i := 1; i < len(times); i++ {
				if gap := times[i].Sub(times[i-1]); gap > 2*75*time.Second {
					t.Errorf("a window was not asked for %v", gap)
				}
			}
		}
		if len(asked) != 12 || most-least > 1 {
			t.Errorf("%d windows were asked between %d and %d times, want all 12 alike", len(asked), least, most)
		}
	})
}

func TestARefreshIntervalIsTheLeastTimeBetweenGoodAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, rocketchattest.Latest, collector.RollingWindow("24h", 24*time.Hour).RefreshedEvery(5*time.Minute))
		remove := func() {}
		for minute := range 14 {
			if minute == 5 {
				remove = e.server.Inject(nil, rocketchattest.BadGateway())
			}
			if minute == 7 {
				remove()
			}
			e.scrape(t)
			time.Sleep(time.Minute)
		}
		var minutes []int
		for _, r := range e.server.Requests() {
			minutes = append(minutes, int(r.Time.Sub(e.server.Requests()[0].Time).Minutes()))
		}
		// After five minutes it fails and is asked each minute, until it is good again.
		if want := []int{0, 5, 6, 7, 12}; !slices.Equal(minutes, want) {
			t.Errorf("asked in the minutes %v, want %v", minutes, want)
		}
	})
}
