package rocketchat

import (
	"slices"
	"time"
)

// Place is somebody's place among those who wait for a budget: who waited longest goes
// first, and is not overtaken while it waits for several calls.
type Place struct {
	// Holder tells who waits; it is comparable.
	Holder any
	// Since is when its last attempt ended, zero before the first.
	Since time.Time
}

// A claim that is not renewed stands for claimLasts times the limit's time, and for
// seldomAsked at least: for less long, others would spend what has become free each time
// before whoever asks seldom renews it. Whoever stopped asking must not keep the calls
// from others for good, nor for so long that their answers become too old by default.
const (
	claimLasts  = 2
	seldomAsked = 4 * time.Minute
)

// claim is what somebody needs and did not get.
type claim struct {
	place   Place
	calls   int
	order   uint64 // Who came first, of those who wait equally long.
	renewed time.Time
}

// stands reports whether the claim is still to be kept.
func (c claim) stands(limit Limit, now time.Time) bool {
	return now.Sub(c.renewed) <= max(claimLasts*limit.Per, seldomAsked)
}

// claim notes what the holder needs now, and keeps its place.
func (b *budget) claim(place Place, calls int, now time.Time) claim {
	i := slices.IndexFunc(b.claims, func(c claim) bool { return c.place.Holder == place.Holder })
	if i < 0 {
		i = len(b.claims)
		b.claims = append(b.claims, claim{order: b.claimed})
		b.claimed++
	}
	c := &b.claims[i]
	c.place, c.calls, c.renewed = place, calls, now
	return *c
}

// drop takes the holder's claim back.
func (b *budget) drop(holder any) {
	b.claims = slices.DeleteFunc(b.claims, func(c claim) bool { return c.place.Holder == holder })
}

// claimedBefore is how many calls others have claimed that wait for longer.
func (b *budget) claimedBefore(mine claim) int {
	calls := 0
	for _, c := range b.claims {
		if c.place.Holder != mine.place.Holder && c.before(mine) {
			calls += c.calls
		}
	}
	return calls
}

// before reports whether the claim goes before the other.
func (c claim) before(other claim) bool {
	if since := c.place.Since.Compare(other.place.Since); since != 0 {
		return since < 0
	}
	return c.order < other.order
}
