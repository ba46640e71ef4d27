package rocketchattest

import (
	"net/http"
	"time"
)

// analyticsRoute makes one of the routes below
// /api/v1/livechat/analytics/departments that count the rooms of a period for each
// department. They share permission, licence, paging and envelope, and all
// parameters but those given here.
func analyticsRoute(p Profile, name string, handle func(*call) *answer, more ...property) route {
	return route{
		method:      http.MethodGet,
		path:        "/api/v1/livechat/analytics/departments/" + name,
		premium:     true,
		permissions: []string{ViewLivechatManager},
		parameters:  analyticsSchema(p, more...),
		handle:      handle,
	}
}

// departmentRooms is a department's number, for each route to name it in JSON. The
// id is null for the rooms without a department.
type departmentRooms struct {
	ID    *string
	Rooms int
}

// departmentsPage is the envelope of every list of departments.
type departmentsPage[Row any] struct {
	Departments []Row `json:"departments"`
	Count       int   `json:"count"`
	Offset      int   `json:"offset"`
	Total       int   `json:"total"`
	Success     bool  `json:"success"`
}

// roomMatch is the condition of an aggregation on one room.
type roomMatch func(*room) bool

// answerRooms counts the rooms that match. The match is made from the period, and
// from the time of which the database is, all in milliseconds since the epoch:
// the departments are counted on the primary and read from a secondary, which is
// behind.
func answerRooms[Row any](c *call, match func(start, end, at int64) roomMatch, row func(departmentRooms) Row) *answer {
	start, end, bad := c.period()
	if bad != nil {
		return bad
	}
	page, bad := c.paging().aggregated()
	if bad != nil {
		return bad
	}
	counts, total := c.workspace.departmentRooms(c, func(at time.Time) roomMatch {
		return match(start, end, at.UnixMilli())
	})
	c.workspace.shuffle(c.settings, len(counts), func(i, j int) { counts[i], counts[j] = counts[j], counts[i] })
	rows := make([]Row, 0)
	for _, n := range cut(page, counts) {
		rows = append(rows, row(n))
	}
	return jsonAnswer(http.StatusOK, departmentsPage[Row]{
		Departments: rows,
		Count:       len(rows),
		Offset:      page.offset,
		Total:       total + c.settings.TotalSkew,
		Success:     true,
	})
}

// departmentRooms runs an aggregation as the server does: first how many
// departments there are, then their numbers.
func (w *Workspace) departmentRooms(c *call, match func(at time.Time) roomMatch) (rows []departmentRooms, total int) {
	department, one := c.department()
	w.mu.RLock()
	defer w.mu.RUnlock()
	wanted, known := w.model.index[group{id: department}]
	if one && !known {
		return nil, 0
	}
	only := func(of roomMatch) roomMatch {
		if !one {
			return of
		}
		return func(r *room) bool { return r.group == wanted && of(r) }
	}
	primary := w.model.count(only(match(c.now)))
	secondary := primary
	if c.settings.ReplicaLag > 0 {
		secondary = w.model.count(only(match(c.now.Add(-c.settings.ReplicaLag))))
	}
	for i, of := range w.model.groups {
		if primary[i] > 0 {
			total++
		}
		if secondary[i] > 0 {
			rows = append(rows, departmentRooms{ID: of.rowID(), Rooms: secondary[i]})
		}
	}
	return rows, total
}

// rooms counts the rooms that match, by department id: "" for those without one.
func (w *Workspace) rooms(match roomMatch) map[string]int {
	w.mu.RLock()
	defer w.mu.RUnlock()
	counts := make(map[string]int)
	for i, n := range w.model.count(match) {
		if n > 0 {
			counts[w.model.groups[i].id] += n
		}
	}
	return counts
}

// count counts the rooms of each group that match.
func (m *model) count(match roomMatch) []int {
	counts := make([]int, len(m.groups))
	for i := range m.rooms {
		if r := &m.rooms[i]; match(r) {
			counts[r.group]++
		}
	}
	return counts
}

// shuffle brings n rows into this call's order.
func (w *Workspace) shuffle(s *Settings, n int, swap func(i, j int)) {
	w.shuffling.Lock()
	defer w.shuffling.Unlock()
	s.Shuffle(n, swap)
}
