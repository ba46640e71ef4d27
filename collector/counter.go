package collector

import (
	"maps"
	"slices"
	"strings"
	"time"

	"livechat_exporter/internal/rocketchat"
)

const (
	// rewrittenAfter is for how long answers must be lower before they are taken as a
	// rewritten past. A lagging replica catches up within it.
	rewrittenAfter = 15 * time.Minute
	// oldMonthAfter is for how long answers must be of an earlier month before that month
	// comes back, because the clock stepped back.
	oldMonthAfter = 24 * time.Hour
)

// monotonicCounter keeps the counter of each department from falling within a month. Its
// zero value has counted nothing.
type monotonicCounter struct {
	month       time.Time // When the month began.
	departments map[string]*departmentCounter
	backSince   time.Time // When answers of an earlier month began, zero if there are none.
}

// departmentCounter is the counter of one department.
type departmentCounter struct {
	value int64 // The exported value: the highest so far.
	// offset is what a rewritten past has taken from the answers.
	offset int64
	// lowSince and lowest are of the current run of lower answers; zero if there is none.
	lowSince time.Time
	lowest   int64
}

// update replaces the numbers of an answer, which count from the beginning of its month,
// by the counters' values. An answer that is incomplete or contradicts itself (it has no
// zeroFill), and one of an earlier month, leaves the counters and what the last answer
// exported as they are.
func (m *monotonicCounter) update(a, last *answer) {
	month := a.period.Start
	if !month.Before(m.month) {
		m.backSince = time.Time{}
	} else if m.backSince.IsZero() {
		m.backSince = a.askedAt
	}
	back := month.Before(m.month) && a.askedAt.Sub(m.backSince) < oldMonthAfter
	if back || !a.zeroFill {
		if last != nil && (back || last.period.Start.Equal(month)) {
			a.period, a.countedAt, a.counts, a.zeroFill = last.period, last.countedAt, last.counts, last.zeroFill
			a.rest, a.restIDs = last.rest, last.restIDs
		} else {
			a.counts, a.zeroFill = nil, false
		}
		return
	}
	if !month.Equal(m.month) {
		*m = monotonicCounter{month: month, departments: make(map[string]*departmentCounter, len(a.counts))}
	}
	unnamed := maps.Clone(m.departments)
	named := make([]rocketchat.Count, 0, len(a.counts))
	a.rest = make(map[string]int64)
	for _, d := range a.counts {
		c := m.departments[d.ID]
		if c == nil {
			c = new(departmentCounter)
			m.departments[strings.Clone(d.ID)] = c // The answer's string may be part of a larger one.
		}
		delete(unnamed, d.ID)
		c.update(d.Rooms, a.askedAt)
		if d.Rooms > 0 {
			named = append(named, rocketchat.Count{ID: d.ID, Rooms: c.value})
			continue
		}
		a.rest[d.ID] = c.value
		a.restIDs = append(a.restIDs, d.ID)
	}
	for id, c := range unnamed {
		c.update(0, a.askedAt)
		a.rest[id] = c.value
		if !c.lowSince.IsZero() {
			a.restIDs = append(a.restIDs, id)
		}
	}
	slices.Sort(a.restIDs)
	a.counts = named
}

// update takes an answer over. A lower one leaves the value standing; after a run of them
// over rewrittenAfter the value grows on from where it is.
func (c *departmentCounter) update(count int64, askedAt time.Time) {
	switch {
	case count+c.offset >= c.value:
		c.value, c.lowSince = count+c.offset, time.Time{}
	case c.lowSince.IsZero():
		c.lowSince, c.lowest = askedAt, count
	default:
		c.lowest = min(c.lowest, count)
		if askedAt.Sub(c.lowSince) >= rewrittenAfter {
			c.offset = c.value - c.lowest
			c.value, c.lowSince = count+c.offset, time.Time{}
		}
	}
}
