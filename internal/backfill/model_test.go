package backfill_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const timeout = time.Hour // The double's Livechat_visitor_inactivity_timeout.

// chat is an abandoned chat of the model, by which the tests count for themselves.
type chat struct {
	department     string // Empty for none.
	opened, closed time.Time
}

// company is the model of a workspace with 20 departments: what its server has, and the
// abandoned chats that should be counted.
type company struct {
	chats    []chat
	opened   []chat            // All, whatever became of them.
	listed   map[string]string // The names of departments that are not archived.
	archived map[string]string
	sixHours bool                          // Whether there is the window 6h.
	days     map[time.Time]map[string]bool // See exported.
}

// habits are how a company works.
type habits struct {
	perDay int // Abandoned chats of a department on a day, about.
	// late is the share of the abandoned chats that an agent closes up to 40 h late; the
	// others are closed automatically.
	late float64
	// closing is whether late chats are closed while the office is open alone.
	closing bool
	// clock is whether the office never closes.
	clock bool
}

// open reports whether the office is open.
func (h habits) open(at time.Time) bool {
	weekday := at.Weekday() != time.Saturday && at.Weekday() != time.Sunday
	return h.clock || weekday && at.Hour() >= 8 && at.Hour() < 18
}

// newCompany makes 40 days of chats before a moment, in its zone. Three chats in twenty
// are not abandoned, some were deleted or reopened since, and two departments are no
// more: one is archived, one was removed, which takes it from its chats.
func newCompany(ws *rocketchattest.Workspace, now time.Time, h habits, seed uint64) *company {
	random := rand.New(rand.NewPCG(seed, 1))
	c := &company{listed: map[string]string{}, archived: map[string]string{}}
	for n := range 20 {
		id := fmt.Sprintf("department%07d", n)
		name := fmt.Sprintf("Department %d \"%c\"\\\n", n, 'A'+n)
		ws.AddDepartments(rocketchattest.Department{ID: id, Name: name})
		switch n {
		case 18:
			c.archived[id] = name
		case 19: // Removed below.
		default:
			c.listed[id] = name
		}
		weight := 0.2 + 1.6*float64(n)/19
		between := 10 * float64(time.Hour) / (float64(h.perDay) * weight) // Of two chats, on average.
		for at := now.Add(-40 * 24 * time.Hour); h.perDay > 0; {
			at = at.Add(time.Duration(random.ExpFloat64() * between)).Truncate(time.Millisecond)
			if !at.Before(now) {
				break
			}
			if !h.open(at) {
				continue
			}
			if age := now.Sub(at); n == 18 && (age < 14*24*time.Hour || age > 20*24*time.Hour) { // In use for six days.
				continue
			}
			c.add(ws, random, h, id, at, now)
		}
	}
	ws.ArchiveDepartment("department0000018")
	ws.RemoveDepartment("department0000019")
	for _, chats := range [][]chat{c.chats, c.opened} {
		for i := range chats {
			if chats[i].department == "department0000019" {
				chats[i].department = ""
			}
		}
	}
	return c
}

func (c *company) add(ws *rocketchattest.Workspace, random *rand.Rand, h habits, id string, opened, now time.Time) {
	closed := opened.Add(timeout + time.Duration(random.IntN(45*60))*time.Second)
	if random.Float64() < h.late {
		closed = opened.Add(timeout + time.Duration(random.IntN(40*3600))*time.Second)
		for h.closing && !h.open(closed) {
			closed = closed.Add(13 * time.Minute)
		}
	}
	if random.IntN(40) == 0 { // On the bounds of periods, to the millisecond.
		opened, closed = opened.Truncate(30*time.Minute), closed.Truncate(30*time.Minute)
		opened = opened.Add(time.Duration(random.IntN(3)-1) * time.Millisecond)
		closed = closed.Add(time.Duration(random.IntN(3)-1) * time.Millisecond)
	}
	department := id
	if random.IntN(30) == 0 {
		department = ""
	}
	inactivity := max(timeout, closed.Sub(opened)-time.Duration(random.IntN(10))*time.Second)
	room := rocketchattest.Room{DepartmentID: department, OpenedAt: opened, ClosedAt: closed, VisitorInactivity: &inactivity, Answered: true}
	switch random.IntN(20) {
	case 0: // The visitor closed it.
		room.VisitorInactivity = nil
		ws.AddRooms(room)
	case 1: // The agent closed it too early.
		ws.AddRooms(rocketchattest.Room{
			DepartmentID: department, OpenedAt: opened, ClosedAt: closed, VisitorInactivity: new(timeout - time.Second), Answered: true,
		})
	case 2:
		for _, room := range ws.AddRooms(room) {
			ws.ReopenRoom(room)
		}
	case 3:
		return // It was deleted.
	default:
		ws.AddRooms(room)
		if closed.Before(now) {
			c.chats = append(c.chats, chat{department, opened, closed})
		}
	}
	c.opened = append(c.opened, chat{department, opened, closed})
}

