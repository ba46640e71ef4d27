package traffic

import (
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// monday is the first day of the week that the tests look at.
var monday = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func newTraffic(seed uint64) Generator {
	return Generator{Seed: seed, Departments: Departments(), Location: time.UTC}
}

// count is how many rooms begin from one time until before another.
func count(rooms []rocketchattest.Room, from, to time.Time) int {
	n := 0
	for i := range rooms {
		if at := rooms[i].OpenedAt; !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

func TestEqualTrafficHasEqualChats(t *testing.T) {
	t.Parallel()
	want := newTraffic(1).Rooms(monday, monday.Add(3*day))
	if got := newTraffic(1).Rooms(monday, monday.Add(3*day)); !reflect.DeepEqual(got, want) {
		t.Error("the same seed gives other chats")
	}
	var parts []rocketchattest.Room
	for at := monday; at.Before(monday.Add(3 * day)); at = at.Add(7 * time.Minute) { // not in step with the slots
		end := at.Add(7 * time.Minute)
		if all := monday.Add(3 * day); end.After(all) {
			end = all
		}
		parts = append(parts, newTraffic(1).Rooms(at, end)...)
	}
	if !reflect.DeepEqual(parts, want) {
		t.Errorf("in many calls the traffic has %d chats, want the same %d", len(parts), len(want))
	}
	if got := newTraffic(2).Rooms(monday, monday.Add(3*day)); reflect.DeepEqual(got, want) {
		t.Error("another seed gives the same chats")
	}
}

func TestDaysAndWeeksHaveTheirShape(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 3600)
	for name, location := range map[string]*time.Location{"UTC": time.UTC, "an hour ahead": berlin} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Date(2026, time.March, 2, 0, 0, 0, 0, location)
			busy := newTraffic(1)
			busy.Location = location
			rooms := busy.Rooms(begin, begin.Add(28*day))
			// sum adds up the rooms of the days of some weekdays between two hours.
			sum := func(days []time.Weekday, from, to time.Duration) int {
				n := 0
				for at := begin; at.Before(begin.Add(28 * day)); at = at.Add(day) {
					if slices.Contains(days, at.Weekday()) {
						n += count(rooms, at.Add(from), at.Add(to))
					}
				}
				return n
			}
			weekdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
			weekend := []time.Weekday{time.Saturday, time.Sunday}
			perWeekday, perWeekendDay := sum(weekdays, 0, day)/20, sum(weekend, 0, day)/8
			if perWeekday < 1500 || perWeekday > 2300 {
				t.Errorf("a weekday has %d chats, want some 1,900", perWeekday)
			}
			if perWeekendDay < perWeekday/10 || perWeekendDay > perWeekday/2 {
				t.Errorf("a day of the weekend has %d chats, a weekday %d", perWeekendDay, perWeekday)
			}
			night, morning := sum(weekdays, 2*time.Hour, 4*time.Hour), sum(weekdays, 9*time.Hour, 11*time.Hour)
			afternoon := sum(weekdays, 14*time.Hour, 16*time.Hour)
			if night == 0 || morning < 10*night || afternoon < 10*night {
				t.Errorf("two hours have %d chats at night, %d in the morning, %d in the afternoon", night, morning, afternoon)
			}
			if mondays, fridays := sum(weekdays[:1], 0, day), sum(weekdays[4:], 0, day); mondays < fridays*5/4 {
				t.Errorf("mondays have %d chats, fridays %d", mondays, fridays)
			}
		})
	}
}

func TestRoomsArePossible(t *testing.T) {
	t.Parallel()
	var abandoned, early, unanswered, byVisitor int
	rooms := newTraffic(3).Rooms(monday, monday.Add(14*day))
	for i := range rooms {
		r := &rooms[i]
		life := r.ClosedAt.Sub(r.OpenedAt)
		if life <= 0 || life > day {
			t.Fatalf("a room lives for %s: %+v", life, r)
		}
		if r.Queued < 0 || r.Queued > min(life, LongestWait) || !r.Answered && r.Queued != life {
			t.Fatalf("a room is in the queue for %s: %+v", r.Queued, r)
		}
		if r.OpenedAt.Nanosecond()%1_000_000 != 0 || r.ClosedAt.Nanosecond()%1_000_000 != 0 {
			t.Fatalf("a room's times are not of whole milliseconds: %+v", r)
		}
		if !r.Answered {
			unanswered++
		}
		if r.VisitorInactivity == nil {
			byVisitor++
			continue
		}
		inactivity := *r.VisitorInactivity
		switch {
		case !r.Answered, inactivity < 0, inactivity > life-time.Minute, inactivity%time.Second != 0:
			t.Fatalf("an inactivity of %s is impossible: %+v", inactivity, r)
		case inactivity >= time.Hour:
			abandoned++
		case inactivity >= 10*time.Minute:
			early++
		}
	}
	for what, n := range map[string]struct {
		count       int
		least, most float64 // shares
	}{
		"abandoned":                 {abandoned, 0.08, 0.16},
		"closed before the timeout": {early, 0.02, 0.08},
		"given up in the queue":     {unanswered, 0.03, 0.12},
		"closed by the visitor":     {byVisitor, 0.4, 0.7},
	} {
		if share := float64(n.count) / float64(len(rooms)); share < n.least || share > n.most {
			t.Errorf("%.3f of the chats are %s, want %.2f to %.2f", share, what, n.least, n.most)
		}
	}
}

