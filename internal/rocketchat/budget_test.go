package rocketchat

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// nothingSaid is an answer without headers of a limiter.
func nothingSaid() rateLimit { return rateLimit{at: time.Now(), limit: -1, remaining: -1} }

// exactly needs so many calls whatever the limit.
func exactly(calls int) func(Limit) int { return func(Limit) int { return calls } }

// take reserves calls for a holder that has never asked.
func take(b *budget, holder string, calls int) bool {
	_, ok := b.reserve(Place{Holder: holder}, exactly(calls))
	return ok
}

// end ends a call now.
func end(b *budget) { b.spend(1, nothingSaid()) }

func TestACallCountsOnItsWayAndForTheLimitsTimeAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(Limit{Calls: 2, Per: time.Minute}, time.Now)
		if !take(b, "a", 1) || !take(b, "b", 1) || take(b, "c", 1) {
			t.Fatal("want two of two calls to be had, and no third")
		}
		time.Sleep(time.Hour)
		if take(b, "c", 1) {
			t.Error("a call that is on its way for an hour must count")
		}
		b.drop("c")
		end(b)
		time.Sleep(30 * time.Second)
		end(b)
		time.Sleep(30 * time.Second)
		if take(b, "c", 1) {
			t.Error("the server's window may still be the same, 60 s after the end of a call")
		}
		time.Sleep(time.Millisecond)
		if !take(b, "c", 1) || take(b, "d", 1) {
			t.Error("want one call 60.001 s after the first end, and no second")
		}
		end(b)
		time.Sleep(30 * time.Second)
		if !take(b, "d", 1) {
			t.Error("want another call 60.001 s after the second end")
		}
	})
}

func TestCallsAreReservedTogetherOrNotAtAll(t *testing.T) {
	b := newBudget(Limit{Calls: 10, Per: time.Minute}, time.Now)
	if !take(b, "a", 8) {
		t.Fatal("want 8 of 10")
	}
	if take(b, "b", 3) {
		t.Error("got 3 of the last 2")
	}
	b.drop("b")
	if !take(b, "c", 2) {
		t.Error("a refused reservation must not cost calls")
	}
}

func TestACallWithoutAConnectionDoesNotCountAndOneSentTwiceCountsTwice(t *testing.T) {
	b := newBudget(Limit{Calls: 3, Per: time.Minute}, time.Now)
	for range 5 {
		if !take(b, "a", 1) {
			t.Fatal("calls that reached nobody were counted")
		}
		b.spend(0, nothingSaid())
	}
	if !take(b, "a", 1) {
		t.Fatal("want a call")
	}
	b.spend(2, nothingSaid())
	if left, _ := b.left(); left != 1 {
		t.Errorf("%d calls are left, want 1 of 3", left)
	}
}

func TestWhatIsReservedAndNotSentIsGivenBack(t *testing.T) {
	b := newBudget(Limit{Calls: 2, Per: time.Minute}, time.Now)
	if !take(b, "a", 2) {
		t.Fatal("want 2 calls")
	}
	b.release(2)
	if !take(b, "b", 2) {
		t.Error("released calls are lost")
	}
}

func TestWhoeverWaitsLongerIsNotOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(Limit{Calls: 2, Per: time.Minute}, time.Now)
		began := time.Now()
		if !take(b, "other", 2) {
			t.Fatal("want 2 calls")
		}
		time.Sleep(time.Second)
		end(b)
		time.Sleep(time.Second)
		end(b)

		longest := Place{Holder: "longest", Since: began}
		later := Place{Holder: "later", Since: began.Add(time.Second)}
		if _, ok := b.reserve(longest, exactly(2)); ok {
			t.Fatal("got calls of a spent budget")
		}
		time.Sleep(59*time.Second + time.Millisecond) // One call is free.
		if _, ok := b.reserve(later, exactly(1)); ok {
			t.Error("one call was given to somebody who waits for less long than one who needs two")
		}
		if b.more(later, 1) {
			t.Error("a further page overtook somebody who waits for longer")
		}
		time.Sleep(time.Second)
		if _, ok := b.reserve(longest, exactly(2)); !ok {
			t.Error("both calls are free, and were not to be had")
		}
	})
}

func TestAClaimThatIsNotRenewedDoesNotHoldUpOthersForGood(t *testing.T) {
	for per, stands := range map[time.Duration]time.Duration{time.Minute: 4 * time.Minute, 10 * time.Minute: 20 * time.Minute} {
		t.Run(per.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBudget(Limit{Calls: 2, Per: per}, time.Now)
				if !take(b, "a", 1) || take(b, "gone", 2) {
					t.Fatal("want one call, and not two more")
				}
				end(b)
				time.Sleep(stands)
				if take(b, "b", 1) {
					t.Errorf("the claim of 2 calls stands for %v", stands)
				}
				time.Sleep(time.Millisecond)
				if !take(b, "b", 1) {
					t.Errorf("the claim must be gone after %v", stands)
				}
			})
		})
	}
}

