package traffic

import (
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// A month's closings are what the server answers about it: the double runs the server's
// match over the chats that were opened since the month before.
func TestClosingsAreCountedAsTheServerDoes(t *testing.T) {
	t.Parallel()
	month := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	before := month.AddDate(0, -1, 0)
	now := month.Add(9*day + 14*time.Hour)
	rooms := newTraffic(1).Rooms(month.Add(-5*day), now)
	w := rocketchattest.New(rocketchattest.Latest)
	w.Configure(func(s *rocketchattest.Settings) {
		s.InactivityTimeout = InactivityTimeout
		s.Now = func() time.Time { return now }
	})
	w.AddRooms(rooms...)
	all, old := w.AbandonedRooms(before, now), w.AbandonedRooms(before, month.Add(-time.Millisecond))
	closings := ClosingsOf(rooms)
	for _, d := range Departments() {
		if got, want := closings.Count(d.ID, month, now), all[d.ID]-old[d.ID]; got != want || want == 0 {
			t.Errorf("%q has %d closings, want %d, and some", d.Name, got, want)
		}
	}
}

func TestBothEndsOfClosingsCount(t *testing.T) {
	t.Parallel()
	at := []time.Time{monday, monday.Add(time.Second), monday.Add(2 * time.Second)}
	var rooms []rocketchattest.Room
	for _, i := range []int{2, 0, 1} { // in no order
		rooms = append(rooms, rocketchattest.Room{DepartmentID: "d", ClosedAt: at[i], VisitorInactivity: new(InactivityTimeout)})
	}
	rooms = append(rooms,
		rocketchattest.Room{DepartmentID: "d", ClosedAt: at[1], VisitorInactivity: new(InactivityTimeout - time.Second)},
		rocketchattest.Room{DepartmentID: "d", ClosedAt: at[1]},
		rocketchattest.Room{ClosedAt: at[1], VisitorInactivity: new(InactivityTimeout)},
	)
	closings := ClosingsOf(rooms)
	for name, tt := range map[string]struct {
		department string
		from, to   time.Time
		want       int
	}{
		"all":                  {"d", at[0], at[2], 3},
		"without the last":     {"d", at[0], at[2].Add(-1), 2},
		"without the first":    {"d", at[0].Add(1), at[2], 2},
		"none there":           {"d", at[0].Add(1), at[1].Add(-1), 0},
		"without a department": {"", at[0], at[2], 1},
		"an unknown one":       {"x", at[0], at[2], 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := closings.Count(tt.department, tt.from, tt.to); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
