package budget_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"livechat_exporter/internal/budget"
)

// clock is a clock that the test sets.
type clock struct{ now time.Time }

func (c *clock) sleep(d time.Duration) { c.now = c.now.Add(d) }

// grain is how long after its time a call no longer counts.
const grain = time.Millisecond

// newRoute returns a route with so many calls in each per, and its clock.
func newRoute(calls int, per time.Duration) (*budget.Route, *clock) {
	c := &clock{now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	budgets := budget.New(func() time.Time { return c.now })
	return budgets.Server("a", budget.Limit{Calls: calls, Per: model.Duration(per)}).Route("r"), c
}

// exactly needs these calls whatever the limit.
func exactly(each ...int) func(budget.Limit) []int { return func(budget.Limit) []int { return each } }

// take reserves calls for a caller without an attempt before, nil if it gets none.
func take(r *budget.Route, id string, calls int) *budget.Reservation {
	return takeSince(r, id, time.Time{}, calls)
}

func takeSince(r *budget.Route, id string, since time.Time, calls int) *budget.Reservation {
	shares, _ := r.Reserve(budget.Waiter{ID: id, Since: since}, exactly(calls))
	if shares == nil {
		return nil
	}
	return shares[0]
}

// spend sends all calls of the reservation.
func spend(x *budget.Reservation) {
	for x.Left() > 0 {
		x.Begin()
		x.End(1)
	}
}

// want fails if the caller can reserve the calls and should not, or the other way round.
func want(t *testing.T, what string, got *budget.Reservation, ok bool) *budget.Reservation {
	t.Helper()
	if (got != nil) != ok {
		t.Fatalf("%s: got calls: %v, want %v", what, got != nil, ok)
	}
	return got
}

// wantLeft fails unless exactly so many calls can be reserved. Whoever asks for them waits
// behind all others.
func wantLeft(t *testing.T, what string, r *budget.Route, want int) {
	t.Helper()
	last := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	var taken []*budget.Reservation
	for x := takeSince(r, "last", last, 1); x != nil; x = takeSince(r, "last", last, 1) {
		taken = append(taken, x)
	}
	if len(taken) != want {
		t.Errorf("%s: %d calls left, want %d", what, len(taken), want)
	}
	for _, x := range taken {
		x.Release()
	}
}

func TestACallCountsInFlightAndForTheLimitsTimeAfterItsEnd(t *testing.T) {
	r, c := newRoute(2, time.Minute)
	first, second := want(t, "first", take(r, "a", 1), true), want(t, "second", take(r, "b", 1), true)
	first.Begin()
	second.Begin()
	c.sleep(time.Hour)
	want(t, "an hour in flight", take(r, "c", 1), false)
	first.End(1)
	c.sleep(30 * time.Second)
	second.End(1)
	c.sleep(30 * time.Second)
	want(t, "60 s after the end", take(r, "c", 1), false)
	c.sleep(grain)
	spend(want(t, "60.001 s after the first end", take(r, "c", 1), true))
	want(t, "before 60.001 s after the second", take(r, "d", 1), false)
	c.sleep(30 * time.Second)
	want(t, "60.001 s after the second end", take(r, "d", 1), true)
}

func TestCallsAreReservedTogetherOrNotAtAll(t *testing.T) {
	r, _ := newRoute(10, time.Minute)
	x := want(t, "8 of 10", take(r, "a", 8), true)
	want(t, "3 of 2", take(r, "b", 3), false)
	spend(want(t, "3 fewer", take(r, "b", 2), true))
	for range 2 { // The second time gives nothing back.
		x.Release()
		wantLeft(t, "released", r, 8)
	}
	shares, calls := r.Reserve(budget.Waiter{ID: "c"}, exactly(2, 3))
	if calls != 5 || len(shares) != 2 || shares[0].Left() != 2 || shares[1].Left() != 3 {
		t.Fatalf("got %d shares of %d calls, want 2 and 3", len(shares), calls)
	}
	if shares[0].Extend(6) || !shares[0].Extend(5) || !shares[0].Extend(1) || shares[0].Left() != 5 {
		t.Errorf("%d calls left, want the 3 that were free beside 2", shares[0].Left())
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	r, _ := newRoute(3, time.Minute)
	for connections, left := range []int{3, 2, 0} {
		x := want(t, "a call", take(r, "a", 1), true)
		x.Begin()
		x.End(connections)
		wantLeft(t, fmt.Sprint(connections, " connections"), r, left)
	}
}

// Queries that could never be whole within the limit do not block the route.
func TestMoreCallsThanTheLimit(t *testing.T) {
	r, _ := newRoute(10, time.Minute)
	shares, calls := r.Reserve(budget.Waiter{ID: "a"}, exactly(6, 5))
	if calls != 2 || len(shares) != 2 || shares[0].Left() != 1 || shares[0].Extend(2) {
		t.Errorf("got %d calls, want one for each query and no more", calls)
	}
	wantLeft(t, "capped", r, 8)
}

func TestWhoWaitsLongestGoesFirst(t *testing.T) {
	r, c := newRoute(2, time.Minute)
	began := c.now
	spend(take(r, "other", 1))
	c.sleep(time.Second)
	running := want(t, "the other", takeSince(r, "other", began, 1), true)
	running.Begin()
	running.End(1)
	want(t, "two of none", takeSince(r, "longest", began, 2), false)
	c.sleep(59*time.Second + grain) // One call is free.
	want(t, "one that has waited less", takeSince(r, "later", began.Add(time.Second), 1), false)
	want(t, "two of one", takeSince(r, "longest", began, 2), false)
	want(t, "one that has waited equally long, and came later", takeSince(r, "equal", began, 1), false)
	if running.Extend(1) {
		t.Error("a further page overtook one that has waited equally long")
	}
	want(t, "one that has waited longer", takeSince(r, "first", began.Add(-time.Second), 1), true).Release()
	c.sleep(time.Second)
	want(t, "both", takeSince(r, "longest", began, 2), true)
}

// A caller that has gone does not keep its place for good.
func TestAPlaceExpires(t *testing.T) {
	for per, expiry := range map[time.Duration]time.Duration{time.Minute: 4 * time.Minute, 10 * time.Minute: 20 * time.Minute} {
		r, c := newRoute(2, per)
		x := take(r, "a", 1)
		want(t, "two of one", take(r, "gone", 2), false)
		x.Release()
		c.sleep(expiry)
		want(t, "behind the place", takeSince(r, "b", c.now, 1), false)
		c.sleep(1)
		want(t, "after the place", takeSince(r, "b", c.now, 1), true)
	}
}

// Callers that come every 15 s do not starve one that comes as seldom as every 4 minutes.
func TestARareCallerGetsItsTurn(t *testing.T) {
	for every := time.Minute; every <= 4*time.Minute; every += 30 * time.Second {
		r, c := newRoute(2, time.Minute)
		begin := c.now
		var rare time.Time
		var frequent [4]time.Time
		turns := 0
		for c.now.Sub(begin) < 2*time.Hour {
			c.sleep(15 * time.Second)
			if c.now.Sub(begin)%every == 0 {
				if x := takeSince(r, "rare", rare, 2); x != nil {
					spend(x)
					rare, turns = c.now, turns+1
				}
			}
			for i, since := range frequent {
				if x := takeSince(r, strconv.Itoa(i), since, 1); x != nil {
					spend(x)
					frequent[i] = c.now
				}
			}
		}
		if turns < 12 {
			t.Errorf("every %v: got its calls %d times in 2 hours, want 12 or more", every, turns)
		}
	}
}

func TestNoLimit(t *testing.T) {
	r, _ := newRoute(0, time.Minute)
	x := want(t, "any number", take(r, "a", 1_000_000), true)
	if !x.Extend(2_000_000) {
		t.Error("got no more than a million calls, want no limit")
	}
}

// The server can refuse calls for a while, also where there is no limit.
func TestStop(t *testing.T) {
	for _, calls := range []int{0, 10} {
		for wait, stop := range map[time.Duration]time.Duration{
			40 * time.Second: 40 * time.Second,
			time.Millisecond: time.Second,
			time.Hour:        2 * time.Minute,
			0:                time.Minute,
			-time.Second:     time.Minute,
		} {
			r, c := newRoute(calls, time.Minute)
			x := take(r, "a", 1)
			x.Stop(wait)
			x.Stop(time.Millisecond) // A later answer does not make it shorter.
			c.sleep(stop - 1)
			want(t, "stopped", take(r, "a", 1), false)
			if x.Extend(2) {
				t.Error("a further page was granted while the route is stopped")
			}
			c.sleep(1)
			want(t, "after the stop", take(r, "a", 1), true)
		}
	}
}

// The budget outlives reloads, which can change its limit.
func TestServers(t *testing.T) {
	budgets := budget.New(time.Now)
	route := func(address, route string, calls int) *budget.Route {
		return budgets.Server(address, budget.Limit{Calls: calls, Per: model.Minute}).Route(route)
	}
	first := route("a", "r", 5)
	reserved := take(first, "x", 3)
	reserved.Begin()
	reserved.End(1)
	wantLeft(t, "the same route for another client", route("a", "r", 5), 2)
	wantLeft(t, "another route", route("a", "other", 5), 5)
	wantLeft(t, "another server", route("b", "r", 5), 5)
	wantLeft(t, "a raised limit", route("a", "r", 8), 5)
	wantLeft(t, "a raised limit for a client that has the route", first, 5)
	lowered := route("a", "r", 2)
	wantLeft(t, "a lowered limit", lowered, 0)
	want(t, "a lowered limit", take(lowered, "y", 1), false)
	reserved.Release()
	want(t, "after a release", take(lowered, "y", 1), true)
}
