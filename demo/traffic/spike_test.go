package traffic

import (
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

func TestSpikeIsOneAtAnyHourOfTheWeek(t *testing.T) {
	t.Parallel()
	closings, _, begin, end := calmWeeks()
	for at := begin; at.Before(end); at = at.Add(time.Hour) {
		chats, usual := SpikeChats+closings.count(SpikeDepartment, at.Add(-time.Hour), at), usual(closings, SpikeDepartment, at)
		if !isSpike(chats, usual) {
			t.Errorf("at %s %d chats are no spike where %d are usual", at, chats, usual)
		}
	}
}

// The workspace counts the chats when they are closed, and not before.
func TestSpikeIsCountedWhenItIsClosed(t *testing.T) {
	t.Parallel()
	spike := Spike{ClosedAt: monday.Add(10*time.Hour + 123*time.Microsecond)}
	now := monday
	w := rocketchattest.New(rocketchattest.Latest)
	w.Configure(func(s *rocketchattest.Settings) {
		s.InactivityTimeout = InactivityTimeout
		s.Now = func() time.Time { return now }
	})
	w.AddRooms(spike.Rooms()...)
	for after, want := range map[time.Duration]int{-time.Millisecond: 0, time.Second: 7, 3 * time.Second: SpikeChats} {
		now = spike.ClosedAt.Add(after)
		if got := w.AbandonedRooms(now.Add(-2*time.Hour), now)[SpikeDepartment]; got != want {
			t.Errorf("%s after the first closing %d chats count as abandoned, want %d", after, got, want)
		}
	}
}

// No chat is answered before it begins, closed by itself before the timeout, or shorter
// than a talk.
func TestSpikeIsPossible(t *testing.T) {
	t.Parallel()
	spike := Spike{ClosedAt: monday.Add(10 * time.Hour)}
	rooms := spike.Rooms()
	if len(rooms) != SpikeChats {
		t.Errorf("the spike has %d chats, want %d", len(rooms), SpikeChats)
	}
	for i := range rooms {
		r := &rooms[i]
		if r.VisitorInactivity == nil || !r.Answered || r.DepartmentID != SpikeDepartment {
			t.Fatalf("not abandoned: %+v", r)
		}
		silence := *r.VisitorInactivity
		talk := r.ClosedAt.Sub(r.OpenedAt) - silence
		if silence < InactivityTimeout || silence > InactivityTimeout+time.Minute || silence%time.Second != 0 {
			t.Errorf("a silence of %s", silence)
		}
		if talk < time.Minute || talk > 10*time.Minute {
			t.Errorf("a talk of %s", talk)
		}
		if r.OpenedAt.Nanosecond()%1_000_000 != 0 || r.ClosedAt.Nanosecond()%1_000_000 != 0 {
			t.Errorf("times are not of whole milliseconds: %+v", r)
		}
	}
}

func TestSpikeIsInADepartmentOfTheCompany(t *testing.T) {
	t.Parallel()
	for _, d := range Departments() {
		if d.ID == SpikeDepartment {
			if d.Name != SpikeDepartmentName {
				t.Errorf("the department is %s, want %s", d.Name, SpikeDepartmentName)
			}
			return
		}
	}
	t.Errorf("there is no department %s", SpikeDepartment)
}
