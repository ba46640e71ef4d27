package main

import (
	"cmp"
	"testing"
	"time"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The history counts as the server does: the double of a workspace runs its match.
func TestLedgerCountsAsTheServerDoes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 3, 14, 0, 0, 0, time.UTC)
	rooms := traffic.Generator{Seed: 3, Departments: traffic.Departments(), Location: time.UTC}.Rooms(now.Add(-3*week), now)
	w := rocketchattest.New(rocketchattest.Latest)
	w.Configure(func(s *rocketchattest.Settings) {
		s.InactivityTimeout = traffic.InactivityTimeout
		s.Now = func() time.Time { return now }
	})
	w.AddRooms(rooms...)
	byID := ledgers(rooms)
	for name, start := range map[string]time.Time{
		"6h": now.Add(-6 * time.Hour), "24h": now.Add(-day), "7d": now.Add(-week), "month": monthOf(now),
		"a room's own time": rooms[len(rooms)/2].OpenedAt,
	} {
		counts := w.AbandonedRooms(start, now)
		total := 0
		for _, d := range traffic.Departments() {
			got, want := byID[cmp.Or(d.ID, none)].abandonedIn(start, now), counts[d.ID]
			total += want
			if got != want {
				t.Errorf("%s: department %q: got %d, want %d", name, d.ID, got, want)
			}
		}
		if total == 0 {
			t.Errorf("%s: nothing was abandoned", name)
		}
	}
}

// The counter begins each month at 0, and counts the rooms that were open at its turn.
func TestCounterBeginsEachMonth(t *testing.T) {
	t.Parallel()
	march := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	room := func(opened, closed time.Time) rocketchattest.Room {
		return rocketchattest.Room{DepartmentID: "d", OpenedAt: opened, ClosedAt: closed, Answered: true, VisitorInactivity: new(time.Hour)}
	}
	l := ledgers([]rocketchattest.Room{
		room(march.Add(-5*time.Hour), march.Add(-time.Hour)),
		room(march.Add(-2*time.Hour), march), // closed at the turn: the new month's
		room(march.Add(-time.Hour), march.Add(time.Hour)),
		room(march.Add(2*time.Hour), march.Add(4*time.Hour)),
	})["d"]
	for at, want := range map[time.Time]int{
		march.Add(-time.Minute):  1,
		march:                    1,
		march.Add(2 * time.Hour): 2,
		march.Add(5 * time.Hour): 3,
		march.AddDate(0, 1, 0):   0,
	} {
		if got := l.abandonments(at); got != want {
			t.Errorf("at %s: got %d, want %d", at, got, want)
		}
	}
}

func TestRoomsAreCountedWhenOpened(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 3, 14, 0, 0, 0, time.UTC)
	l := ledgers([]rocketchattest.Room{{OpenedAt: at}, {OpenedAt: at.Add(-time.Hour)}, {OpenedAt: at.Add(time.Second)}})[none]
	if got := l.openedIn(at.Add(-time.Hour), at); got != 2 {
		t.Errorf("got %d, want 2: both bounds belong to the period", got)
	}
}
