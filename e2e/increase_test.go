package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

const (
	increase1h = `increase(livechat_department_abandonments_total{instance=%q}[1h])`
	// recordedIncrease is the series that the shipped rules make of it.
	recordedIncrease = "instance_department:livechat_department_abandonments:increase1h"
)

// storyDepartments are two of one name, and two others.
var storyDepartments = []rocketchattest.Department{
	{ID: "sales", Name: "Sales", Agents: 4},
	{ID: "support", Name: "Support", Agents: 9},
	{ID: "sales-emea", Name: "Sales"},
	{ID: "quiet", Name: "Quiet", Disabled: true},
}

// randomRooms are rooms of all departments but the quiet one, and of none, that close at
// random times, most of them abandoned.
func randomRooms(seed uint64, from, to time.Time, n int) []rocketchattest.Room {
	random := rand.New(rand.NewPCG(seed, 11))
	rooms := make([]rocketchattest.Room, n)
	for i := range rooms {
		at := from.Add(time.Duration(random.Int64N(int64(to.Sub(from)/time.Second))) * time.Second)
		rooms[i] = rocketchattest.Room{
			DepartmentID: []string{"sales", "support", "sales-emea", ""}[random.IntN(4)],
			OpenedAt:     at.Add(-time.Hour - time.Duration(random.IntN(7200))*time.Second), ClosedAt: at,
			Answered: true, VisitorInactivity: new(time.Hour),
		}
	}
	return rooms
}

// hours is a story of some hours with random closings.
func hours(instance string, seed uint64, from time.Time, length time.Duration) *story {
	to := from.Add(length)
	return &story{
		instance: instance, from: from, to: to, zone: time.UTC, exporters: []time.Duration{0},
		departments: storyDepartments, rooms: randomRooms(seed, from.Add(-2*time.Hour), to, 160),
	}
}

// turning is a story of the turn of a month in a zone. The early shift closes what the
// late one left open in the old month.
func turning(t *testing.T, instance, zone string, turn time.Time) *story {
	t.Helper()
	s := hours(instance, uint64(turn.Unix()), turn.Add(-2*time.Hour), 6*time.Hour) //nolint:gosec // G115: it is after 1970.
	s.turn = turn
	var err error
	if s.zone, err = time.LoadLocation(zone); err != nil {
		t.Fatal(err)
	}
	s.departments = append(slices.Clip(s.departments), rocketchattest.Department{ID: "office", Name: "Office"})
	for i := range 12 {
		s.rooms = append(s.rooms, rocketchattest.Room{
			DepartmentID: "office", OpenedAt: turn.Add(-time.Duration(i+1) * 30 * time.Minute), ClosedAt: turn.Add(3*time.Hour + time.Duration(i)*time.Second),
			Answered: true, VisitorInactivity: new(time.Hour),
		})
	}
	return s
}

// increases are the bounds of what increase() over the last hour may be: of the rooms that
// closed between the first and the last sample in that hour, Prometheus makes those of the
// hour, which is up to one interval longer. A replica that is behind may have told of less
// before the first, and of less before the last.
//
// What closes after the last scrape of a month, and before the month ends, is on no page.
func (s *story) increases(department string, at time.Time, later time.Duration) (least, most float64) {
	first := s.from.Add(later)
	for !first.After(at.Add(-time.Hour)) {
		first = first.Add(storyInterval)
	}
	last := first
	for !last.Add(storyInterval).After(at) {
		last = last.Add(storyInterval)
	}
	unseen := 0
	if first.Before(s.turn) && !last.Before(s.turn) {
		seen := first
		for seen.Add(storyInterval).Before(s.turn) {
			seen = seen.Add(storyInterval)
		}
		unseen = s.closings(department, seen, s.turn.Add(-time.Millisecond))
	}
	extrapolation := float64(time.Hour) / float64(last.Sub(first))
	return float64(s.closings(department, first, last.Add(-s.lag)) - unseen),
		float64(s.closings(department, first.Add(-s.lag), last)-unseen) * extrapolation
}

// What increase() makes of the counter is what the rooms that closed are, and so is what
// the shipped rules make of it.
func TestIncreaseIsTheClosures(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, time.October, 29, 8, 0, 0, 0, time.UTC)
	behind := hours("replicas that are behind", 2, day, 5*time.Hour)
	behind.lag = 3 * time.Minute
	lags := rand.New(rand.NewPCG(2, 4))
	behind.before = func(s *staged, _ time.Time) {
		s.double.Configure(func(settings *rocketchattest.Settings) {
			settings.ReplicaLag = time.Duration(lags.Int64N(int64(behind.lag)))
		})
	}
	restarted := hours("restarts", 3, day, 5*time.Hour)
	chance := rand.New(rand.NewPCG(3, 4))
	restarted.before = func(s *staged, _ time.Time) {
		if chance.IntN(20) == 0 {
			s.restart()
		}
	}
	pair := hours("two exporters", 4, day, 5*time.Hour)
	pair.exporters = []time.Duration{0, 20 * time.Second}

	stories := []*story{hours("random", 1, day, 5*time.Hour), behind, restarted, pair}
	for zone, turn := range map[string]time.Time{
		"UTC":                time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC),
		"Pacific/Kiritimati": time.Date(2026, time.October, 31, 10, 0, 0, 0, time.UTC),
		"America/Havana":     time.Date(2026, time.November, 1, 4, 0, 0, 0, time.UTC), // And midnight again an hour later.
	} {
		stories = append(stories, turning(t, "the month turns in "+zone, zone, turn))
	}
	p := startStories(t, stories...)
	rule := shippedExpression(t, recordedIncrease)
	for _, s := range stories {
		t.Run(s.instance, func(t *testing.T) {
			t.Parallel()
			from := s.from.Add(2 * time.Hour) // The rules want to know of the hour before, too.
			counted := p.between(t, fmt.Sprintf(increase1h, s.instance), from, s.to)
			recorded := p.between(t, fmt.Sprintf(`(%s) and on (instance) livechat_abandonments_period_start_timestamp_seconds{instance=%q}`, rule, s.instance), from, s.to)
			checked := 0
			for at, got := range counted {
				for _, id := range s.departmentIDs() {
					var highestLeast, highestMost float64
					for i, later := range s.exporters {
						name := ""
						if len(s.exporters) > 1 {
							name = exporterName(i)
						}
						least, most := s.increases(id, at, later)
						checkBetween(t, "increase() of "+id, at, got, series("", "department_id", id, "exporter", name), least, most)
						highestLeast, highestMost = max(highestLeast, least), max(highestMost, most)
						if most > 0 {
							checked++
						}
					}
					checkBetween(t, "the rule of "+id, at, recorded[at], series("", "department_id", id), highestLeast, highestMost)
				}
			}
			if checked < 100 {
				t.Errorf("only %d hours had closings", checked)
			}
		})
	}
}

// checkBetween checks a value with its bounds.
func checkBetween(t *testing.T, what string, at time.Time, got values, series string, least, most float64) {
	t.Helper()
	const rounding = 1e-9
	value, ok := got[series]
	if !ok || value < least-rounding || value > most+rounding {
		t.Errorf("%s at %s is %v (there: %v), want %v to %v", what, at.Format(time.TimeOnly), value, ok, least, most)
	}
}

// shippedExpression is what a recorded series is made of.
func shippedExpression(t *testing.T, record string) string {
	t.Helper()
	for _, r := range shippedRules(t).all() {
		if r.Record == record {
			return r.Expr
		}
	}
	t.Fatalf("no rule records %s", record)
	return ""
}
