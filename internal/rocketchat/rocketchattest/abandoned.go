package rocketchattest

import (
	"math"
	"net/http"
	"time"
)

// totalAbandonedChatsRoute is GET
// /api/v1/livechat/analytics/departments/total-abandoned-chats.
func totalAbandonedChatsRoute(p Profile) route {
	return route{
		method:      http.MethodGet,
		path:        "/api/v1/livechat/analytics/departments/total-abandoned-chats",
		premium:     true,
		permissions: []string{ViewLivechatManager},
		parameters:  analyticsSchema(p),
		handle:      totalAbandonedChats,
	}
}

// abandonedRow is a department of the answer. The id is null for the rooms
// without a department.
type abandonedRow struct {
	ID    *string `json:"_id"`
	Rooms int     `json:"abandonedRooms"`
}

type abandonedPage struct {
	Departments []abandonedRow `json:"departments"`
	Count       int            `json:"count"`
	Offset      int            `json:"offset"`
	Total       int            `json:"total"`
	Success     bool           `json:"success"`
}

func totalAbandonedChats(c *call) *answer {
	start, end, bad := c.period()
	if bad != nil {
		return bad
	}
	page, bad := c.page()
	if bad != nil {
		return bad
	}
	match := abandonedMatch{start: start, end: end, timeout: int64(c.settings.InactivityTimeout / time.Second)}
	match.department, match.one = c.department()

	rows, total := c.workspace.abandonedRows(c, match)
	c.workspace.shuffle(c.settings, rows)
	rows = page.cut(rows)
	return jsonAnswer(http.StatusOK, abandonedPage{
		Departments: rows,
		Count:       len(rows),
		Offset:      page.offset,
		Total:       total + c.settings.TotalSkew,
		Success:     true,
	})
}

// abandonedMatch is the condition of the aggregation, times in milliseconds
// since the epoch. Both bounds belong to the period.
type abandonedMatch struct {
	start, end int64
	timeout    int64 // in seconds
	department string
	one        bool // only that department
}

// AbandonedRooms counts, over all rooms as they are now, those that the endpoint
// counts for the period, by department id: "" for the rooms without one. It knows
// no replica lag, no skew and no paging.
func (w *Workspace) AbandonedRooms(start, end time.Time) map[string]int {
	settings := w.Settings()
	match := abandonedMatch{
		start:   start.UnixMilli(),
		end:     end.UnixMilli(),
		timeout: int64(settings.InactivityTimeout / time.Second),
	}
	now := settings.Now().UnixMilli()
	w.mu.RLock()
	defer w.mu.RUnlock()
	counts := make(map[string]int)
	for group, n := range w.model.abandoned(match, now) {
		if n > 0 {
			counts[w.model.groups[group]] = n
		}
	}
	return counts
}

// abandonedRows runs the aggregation as the server does: the departments are
// counted on the primary and read from a secondary.
func (w *Workspace) abandonedRows(c *call, match abandonedMatch) (rows []abandonedRow, total int) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	primary := w.model.abandoned(match, c.now.UnixMilli())
	secondary := primary
	if c.settings.ReplicaLag > 0 {
		secondary = w.model.abandoned(match, c.now.Add(-c.settings.ReplicaLag).UnixMilli())
	}
	rows = make([]abandonedRow, 0)
	for group, id := range w.model.groups {
		if primary[group] > 0 {
			total++
		}
		if secondary[group] > 0 {
			rows = append(rows, abandonedRow{ID: departmentID(id), Rooms: secondary[group]})
		}
	}
	return rows, total
}

// departmentID is a department's id as the database has it.
func departmentID(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}

// abandoned counts the rooms of each group that match, in the database as it was
// at a time.
func (m *model) abandoned(match abandonedMatch, at int64) []int {
	counts := make([]int, len(m.groups))
	wanted := int32(math.MinInt32)
	if match.one {
		known := false
		if wanted, known = m.index[match.department]; !known {
			return counts
		}
	}
	end := min(match.end, at) // A room that closes later is open.
	for i := range m.rooms {
		r := &m.rooms[i]
		if r.closedAt > end || r.openedAt < match.start || r.openedAt > at {
			continue
		}
		if r.inactivity >= match.timeout && (!match.one || r.group == wanted) {
			counts[r.group]++
		}
	}
	return counts
}

// shuffle brings rows into this call's order.
func (w *Workspace) shuffle(s *Settings, rows []abandonedRow) {
	w.shuffling.Lock()
	defer w.shuffling.Unlock()
	s.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
}
