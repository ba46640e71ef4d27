package e2e

import (
	"fmt"
	"testing"
	"time"
)

// A room that is opened again makes the past another. While the exporter runs its counter
// stands; begun anew it is lower, and increase() then takes all of it for new. resets()
// tells, and the shipped rules leave the hour out.
func TestRulesLeaveOutAnHourWithARewrittenPast(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, time.October, 29, 8, 0, 0, 0, time.UTC)
	const again = 4 // How many rooms are opened again.
	reopened, restarted := from.Add(150*time.Minute), from.Add(160*time.Minute)
	s := &story{
		instance: "main", from: from, to: from.Add(5 * time.Hour), zone: time.UTC, exporters: []time.Duration{0}, departments: storyDepartments,
		rooms: randomRooms(5, from.Add(-2*time.Hour), from.Add(5*time.Hour), 160),
	}
	s.before = func(told *staged, at time.Time) {
		switch {
		case at.Equal(reopened):
			for i, r := range s.rooms { // The first of sales.
				if r.DepartmentID == "sales" && r.ClosedAt.Before(from) && s.closings("sales", from.Add(-3*time.Hour), r.ClosedAt) <= again {
					told.double.ReopenRoom(told.ids[i])
				}
			}
		case at.Equal(restarted):
			told.restart()
		}
	}
	p := startStories(t, s)
	begin := from.Add(2 * time.Hour)
	counted := p.between(t, fmt.Sprintf(increase1h, s.instance), begin, s.to)
	recorded := p.between(t, shippedExpression(t, recordedIncrease), begin, s.to)
	resets := p.between(t, `resets(livechat_department_abandonments_total[1h])`, begin, s.to)
	sales := series("", "department_id", "sales")
	for at := begin; !at.After(s.to); at = at.Add(storyInterval) {
		for _, id := range s.departmentIDs() {
			name := series("", "department_id", id)
			least, most := s.increases(id, at, 0)
			// A range has both samples around the restart while it begins before it.
			rewritten := id == "sales" && !at.Before(restarted) && at.Add(-time.Hour).Before(restarted.Add(-storyInterval))
			if id == "sales" && !at.Before(reopened) && at.Before(restarted) {
				least -= again // New rooms first make up for those that are missing.
			}
			if !rewritten {
				checkBetween(t, "increase() of "+id, at, counted[at], name, least, most)
				checkBetween(t, "the rule of "+id, at, recorded[at], name, least, most)
				if got := resets[at][name]; got != 0 {
					t.Errorf("%s: %v resets of %s, want none", at.Format(time.TimeOnly), got, id)
				}
				continue
			}
			if value, there := recorded[at][sales]; there {
				t.Errorf("%s: the rule of sales is %v, want none", at.Format(time.TimeOnly), value)
			}
			if got := resets[at][sales]; got != 1 {
				t.Errorf("%s: %v resets of sales, want 1", at.Format(time.TimeOnly), got)
			}
			if counted[at][sales] <= most {
				t.Errorf("%s: increase() of sales is %v, no more than the %v that closed: the test shows nothing", at.Format(time.TimeOnly), counted[at][sales], most)
			}
		}
	}
}

// A department that is removed gives its count to none, which rises without a new room.
func TestRulesLeaveOutTheHourOfARemovedDepartment(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, time.October, 29, 8, 0, 0, 0, time.UTC)
	removed := from.Add(151 * time.Minute)
	s := &story{
		instance: "main", from: from, to: from.Add(5 * time.Hour), zone: time.UTC, exporters: []time.Duration{0}, departments: storyDepartments,
		rooms: randomRooms(6, from.Add(-2*time.Hour), removed, 100),
	}
	s.before = func(told *staged, at time.Time) {
		if at.Equal(removed) {
			told.double.RemoveDepartment("sales")
		}
	}
	p := startStories(t, s)
	none := series("", "department_id", "none")
	// The list is asked every five minutes, counted from the beginning.
	known := removed.Add(4 * time.Minute)
	recorded := p.between(t, shippedExpression(t, recordedIncrease), removed.Add(-storyInterval), s.to)
	counted := p.between(t, fmt.Sprintf(increase1h, s.instance), removed.Add(-storyInterval), s.to)
	for at, got := range recorded {
		_, most := s.increases("none", at, 0)
		value, there := got[none]
		switch {
		case !at.Before(known) && at.Before(removed.Add(time.Hour-storyInterval)):
			if there {
				t.Errorf("%s: the rule of none is %v, want none", at.Format(time.TimeOnly), value)
			}
			if counted[at][none] <= most {
				t.Errorf("%s: increase() of none is %v, no more than the %v that closed: the test shows nothing", at.Format(time.TimeOnly), counted[at][none], most)
			}
		case at.After(known.Add(time.Hour)):
			if !there || value > most {
				t.Errorf("%s: the rule of none is %v, want %v at most", at.Format(time.TimeOnly), value, most)
			}
		}
	}
}
