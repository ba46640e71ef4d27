package main

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"livechat_exporter/collector"
	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The pages of the history are those of the exporter: its own collector, asking the
// double of the same workspace at the same moments, has the same series and values.
func TestPagesAreTheCollectors(t *testing.T) {
	t.Parallel()
	now := end0
	simulated := mainWorkspace(now, false)
	exported := realWorkspace(t, chats(now, traffic.Departments(), 1, []incident{earlier, present}), &now)

	march := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{
		march.Add(-20 * day), march.Add(-time.Minute), march, march.Add(time.Minute), march.Add(10 * time.Hour),
		end0.Add(-19 * time.Hour), end0.Add(-time.Hour), end0,
	} {
		now = at
		got := samplesOf(t, simulated.observe(scrape{at: at, whole: true}))
		want := samplesOf(t, exported.Scrape(t.Context()))
		if len(want) < 100 {
			t.Fatalf("the collector has %d series", len(want))
		}
		for series, value := range want {
			if has, ok := got[series]; !ok || has != value {
				t.Errorf("%s: %s is %v in the history (there: %t), the collector has %v", at, series, has, ok, value)
			}
		}
		for series := range got {
			if _, ok := want[series]; !ok {
				t.Errorf("%s: the collector has no %s", at, series)
			}
		}
	}
}

// realWorkspace is the exporter's view of a double with these rooms, at the moment that
// now holds.
func realWorkspace(t *testing.T, rooms []rocketchattest.Room, now *time.Time) *collector.Workspace {
	t.Helper()
	clock := func() time.Time { return *now }
	double := rocketchattest.New(rocketchattest.Latest)
	double.Configure(func(s *rocketchattest.Settings) {
		s.InactivityTimeout = traffic.InactivityTimeout
		s.Permissions = append(s.Permissions, rocketchattest.BypassRateLimit)
		s.Now = clock
	})
	for _, d := range traffic.Departments() {
		if d.ID != "" {
			double.AddDepartments(d.Department)
		}
	}
	double.AddRooms(rooms...)
	calls := collector.NewAPICalls()
	client := rocketchat.New(rocketchat.Options{
		URL:       &url.URL{Scheme: "http", Host: "chat.example.com"},
		Transport: double.Transport(),
		Credentials: rocketchat.AccessToken(
			func() (string, error) { return rocketchattest.UserID, nil },
			func() (string, error) { return rocketchattest.AuthToken, nil }),
		Observe: calls.Observe,
		Now:     clock,
	})
	options := collector.Options{
		API: client, Calls: calls, Rooms: true, Counter: true, Departments: true,
		Zone: time.UTC, InactivityTimeout: traffic.InactivityTimeout, MaxAge: maxAge, Now: clock, Logger: log.NewNopLogger(),
	}
	for _, name := range slices.Sorted(maps.Keys(windows)) {
		if name == "today" {
			options.Windows = append(options.Windows, collector.CalendarWindow(name, collector.Today, time.UTC))
		} else {
			options.Windows = append(options.Windows, collector.RollingWindow(name, windows[name]))
		}
	}
	w := collector.NewWorkspace(options)
	t.Cleanup(func() {
		w.Close()
		client.CloseIdleConnections()
	})
	return w
}

// samplesOf are the gauges and counters of a page, but those of single calls, whose
// number and duration depend on more than the rooms, and those of agents.
func samplesOf(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	samples := make(map[string]float64)
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "livechat_api_") || f.GetName() == "livechat_department_agents" {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			samples[f.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return samples
}
