package rocketchattest

import "time"

// amountOfChatsRoute is GET
// /api/v1/livechat/analytics/departments/amount-of-chats.
func amountOfChatsRoute(p Profile) route {
	return analyticsRoute(p, "amount-of-chats", amountOfChats, property{name: "answered"})
}

// chatsRow is a department of the answer.
type chatsRow struct {
	ID    *string `json:"_id"`
	Rooms int     `json:"rooms"`
}

func amountOfChats(c *call) *answer {
	match := func(start, end, at int64) roomMatch {
		opened := openedMatch(start, end, at)
		if !c.query.Has("answered") && c.workspace.profile == Old {
			return opened
		}
		// Later generations make a false of what is absent, so that they count the
		// rooms that wait for a response, not all.
		want := c.query.Get("answered") == "true"
		return func(r *room) bool { return r.awaitsReply(at) != want && opened(r) }
	}
	return answerRooms(c, match, func(d departmentRooms) chatsRow { return chatsRow(d) })
}

// Rooms counts, over all rooms as they are now, those that were opened in the
// period, by department id: "" for the rooms without one. It is what the endpoint
// counts for both values of answered, without replica lag, skew and paging.
func (w *Workspace) Rooms(start, end time.Time) map[string]int {
	settings := w.Settings()
	return w.rooms(openedMatch(start.UnixMilli(), end.UnixMilli(), settings.Now().UnixMilli()))
}

// RoomsAwaitingReply counts those of Rooms in which the visitor has the last word now.
func (w *Workspace) RoomsAwaitingReply(start, end time.Time) map[string]int {
	settings := w.Settings()
	at := settings.Now().UnixMilli()
	opened := openedMatch(start.UnixMilli(), end.UnixMilli(), at)
	return w.rooms(func(r *room) bool { return r.awaitsReply(at) && opened(r) })
}

// awaitsReply reports whether no agent has responded at a time. Closing changes nothing.
func (r *room) awaitsReply(at int64) bool { return !r.answered || at < r.takenAt }

// openedMatch is the condition of the aggregation but for answered. Both bounds
// belong to the period.
func openedMatch(start, end, at int64) roomMatch {
	end = min(end, at) // A room that opens later does not exist.
	return func(r *room) bool { return start <= r.openedAt && r.openedAt <= end }
}