func TestWithoutALimitEverythingIsHadAtOnce(t *testing.T) {
	b := newBudget(Limit{Per: time.Minute}, time.Now)
	if !take(b, "a", 1_000_000) {
		t.Error("want any number of calls")
	}
	if left, next := b.left(); left != -1 || !next.IsZero() {
		t.Errorf("left %d, next at %v; want no limit", left, next)
	}
}

// said is an answer of a server whose clock is that far ahead of ours and whose window
// ends after so long.
func said(status int, ahead, ends time.Duration, change ...func(http.Header)) rateLimit {
	clock := time.Now().Add(ahead)
	header := http.Header{
		"Date":                  {clock.UTC().Format(http.TimeFormat)},
		"X-Ratelimit-Limit":     {"10"},
		"X-Ratelimit-Remaining": {"0"},
		"X-Ratelimit-Reset":     {strconv.FormatInt(clock.Add(ends).UnixMilli(), 10)},
	}
	for _, c := range change {
		c(header)
	}
	return readRateLimit(&http.Response{StatusCode: status, Header: header}, time.Now())
}

func TestTheServerStopsARouteForAsLongAsItSays(t *testing.T) {
	without := func(names ...string) func(http.Header) {
		return func(h http.Header) {
			for _, name := range names {
				h.Del(name)
			}
		}
	}
	tests := map[string]struct {
		said func() rateLimit
		stop time.Duration
	}{
		"refused":                 {func() rateLimit { return said(429, 0, 40*time.Second) }, 40 * time.Second},
		"none remaining":          {func() rateLimit { return said(200, 0, 40*time.Second) }, 40 * time.Second},
		"a clock an hour ahead":   {func() rateLimit { return said(429, time.Hour, 40*time.Second) }, 40 * time.Second},
		"a clock a year behind":   {func() rateLimit { return said(429, -365*24*time.Hour, 40*time.Second) }, 40 * time.Second},
		"a window that has ended": {func() rateLimit { return said(429, 0, -10*time.Second) }, time.Second},
		"a window without reason": {func() rateLimit { return said(429, 0, 24*time.Hour) }, 2 * time.Minute},
		"no Date: our clock":      {func() rateLimit { return said(429, 0, 40*time.Second, without("Date")) }, 40 * time.Second},
		"no word of the end":      {func() rateLimit { return said(429, 0, 0, without("X-Ratelimit-Reset")) }, time.Minute},
		"Retry-After of a proxy": {func() rateLimit {
			return said(429, 0, 0, without("X-Ratelimit-Reset"), func(h http.Header) { h.Set("Retry-After", "7") })
		}, 7 * time.Second},
		"some remaining": {func() rateLimit {
			return said(200, 0, 40*time.Second, func(h http.Header) { h.Set("X-Ratelimit-Remaining", "1") })
		}, 0},
		"no word of the limiter": {func() rateLimit { return said(200, 0, 40*time.Second, without("X-Ratelimit-Remaining")) }, 0},
		"nonsense in place of numbers": {func() rateLimit {
			return said(200, 0, 40*time.Second, func(h http.Header) { h.Set("X-Ratelimit-Remaining", "-0x1") })
		}, 0},
	}
	for _, limit := range []Limit{{Calls: 10, Per: time.Minute}, {Per: time.Minute}} {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBudget(limit, time.Now)
					if !take(b, "a", 1) {
						t.Fatal("want a call")
					}
					b.spend(1, tt.said())
					if tt.stop > 0 {
						time.Sleep(tt.stop - time.Millisecond)
						if take(b, "b", 1) {
							t.Errorf("want nothing to be sent for %v", tt.stop)
						}
						time.Sleep(time.Millisecond)
					}
					if !take(b, "b", 1) {
						t.Errorf("want a call after %v", tt.stop)
					}
				})
			})
		}
	}
}

// The Date of an answer has whole seconds, so that waiting by it alone would make the
// data up to a second older than they need be.
func TestAWindowThatThisProcessHasFilledEndsByItsOwnCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(900 * time.Millisecond)
		b := newBudget(Limit{Calls: 10, Per: time.Minute}, time.Now)
		if !take(b, "a", 10) {
			t.Fatal("want 10 calls")
		}
		for range 9 {
			b.spend(1, said(200, 0, time.Minute, func(h http.Header) { h.Set("X-Ratelimit-Remaining", "1") }))
		}
		b.spend(1, said(200, 0, time.Minute))
		time.Sleep(time.Minute + time.Millisecond)
		if !take(b, "b", 1) {
			t.Error("want a call as soon as the window has ended")
		}
	})
}

