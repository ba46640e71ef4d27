package traffic

import (
	"math"
	"slices"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// calmWeeks are five weeks of calm days. The last two have three before them.
func calmWeeks() (closed, opened closings, begin, end time.Time) {
	company := newTraffic(1)
	company.Departments = Calm(Departments())
	begin, end = monday.Add(21*day), monday.Add(35*day)
	rooms := company.Rooms(monday.Add(-day), end)
	return closingsOf(rooms), openingsOf(rooms), begin, end
}

// openingsOf are when chats were opened, in order.
func openingsOf(rooms []rocketchattest.Room) closings {
	c := make(closings)
	for i := range rooms {
		c[rooms[i].DepartmentID] = append(c[rooms[i].DepartmentID], rooms[i].OpenedAt)
	}
	for _, times := range c {
		slices.SortFunc(times, time.Time.Compare)
	}
	return c
}

// isSpike says what LivechatAbandonmentSpike says of the chats of an hour, when there
// are usually others.
func isSpike(chats, usual int) bool {
	return chats >= 5 && chats > 2*usual && float64(chats-usual) > 3*math.Sqrt(float64(usual)+1)
}

// usual is the median of the hours before a time in the last three weeks.
func usual(c closings, department string, at time.Time) int {
	weeks := make([]int, 3)
	for i := range weeks {
		before := at.Add(-time.Duration(i+1) * 7 * day)
		weeks[i] = c.count(department, before.Add(-time.Hour), before)
	}
	slices.Sort(weeks)
	return weeks[1]
}

// Neither is a department above its usual, nor is its share of abandoned chats high, as
// the shipped rules have it. What is left is chance.
func TestCalmDaysHaveHardlyAnythingToTell(t *testing.T) {
	t.Parallel()
	closed, opened, begin, end := calmWeeks()
	hours, spikes, high := 0, 0, 0
	for at := begin; at.Before(end); at = at.Add(time.Hour) {
		hours++
		for _, d := range Departments() {
			if isSpike(closed.count(d.ID, at.Add(-time.Hour), at), usual(closed, d.ID, at)) {
				spikes++
			}
			in := func(c closings, window time.Duration) float64 { return float64(c.count(d.ID, at.Add(-window), at)) }
			opened6h, opened24h := in(opened, 6*time.Hour), in(opened, day)
			if opened6h >= 30 && in(closed, 6*time.Hour)/opened6h > 0.08 &&
				opened24h >= 50 && in(closed, day)/opened24h > 0.05 {
				high++
			}
		}
	}
	t.Logf("of %d hours, %d have a spike and %d a high share", hours, spikes, high)
	if spikes > hours/50 || high > hours/50 {
		t.Errorf("of %d hours, %d have a spike and %d a high share, want one in 50 at most", hours, spikes, high)
	}
}
