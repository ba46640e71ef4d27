package rocketchat

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A server whose window this process has filled by itself need not be waited for: the
// own count ends sooner, and exactly. Whatever else says that nothing remains is obeyed.
func TestOnlyAWindowFilledByThisProcessAloneIsNotWaitedFor(t *testing.T) {
	remaining := func(calls string) func(http.Header) {
		return func(h http.Header) { h.Set("X-Ratelimit-Remaining", calls) }
	}
	tests := map[string]struct {
		limit int
		calls func(b *budget) // Ten calls that were taken, in their order.
		after time.Duration   // When, after the last of them, another one can be had.
	}{
		"refused all the same": {10, func(b *budget) {
			for range 9 {
				b.spend(1, said(200, 0, 80*time.Second, remaining("1")))
			}
			time.Sleep(30 * time.Second)
			b.spend(1, said(429, 0, 50*time.Second))
		}, 50 * time.Second},
		"a window that is longer than is configured": {10, func(b *budget) {
			for range 10 {
				b.spend(1, said(200, 0, 100*time.Second))
			}
		}, 100 * time.Second},
		"a limit that is lower than is configured": {20, func(b *budget) {
			for range 10 {
				b.spend(1, said(200, 0, 40*time.Second))
			}
		}, 40 * time.Second},
		"a window that others have filled, after one of our own": {10, func(b *budget) {
			for range 9 {
				b.spend(1, said(200, 0, 5*time.Second, remaining("1")))
			}
			time.Sleep(30 * time.Second)
			b.spend(1, said(200, 0, 55*time.Second))
		}, 55 * time.Second},
		"a shorter word after a longer one": {10, func(b *budget) {
			b.spend(1, said(429, 0, 100*time.Second))
			for range 9 {
				b.spend(1, said(429, 0, 10*time.Second))
			}
		}, 100 * time.Second},
		"the last call that the server saw is answered first": {10, func(b *budget) {
			for range 10 {
				b.spend(1, said(200, 0, time.Minute))
			}
		}, time.Minute + time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBudget(Limit{Calls: tt.limit, Per: time.Minute}, time.Now)
				if !take(b, "a", 10) {
					t.Fatal("want 10 calls")
				}
				// The header Date has whole seconds: half of one shows who waits by it.
				if name == "the last call that the server saw is answered first" {
					time.Sleep(500 * time.Millisecond)
				}
				tt.calls(b)
				time.Sleep(tt.after - time.Millisecond)
				if take(b, "b", 1) {
					t.Errorf("got a call before %v had passed", tt.after)
				}
				time.Sleep(time.Millisecond)
				if !take(b, "b", 1) {
					t.Errorf("want a call after %v", tt.after)
				}
			})
		})
	}
}

// Further pages are for those who wait for as long as nobody else, or longer.
func TestFurtherPagesOvertakeNobodyWhoWaitsEquallyLong(t *testing.T) {
	b := newBudget(Limit{Calls: 2, Per: time.Minute}, time.Now)
	if !take(b, "paging", 1) {
		t.Fatal("want a call")
	}
	if take(b, "first", 2) {
		t.Fatal("got two of one call")
	}
	if b.more(Place{Holder: "paging"}, 1) {
		t.Error("a further page took the call that somebody else waits for, who came before")
	}
}

// Prometheus shows a series for 5 minutes after a scrape, so that nobody scrapes more
// seldom than that who wants to see it.
func TestWhoAsksSeldomGetsItsTurnAmongThoseWhoAskOften(t *testing.T) {
	for every := time.Minute; every <= 4*time.Minute; every += 30 * time.Second {
		t.Run(every.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const tick = 5 * time.Second
				b := newBudget(Limit{Calls: 2, Per: time.Minute}, time.Now)
				var seldom time.Time
				var often [4]time.Time
				turns, begin := 0, time.Now()
				for time.Since(begin) < 2*time.Hour {
					time.Sleep(tick)
					if time.Since(begin)%every == 0 {
						if _, ok := b.reserve(Place{Holder: "seldom", Since: seldom}, exactly(2)); ok {
							end(b)
							end(b)
							seldom, turns = time.Now(), turns+1
						}
					}
					if time.Since(begin)%(3*tick) != 0 {
						continue
					}
					for i := range often {
						if _, ok := b.reserve(Place{Holder: i, Since: often[i]}, exactly(1)); ok {
							end(b)
							often[i] = time.Now()
						}
					}
				}
				if least := int(2 * time.Hour / (10 * time.Minute)); turns < least {
					t.Errorf("got its calls %d times in 2 hours, want %d or more", turns, least)
				}
			})
		})
	}
}