// Only what this process knows to have caused, and for how long, is left to its own
// count.
func TestAWindowThatOthersHaveAPartInStopsTheRoute(t *testing.T) {
	some := func(h http.Header) { h.Set("X-Ratelimit-Remaining", "1") }
	for name, tt := range map[string]struct {
		configured, own int
		ends            time.Duration
		earlier         bool // Half of the own calls fell into the window before, half a minute ago.
		want            time.Duration
	}{
		"all calls are of others but one":      {configured: 10, own: 1, ends: 40 * time.Second, want: 40 * time.Second},
		"the own calls fell into two windows":  {configured: 10, own: 10, ends: 50 * time.Second, earlier: true, want: 50 * time.Second},
		"the server takes less than is set":    {configured: 20, own: 10, ends: 40 * time.Second, want: 40 * time.Second},
		"the server counts longer than is set": {configured: 10, own: 10, ends: 90 * time.Second, want: 90 * time.Second},
		"all calls are the own":                {configured: 10, own: 10, ends: time.Minute, want: time.Minute + time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBudget(Limit{Calls: tt.configured, Per: time.Minute}, time.Now)
				if !take(b, "a", tt.own) {
					t.Fatalf("want %d calls", tt.own)
				}
				before := 0
				if tt.earlier {
					before = tt.own / 2
					for range before {
						b.spend(1, said(200, 0, time.Second, some))
					}
					time.Sleep(30 * time.Second)
				}
				for range tt.own - before - 1 {
					b.spend(1, said(200, 0, tt.ends, some))
				}
				b.spend(1, said(200, 0, tt.ends))
				time.Sleep(tt.want - time.Millisecond)
				if take(b, "b", 1) {
					t.Errorf("want nothing to be sent for %v", tt.want)
				}
				time.Sleep(time.Millisecond)
				if !take(b, "b", 1) {
					t.Errorf("want a call after %v", tt.want)
				}
			})
		})
	}
}

func TestARouteThatIsStoppedGetsNoFurtherPagesAndIsNotStoppedForLessByALaterAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(Limit{Calls: 10, Per: time.Minute}, time.Now)
		if !take(b, "a", 3) {
			t.Fatal("want 3 calls")
		}
		b.spend(1, said(429, 0, 20*time.Second))
		b.spend(1, said(429, 0, 40*time.Second))
		b.spend(1, said(429, 0, 30*time.Second))
		time.Sleep(40*time.Second - time.Millisecond)
		if b.more(Place{Holder: "a"}, 1) {
			t.Error("a further page was sent while the server wanted no calls")
		}
		time.Sleep(time.Millisecond)
		if !b.more(Place{Holder: "a"}, 1) {
			t.Error("want a further page once the longest stop is over")
		}
	})
}

func TestAServersRoutesHaveABudgetEachThatOutlivesItsClients(t *testing.T) {
	budgets := NewBudgets(time.Now)
	limit := Limit{Calls: 1, Per: time.Minute}
	const address = "https://chat.example.com:443"
	if !take(budgets.Server(address, limit).route("department"), "a", 1) {
		t.Fatal("want a call")
	}
	left := func(address, route string, limit Limit) int {
		calls, _ := budgets.Server(address, limit).route(route).left()
		return calls
	}
	if got := left(address, "department", limit); got != 0 {
		t.Errorf("%d calls are left for another client of the server, want 0", got)
	}
	if got := left("http://chat.example.com:80", "department", limit); got != 1 {
		t.Errorf("another server has %d calls left, want 1", got)
	}
	if got := left(address, "amount-of-chats", limit); got != 1 {
		t.Errorf("another route has %d calls left, want 1", got)
	}
	if got := left(address, "department", Limit{Calls: 3, Per: time.Minute}); got != 2 {
		t.Errorf("a raised limit leaves %d calls, want 2: what is spent stays so", got)
	}
}

func TestTheNextCallIsToldToPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(Limit{Calls: 2, Per: time.Minute}, time.Now)
		began := time.Now()
		if !take(b, "a", 2) {
			t.Fatal("want 2 calls")
		}
		end(b)
		time.Sleep(10 * time.Second)
		end(b)
		if left, next := b.left(); left != 0 || !next.Equal(began.Add(time.Minute+time.Millisecond)) {
			t.Errorf("left %d, next at %v; want 0, and one when the first is forgotten", left, next.Sub(began))
		}
	})
}
