package collector

import (
	"maps"
	"slices"
	"strings"
	"time"

	"livechat_exporter/internal/rocketchat"
)

// rewrittenAfter is for how long answers have to be lower before they are taken for
// the truth: a lagging replica catches up within it.
const rewrittenAfter = 15 * time.Minute

// heldCounter keeps the counter of each department from falling within a month. Its
// zero value has counted nothing.
type heldCounter struct {
	month       time.Time // The beginning of what is counted.
	departments map[string]*heldCount
}

// heldCount is one department's counter.
type heldCount struct {
	value int64 // The highest so far, which is what is exported.
	// offset is what a rewritten past has taken from the answers.
	offset int64
	// lowSince and lowest are of the run of lower answers that is going on; zero if
	// there is none.
	lowSince time.Time
	lowest   int64
}

// take takes a complete answer, the numbers of which count since the month began, and
// puts the counters in their place. It does not change what the answer was given.
func (h *heldCounter) take(got *answer, askedAt time.Time) {
	if !h.month.Equal(got.counter) {
		*h = heldCounter{month: got.counter, departments: make(map[string]*heldCount, len(got.counts))}
	}
	missing := maps.Clone(h.departments)
	named := make([]rocketchat.Department, 0, len(got.counts))
	unnamed := make(map[string]int64)
	var implied []string
	for _, d := range got.counts {
		c := h.departments[d.ID]
		if c == nil {
			c = new(heldCount)
			h.departments[strings.Clone(d.ID)] = c // It outlives the answer, which holds more.
		}
		c.take(d.Rooms, askedAt)
		delete(missing, d.ID)
		if d.Rooms > 0 {
			named = append(named, rocketchat.Department{ID: d.ID, Rooms: c.value})
			continue
		}
		unnamed[d.ID] = c.value
		implied = append(implied, d.ID)
	}
	for id, c := range missing {
		c.take(0, askedAt)
		unnamed[id] = c.value
		if !c.lowSince.IsZero() {
			implied = append(implied, id)
		}
	}
	slices.Sort(implied)
	got.counts, got.unnamed, got.implied = named, unnamed, implied
}

// take takes what an answer says. A lower one leaves the value standing, and a run of
// them over rewrittenAfter is what the value goes on from.
func (c *heldCount) take(count int64, askedAt time.Time) {
	if count+c.offset >= c.value {
		c.value, c.lowSince = count+c.offset, time.Time{}
		return
	}
	if c.lowSince.IsZero() {
		c.lowSince, c.lowest = askedAt, count
		return
	}
	c.lowest = min(c.lowest, count)
	if askedAt.Sub(c.lowSince) >= rewrittenAfter {
		c.offset = c.value - c.lowest
		c.value, c.lowSince = count+c.offset, time.Time{}
	}
}
