package main

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"livechat_exporter/collector"
	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
	"livechat_exporter/internal/window"
)

// The pages of the history are those of the exporter: its own collector, asking the
// double of the same workspace at the same moments, has the same series and values.
func TestPagesAreTheCollectors(t *testing.T) {
	t.Parallel()
	now := end0
	simulated := mainWorkspace(now, weather{})
	exported, double := realWorkspace(t, chats(now, traffic.Departments(), 1, []incident{earlier, present}), &now)

	march := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	for _, at := range []time.Time{
		march.Add(-20 * day), march.Add(-time.Minute), march, march.Add(time.Minute), march.Add(10 * time.Hour),
		end0.Add(-19 * time.Hour), end0.Add(-time.Hour), end0,
	} {
		now = at
		double.SetAgents(simulated.company.Agents(at)...)
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(simulated.observe(scrape{at: at, whole: true}))
		got := samplesOf(t, registry)
		want := samplesOf(t, prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
			families, done, err := exported.Scrape(t.Context()).Gather()
			defer done()
			return families, err
		}))
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
func realWorkspace(t *testing.T, rooms []rocketchattest.Room, now *time.Time) (exported *collector.Workspace, double *rocketchattest.Workspace) {
	t.Helper()
	clock := func() time.Time { return *now }
	double = rocketchattest.New(rocketchattest.Latest)
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
	metrics := collector.NewAPIMetrics(nil)
	client := rocketchat.New(rocketchat.Options{
		URL:       &url.URL{Scheme: "http", Host: "chat.example.com"},
		Transport: double.Transport(),
		Credentials: rocketchat.AccessToken(
			func(context.Context) (string, error) { return rocketchattest.UserID, nil },
			func(context.Context) (string, error) { return rocketchattest.AuthToken, nil }),
		Budget:  budget.New(clock).Server("http://chat.example.com:80", budget.Limit{Per: model.Minute}),
		Timeout: 30 * time.Second,
		Observe: metrics.Observe,
		Now:     clock,
	})
	options := collector.Options{
		API: client, Metrics: metrics, Rooms: true, Counter: true, Departments: true, Live: true,
		Zone: time.UTC, InactivityTimeout: traffic.InactivityTimeout, MaxAge: maxAge, Now: clock, Logger: log.NewNopLogger(),
	}
	for _, name := range slices.Sorted(maps.Keys(windows)) {
		if name == "today" {
			options.Windows = append(options.Windows, window.Window{Name: name, Calendar: window.Today})
		} else {
			options.Windows = append(options.Windows, window.Window{Name: name, Duration: windows[name]})
		}
	}
	exported = collector.NewWorkspace(options)
	t.Cleanup(func() {
		exported.Close()
		client.CloseIdleConnections()
	})
	return exported, double
}

// samplesOf are the gauges and counters of a page, but those of single calls, whose
// number and duration depend on more than the rooms, and the departments' agents.
func samplesOf(t *testing.T, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
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
