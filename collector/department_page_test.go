package collector_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// windowNames are the windows that an exporter has unless a test asks for others.
var windowNames = []string{"6h", "24h", "today"}

const (
	abandonedMetric = "livechat_department_abandoned_rooms"
	roomsMetric     = "livechat_department_rooms"
	counterMetric   = "livechat_department_abandonments_total"
	infoMetric      = "livechat_department_info"
	enabledMetric   = "livechat_department_enabled"
	agentsMetric    = "livechat_department_agents"
	periodStart     = "livechat_abandonments_period_start_timestamp_seconds"
	counterComplete = `livechat_refresh_complete{resource="abandonments",window="month"}`
	listSuccess     = `livechat_refresh_success{resource="departments",window=""}`
)

// onRoute matches the calls of a route, by the last part of its path.
func onRoute(name string) func(path string) bool {
	paths := map[string]string{
		rocketchat.TotalAbandonedChats: "/api/v1/livechat/analytics/departments/total-abandoned-chats",
		rocketchat.AmountOfChats:       "/api/v1/livechat/analytics/departments/amount-of-chats",
		rocketchat.DepartmentRoute:     "/api/v1/livechat/department",
	}
	return func(path string) bool { return path == paths[name] }
}

// startUnlimited wires an exporter that asks for everything, with no limit of calls on
// either side, at twenty past ten in the morning.
func startUnlimited(t *testing.T, profile rocketchattest.Profile, change ...func(*setup)) *exporter {
	t.Helper()
	time.Sleep(10*time.Hour + 20*time.Minute)
	e := startWith(t, rocketchattest.New(profile), append([]func(*setup){everything, noLimit}, change...)...)
	e.server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
	return e
}

// counters are the values of the counter by department, nil if there are none.
func (p page) counters() map[string]float64 {
	return p.byDepartment(counterMetric)
}

// byDepartment are the values of a metric that has no other label than the department.
func (p page) byDepartment(metric string) map[string]float64 {
	var found map[string]float64
	for _, f := range p {
		if f.GetName() != metric {
			continue
		}
		found = make(map[string]float64)
		for _, m := range f.GetMetric() {
			found[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return found
}

// names are the departments' names by id. An id that has two is an error.
func (p page) names(t *testing.T) map[string]string {
	t.Helper()
	names := make(map[string]string)
	for _, f := range p {
		if f.GetName() != infoMetric {
			continue
		}
		for _, m := range f.GetMetric() {
			name, id := m.GetLabel()[0].GetValue(), m.GetLabel()[1].GetValue()
			if other, known := names[id]; known {
				t.Errorf("%q is named %q and %q", id, other, name)
			}
			if m.GetGauge().GetValue() != 1 {
				t.Errorf("the info of %q is %v, want 1", id, m.GetGauge().GetValue())
			}
			names[id] = name
		}
	}
	return names
}

// wantNames checks that there is exactly one info series for each of these.
func (p page) wantNames(t *testing.T, want map[string]string) {
	t.Helper()
	if got := p.names(t); !maps.Equal(got, want) {
		t.Errorf("named %v, want %v", got, want)
	}
}

// wantEverywhere checks that exactly these departments have a number of each kind in
// every window, and in the counter.
func (p page) wantEverywhere(t *testing.T, ids ...string) {
	t.Helper()
	slices.Sort(ids)
	for _, metric := range []string{abandonedMetric, roomsMetric} {
		for _, window := range windowNames {
			if got := slices.Sorted(maps.Keys(p.numbers(metric, window))); !slices.Equal(got, ids) {
				t.Errorf("%s of %s names %q, want %q", metric, window, got, ids)
			}
		}
	}
	if got := slices.Sorted(maps.Keys(p.counters())); !slices.Equal(got, ids) {
		t.Errorf("%s names %q, want %q", counterMetric, got, ids)
	}
}

// wantNumbers checks a metric's values of a window by department.
func (p page) wantNumbers(t *testing.T, metric, window string, want map[string]float64) {
	t.Helper()
	if got := p.numbers(metric, window); !maps.Equal(got, want) {
		t.Errorf("%s of %s is %v, want %v", metric, window, got, want)
	}
}

// wantCounters checks the counter's values by department; nil if there must be none.
func (p page) wantCounters(t *testing.T, want map[string]float64) {
	t.Helper()
	if got := p.counters(); !maps.Equal(got, want) {
		t.Errorf("the counter is %v, want %v", got, want)
	}
}

// closed is an abandoned room that was opened and closed at these times, to come or
// past.
func closed(departmentID string, opened, at time.Time) rocketchattest.Room {
	return rocketchattest.Room{
		DepartmentID: departmentID, OpenedAt: opened, ClosedAt: at, Answered: true, VisitorInactivity: new(time.Hour),
	}
}
