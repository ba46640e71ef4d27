package collector

import (
	"cmp"
	"maps"
	"slices"
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

// take takes a complete answer and returns the counters of the departments that it
// names, ordered by ID, and those of the others. A department that is missing because
// the answer is lower than before is named until that is taken for the truth.
func (h *heldCounter) take(month, askedAt time.Time, counts []rocketchat.Department) (named []rocketchat.Department, others map[string]int64) {
	if !h.month.Equal(month) {
		*h = heldCounter{month: month, departments: make(map[string]*heldCount, len(counts))}
	}
	others = make(map[string]int64)
	missing := maps.Clone(h.departments)
	named = make([]rocketchat.Department, 0, len(counts))
	for _, d := range counts {
		c := h.departments[d.ID]
		if c == nil {
			c = new(heldCount)
			h.departments[d.ID] = c
		}
		c.take(d.Rooms, askedAt)
		named = append(named, rocketchat.Department{ID: d.ID, Rooms: c.value})
		delete(missing, d.ID)
	}
	known := len(named)
	for id, c := range missing {
		c.take(0, askedAt)
		if c.lowSince.IsZero() {
			others[id] = c.value
			continue
		}
		named = append(named, rocketchat.Department{ID: id, Rooms: c.value})
	}
	if len(named) > known {
		slices.SortFunc(named, func(a, b rocketchat.Department) int { return cmp.Compare(a.ID, b.ID) })
	}
	return named, others
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