func TestDepartmentsDiffer(t *testing.T) {
	t.Parallel()
	all, abandoned := make(map[string]int), make(map[string]int)
	rooms := newTraffic(4).Rooms(monday, monday.Add(28*day))
	for i := range rooms {
		all[rooms[i].DepartmentID]++
		if silence := rooms[i].VisitorInactivity; silence != nil && *silence >= time.Hour {
			abandoned[rooms[i].DepartmentID]++
		}
	}
	share := make(map[string]float64)
	for _, d := range Departments() {
		if abandoned[d.ID] < 28 {
			t.Errorf("%q has %d abandoned chats in four weeks, want one a day at least", d.Name, abandoned[d.ID])
		}
		share[d.Name] = float64(abandoned[d.ID]) / float64(all[d.ID])
	}
	if len(all) != 10 {
		t.Errorf("chats are in %d departments, want 10 with none", len(all))
	}
	if share["Account and Login"] < 2*share["Business Customers"] {
		t.Errorf("shares of abandoned chats hardly differ: %v", share)
	}
}

// The department ids are of the alphabet and the length of real ones.
func TestDepartmentsHaveIDsAndNames(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, d := range Departments() {
		if d.ID == "" {
			continue
		}
		if len(d.ID) != 17 || d.Name == "" || seen[d.ID] || seen[d.Name] {
			t.Errorf("department = %+v", d.Department)
		}
		seen[d.ID], seen[d.Name] = true, true
	}
}

func TestEveryWindowHasSomethingToShowOnAnyDay(t *testing.T) {
	t.Parallel()
	w := rocketchattest.New(rocketchattest.Latest)
	NewFeed(w, newTraffic(1), monday.Add(14*day))
	for hours := range 7 * 24 {
		now := monday.Add(7*day + time.Duration(hours)*time.Hour)
		w.Configure(func(s *rocketchattest.Settings) { s.Now = func() time.Time { return now } })
		for window, want := range map[time.Duration]int{24 * time.Hour: 6, 7 * day: 9} {
			if got := w.AbandonedRooms(now.Add(-window), now); len(got) < want {
				t.Errorf("at %s the last %s show %d departments, want %d at least", now, window, len(got), want)
			}
		}
	}
}

func TestChatsAreGoingOnNow(t *testing.T) {
	t.Parallel()
	now := monday.Add(2*day + 10*time.Hour)
	rooms := newTraffic(1).Rooms(now.Add(-day), now.Add(ahead))
	open := 0
	for i := range rooms {
		if r := &rooms[i]; !r.OpenedAt.After(now) && r.ClosedAt.After(now) {
			open++
		}
	}
	if open < 20 {
		t.Errorf("%d chats are open on a Wednesday morning, want 20 at least", open)
	}
}

// The queue and the agents follow the day.
func TestQueueAndAgents(t *testing.T) {
	t.Parallel()
	w := rocketchattest.New(rocketchattest.Latest)
	company := newTraffic(1)
	w.AddRooms(company.Rooms(monday, monday.Add(5*day))...)
	means := func(hour int) (waiting, available, offline float64) {
		const samples = 5 * 60
		for i := range samples {
			now := monday.Add(time.Duration(i/60)*day + time.Duration(hour)*time.Hour + time.Duration(i%60)*time.Minute)
			w.Configure(func(s *rocketchattest.Settings) { s.Now = func() time.Time { return now } })
			w.SetAgents(company.Agents(now)...)
			agents := w.Agents()
			waiting += float64(w.ChatsWaiting()) / samples
			available += float64(agents.Available) / samples
			offline += float64(agents.Offline) / samples
		}
		return waiting, available, offline
	}
	waitingAtNight, availableAtNight, offlineAtNight := means(3)
	waiting, available, offline := means(10)
	t.Logf("at night %.1f wait, %.1f agents are available; in the morning %.1f and %.1f", waitingAtNight, availableAtNight, waiting, available)
	if waiting < 3 || waiting > 20 || waiting < 5*waitingAtNight {
		t.Errorf("%.1f chats wait in the morning and %.1f at night", waiting, waitingAtNight)
	}
	if availableAtNight < 1 || available < 5*availableAtNight || offline > offlineAtNight/2 {
		t.Errorf("%.1f agents are available in the morning and %.1f at night, %.1f and %.1f offline", available, availableAtNight, offline, offlineAtNight)
	}
}

func TestFeedKeepsTheWorkspaceInTraffic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := rocketchattest.New(rocketchattest.Latest)
		f := NewFeed(w, newTraffic(1), began)
		go f.Run(t.Context())
		all := rocketchattest.New(rocketchattest.Latest)
		all.AddRooms(newTraffic(1).Rooms(began.Add(-History), began.Add(3*day))...)
		for range 24 {
			time.Sleep(2*time.Hour + time.Second)
			synctest.Wait()
			got, want := w.AbandonedRooms(began.Add(-History), time.Now()), all.AbandonedRooms(began.Add(-History), time.Now())
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("after %s the workspace has %v, want %v", time.Since(began), got, want)
			}
		}
	})
}
