package e2e

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The share of abandoned chats, as a query has it, is that of the rooms; and the names can
// be joined to all of it.
func TestRatioAndNames(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, time.October, 29, 8, 0, 0, 0, time.UTC)
	s := hours("main", 7, from, 20*time.Minute)
	s.windows = []collector.Window{collector.RollingWindow("6h", 6*time.Hour), collector.RollingWindow("24h", 24*time.Hour)}
	s.rooms = randomRooms(7, from.Add(-30*time.Hour), s.to, 700)
	for i := range s.rooms {
		switch i % 5 {
		case 0:
			s.rooms[i].VisitorInactivity = nil // The visitor closed it.
		case 1:
			s.rooms[i].VisitorInactivity = new(20 * time.Minute)
		case 2:
			s.rooms[i].ClosedAt, s.rooms[i].Answered = time.Time{}, i%2 == 0
		}
	}
	s.rooms = append(s.rooms, randomRooms(8, from.Add(-5*time.Hour), from, 4)...)
	s.rooms = append(s.rooms, rocketchattest.Room{
		DepartmentID: "unlisted", OpenedAt: from.Add(-3 * time.Hour), ClosedAt: from.Add(-time.Hour), Answered: true, VisitorInactivity: new(time.Hour),
	})

	lengths := map[string]time.Duration{"6h": 6 * time.Hour, "24h": 24 * time.Hour}
	enough := map[string]int{"6h": 30, "24h": 50}
	want := make(map[time.Time]values)
	counter := make(map[string]int)
	s.before = func(told *staged, at time.Time) {
		want[at] = make(values)
		for window, length := range lengths {
			abandoned := told.double.AbandonedRooms(at.Add(-length), at)
			for id, rooms := range told.double.Rooms(at.Add(-length), at) {
				if rooms >= enough[window] {
					want[at][series("", "department_id", nameOrNone(id), "window", window)] = float64(abandoned[id]) / float64(rooms)
				}
			}
		}
		counter = told.double.AbandonedRooms(from.AddDate(0, -1, 0), at)
	}
	p := startStories(t, s)

	ratio := `livechat_department_abandoned_rooms{window="6h"} / (livechat_department_rooms{window="6h"} >= 30)
		or livechat_department_abandoned_rooms{window="24h"} / (livechat_department_rooms{window="24h"} >= 50)`
	shares := 0
	for at, got := range p.between(t, ratio, s.from, s.to) {
		if d := difference(got, want[at]); d != "" {
			t.Errorf("%s:\n%s", at.Format(time.TimeOnly), d)
		}
		shares += len(got)
	}
	if shares < 100 {
		t.Errorf("only %d shares were compared", shares)
	}

	names := map[string]string{"none": "(no department)", "unlisted": "unlisted"}
	for _, d := range s.departments {
		names[d.ID] = d.Name
	}
	joined := make(values)
	for id, name := range names {
		joined[series("", "department_id", id, "department", name)] = float64(counter[unlessNone(id)])
	}
	got := p.between(t, `livechat_department_abandonments_total * on (job, instance, department_id) group_left (department) livechat_department_info`, s.to, s.to)
	if d := difference(got[s.to], joined); d != "" {
		t.Errorf("joined to the counter:\n%s", d)
	}
	for window := range lengths {
		for _, metric := range []string{"livechat_department_abandoned_rooms", "livechat_department_rooms"} {
			query := fmt.Sprintf(`%s{window=%q} * on (job, instance, department_id) group_left (department) livechat_department_info`, metric, window)
			found := make(map[string]string)
			for _, m := range p.metrics(t, query, s.to) {
				found[m["department_id"]] = m["department"]
			}
			if !maps.Equal(found, names) {
				t.Errorf("%s are named %v, want %v", query, found, names)
			}
		}
	}
}

// nameOrNone and unlessNone are between the double's id of the rooms without a department
// and the label's.
func nameOrNone(id string) string {
	if id == "" {
		return "none"
	}
	return id
}

func unlessNone(id string) string {
	if id == "none" {
		return ""
	}
	return id
}
