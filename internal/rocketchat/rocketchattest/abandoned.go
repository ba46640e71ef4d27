package rocketchattest

import "time"

// totalAbandonedChatsRoute is GET
// /api/v1/livechat/analytics/departments/total-abandoned-chats.
func totalAbandonedChatsRoute(p Profile) route {
	return analyticsRoute(p, "total-abandoned-chats", totalAbandonedChats)
}

// abandonedRow is a department of the answer.
type abandonedRow struct {
	ID    *string `json:"_id"`
	Rooms int     `json:"abandonedRooms"`
}

func totalAbandonedChats(c *call) *answer {
	match := func(start, end, at int64) roomMatch { return abandonedMatch(c.settings, start, end, at) }
	return answerRooms(c, match, func(d departmentRooms) abandonedRow { return abandonedRow(d) })
}

// AbandonedRooms counts, over all rooms as they are now, those that the endpoint
// counts for the period, by department id: "" for the rooms without one. It knows
// no replica lag, no skew and no paging.
func (w *Workspace) AbandonedRooms(start, end time.Time) map[string]int {
	settings := w.Settings()
	return w.rooms(abandonedMatch(&settings, start.UnixMilli(), end.UnixMilli(), settings.Now().UnixMilli()))
}

// abandonedMatch is the condition of the aggregation. Both bounds belong to the
// period.
func abandonedMatch(s *Settings, start, end, at int64) roomMatch {
	timeout := int64(s.InactivityTimeout / time.Second)
	end = min(end, at) // A room that closes later is open.
	return func(r *room) bool {
		return r.closedAt <= end && start <= r.openedAt && r.openedAt <= at && r.inactivity >= timeout
	}
}