// count counts the chats of each department that a condition holds for.
func (c *company) count(holds func(chat) bool) map[string]int64 {
	counts := map[string]int64{}
	for _, r := range c.chats {
		if holds(r) {
			counts[cmp.Or(r.department, "none")]++
		}
	}
	return counts
}

// month is when the month of a moment begins, in its zone.
func monthOf(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, at.Location())
}

// counter is the definition of the counter: chats that closed since the month began,
// opened since the month before began.
func (c *company) counter(at time.Time) map[string]int64 {
	start := monthOf(at)
	before := start.AddDate(0, -1, 0)
	return c.count(func(r chat) bool { return !r.opened.Before(before) && !r.closed.Before(start) && !r.closed.After(at) })
}

// increase is what the counters of an hour's months gained in it.
func (c *company) increase(at time.Time) map[string]int64 {
	return c.count(func(r chat) bool {
		return r.closed.After(at.Add(-time.Hour)) && !r.closed.After(at) && !r.opened.Before(monthOf(r.closed.In(at.Location())).AddDate(0, -1, 0))
	})
}

// rooms counts the rooms that were opened in the 6 hours before a moment.
func (c *company) rooms(at time.Time) map[string]int64 {
	counts := map[string]int64{}
	for _, r := range c.opened {
		if !r.opened.Before(at.Add(-6*time.Hour)) && r.opened.Before(at) {
			counts[cmp.Or(r.department, "none")]++
		}
	}
	return counts
}

// window counts the chats that were opened and closed in a period.
func (c *company) window(start, end time.Time) map[string]int64 {
	return c.count(func(r chat) bool { return !r.opened.Before(start) && !r.closed.After(end) })
}

// truth are all samples of an instant by series, written as in the files.
type truth map[string]int64

// period is the period of a window by its name.
func periodOf(name string, at time.Time) (start, end time.Time) {
	today := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	switch name {
	case "today":
		return today, at
	case "yesterday":
		return today.AddDate(0, 0, -1), today.Add(-time.Millisecond)
	case "this_week":
		return today.AddDate(0, 0, -(int(at.Weekday())+6)%7), at
	case "7d":
		return at.Add(-7 * 24 * time.Hour), at
	default:
		length, err := time.ParseDuration(name)
		if err != nil {
			panic(err)
		}
		return at.Add(-length), at
	}
}

// exported are the departments in the file of a moment's day: those on the list, and those
// that an answer for one of its instants names.
func (c *company) exported(at, first, last time.Time, step time.Duration) map[string]bool {
	day := at.UTC().Truncate(24 * time.Hour)
	if c.days == nil {
		c.days = map[time.Time]map[string]bool{}
	}
	if c.days[day] != nil {
		return c.days[day]
	}
	ids := map[string]bool{"none": true}
	for id := range c.listed {
		ids[id] = true
	}
	for t := day; t.Before(day.Add(24 * time.Hour)); t = t.Add(step) {
		if t.Before(first) || t.After(last) {
			continue
		}
		for id := range c.window(monthOf(t.In(at.Location())).AddDate(0, -1, 0), t) {
			ids[id] = true
		}
		if c.sixHours {
			for id := range c.rooms(t) {
				ids[id] = true
			}
		}
	}
	c.days[day] = ids
	return ids
}

// at returns all samples of an instant, whose zone is the workspace's. First and last are
// the plan's.
func (c *company) at(at, first, last time.Time, step time.Duration, windows []string) truth {
	values := truth{}
	const target = `job="livechat",instance="main"`
	counter, increase, rooms := c.counter(at), c.increase(at), c.rooms(at)
	var numbers []map[string]int64
	for _, w := range windows {
		numbers = append(numbers, c.window(periodOf(w, at)))
	}
	names := maps.Clone(c.listed)
	maps.Copy(names, c.archived)
	names["none"] = "(no department)"
	for id := range c.exported(at, first, last, step) {
		values[fmt.Sprintf("livechat_department_abandonments_total{%s,department_id=%q}", target, id)] = counter[id]
		values[fmt.Sprintf("livechat_department_info{%s,department=%q,department_id=%q}", target, names[id], id)] = 1
		for i, w := range windows {
			values[fmt.Sprintf("livechat_department_abandoned_rooms{%s,department_id=%q,window=%q}", target, id, w)] = numbers[i][id]
		}
		if c.sixHours {
			values[fmt.Sprintf("instance_department_window:livechat_department_rooms:max{%s,department_id=%q,window=\"6h\"}", target, id)] = rooms[id]
		}
		if !at.Add(-time.Hour).Before(first) {
			values[fmt.Sprintf("instance_department:livechat_department_abandonments:increase1h{%s,department_id=%q}", target, id)] = increase[id]
		}
	}
	values[fmt.Sprintf("livechat_abandonments_period_start_timestamp_seconds{%s}", target)] = monthOf(at).Unix()
	for i, w := range windows {
		if w != "24h" {
			continue
		}
		sum := int64(0)
		for _, n := range numbers[i] {
			sum += n
		}
		values[fmt.Sprintf("instance_window:livechat_department_abandoned_rooms:sum{%s,window=%q}", target, w)] = sum
	}
	return values
}
