package traffic

import (
	"slices"
	"sort"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// closings are when abandoned chats were closed, in order, by the department's id; the
// id of chats without a department is empty.
type closings map[string][]time.Time

// closingsOf are the closings of the abandoned ones among some chats.
func closingsOf(rooms []rocketchattest.Room) closings {
	c := make(closings)
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

// count is how many there are in a department from one time to another, both included.
func (c closings) count(department string, from, to time.Time) int {
	times := c[department]
	before := func(t time.Time) int {
		return sort.Search(len(times), func(i int) bool { return !times[i].Before(t) })
	}
	return before(to.Add(1)) - before(from)
}
