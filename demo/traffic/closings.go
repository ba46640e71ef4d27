package traffic

import (
	"slices"
	"sort"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// Closings are when abandoned chats were closed, in order, by the department's id; the
// id of chats without a department is empty.
type Closings map[string][]time.Time

// ClosingsOf are the closings of the abandoned ones among some chats.
func ClosingsOf(rooms []rocketchattest.Room) Closings {
	c := make(Closings)
	for i := range rooms {
		if r := &rooms[i]; r.VisitorInactivity != nil && *r.VisitorInactivity >= InactivityTimeout {
			c[r.DepartmentID] = append(c[r.DepartmentID], r.ClosedAt)
		}
	}
	for _, times := range c {
		slices.SortFunc(times, time.Time.Compare)
	}
	return c
}

// Count is how many there are in a department from one time to another, both included.
func (c Closings) Count(department string, from, to time.Time) int {
	times := c[department]
	before := func(t time.Time) int {
		return sort.Search(len(times), func(i int) bool { return !times[i].Before(t) })
	}
	return before(to.Add(1)) - before(from)
}
