package e2e

import (
	"bytes"
	"cmp"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata" // The zones of the stories must not depend on the machine.

	"github.com/go-kit/log"
	prometheusclient "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"livechat_exporter/collector"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// storyInterval is between two scrapes of a story.
const storyInterval = time.Minute

// story is what happens in a workspace in some hours of simulated time, while the
// exporter's collector is scraped. Many hours take a moment.
type story struct {
	instance string
	from, to time.Time // Scrapes are at from, and each interval after it, up to to.
	zone     *time.Location
	turn     time.Time // When a month turns in it; zero if none does.
	// exporters are how much later than the others each one is scraped.
	exporters []time.Duration
	// windows are asked for, with the rooms opened in them; none if it is empty.
	windows []collector.Window

	departments []rocketchattest.Department
	rooms       []rocketchattest.Room // Scheduled.
	// before is called before each scrape, if it is not nil.
	before func(s *staged, at time.Time)
	// lag is the farthest that a replica is ever behind.
	lag time.Duration
}

// staged is a story while it is told.
type staged struct {
	*story

	double *rocketchattest.Workspace
	ids    []rocketchattest.RoomID // Of the story's rooms.
	clock  atomic.Int64            // Milliseconds since the epoch.
	// workspaces are what the exporters know, and end what ends each.
	workspaces []*collector.Workspace
	end        []func()
}

func (s *staged) now() time.Time { return time.UnixMilli(s.clock.Load()).UTC() }

// restart lets all exporters forget what they know.
func (s *staged) restart() {
	for i := range s.workspaces {
		if s.end[i] != nil {
			s.end[i]()
		}
		s.workspaces[i], s.end[i] = s.exporter()
	}
}

// exporter wires the collector as the program does, without a limit of calls.
func (s *staged) exporter() (workspace *collector.Workspace, end func()) {
	calls := collector.NewAPICalls()
	client := rocketchat.New(rocketchat.Options{
		URL:       &url.URL{Scheme: "http", Host: "chat.example.com"},
		Transport: s.double.Transport(),
		Credentials: rocketchat.AccessToken(
			func() (string, error) { return rocketchattest.UserID, nil },
			func() (string, error) { return rocketchattest.AuthToken, nil }),
		Observe: calls.Observe,
		Now:     s.now,
	})
	w := collector.NewWorkspace(collector.Options{
		API: client, Calls: calls, Windows: s.windows, Rooms: true, Counter: true, Departments: true,
		Zone: s.zone, InactivityTimeout: time.Hour, MaxAge: 5 * time.Minute, Now: s.now, Logger: log.NewNopLogger(),
	})
	return w, func() {
		w.Close()
		client.CloseIdleConnections()
	}
}

// tell scrapes through the story, and writes what Prometheus would have stored.
func (s *story) tell(t *testing.T, out *bytes.Buffer) {
	t.Helper()
	told := &staged{
		story: s, double: rocketchattest.New(rocketchattest.Latest),
		workspaces: make([]*collector.Workspace, len(s.exporters)), end: make([]func(), len(s.exporters)),
	}
	told.clock.Store(s.from.UnixMilli())
	told.double.Configure(func(settings *rocketchattest.Settings) {
		settings.Now, settings.RequestLog, settings.RateLimit.Calls = told.now, 0, 0
	})
	told.double.AddDepartments(s.departments...)
	told.ids = told.double.AddRooms(s.rooms...)
	told.restart()
	for at := s.from; !at.After(s.to); at = at.Add(storyInterval) {
		for i, later := range s.exporters {
			told.clock.Store(at.Add(later).UnixMilli())
			if s.before != nil {
				s.before(told, at.Add(later))
			}
			told.scrape(t, i, out)
		}
	}
	for _, end := range told.end {
		end()
	}
}

// stored are the metrics that the stories are about.
var stored = []string{
	"livechat_department_abandonments_total", "livechat_abandonments_period_start_timestamp_seconds",
	"livechat_department_abandoned_rooms", "livechat_department_rooms", "livechat_department_info",
}

// scrape writes a page with its time, and the labels that Prometheus gives its target.
func (s *staged) scrape(t *testing.T, exporter int, out *bytes.Buffer) {
	t.Helper()
	registry := prometheusclient.NewPedanticRegistry()
	registry.MustRegister(s.workspaces[exporter].Scrape(t.Context()))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	target := []*dto.LabelPair{{Name: new("job"), Value: new("livechat")}, {Name: new("instance"), Value: new(s.instance)}}
	if len(s.exporters) > 1 {
		target = append(target, &dto.LabelPair{Name: new("exporter"), Value: new(exporterName(exporter))})
	}
	for _, f := range families {
		if !slices.Contains(stored, f.GetName()) {
			continue
		}
		for _, m := range f.GetMetric() {
			m.Label = append(m.Label, target...)
			slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
			m.TimestampMs = new(s.clock.Load())
		}
		if _, err := expfmt.MetricFamilyToOpenMetrics(out, f); err != nil {
			t.Fatal(err)
		}
	}
}

// exporterName tells the exporters of a story apart.
func exporterName(i int) string { return "abc"[i : i+1] }

// startStories tells stories and starts a Prometheus that has stored them.
func startStories(t *testing.T, stories ...*story) *prometheus {
	t.Helper()
	var text bytes.Buffer
	for _, s := range stories {
		s.tell(t, &text)
	}
	if _, err := expfmt.FinalizeOpenMetrics(&text); err != nil {
		t.Fatal(err)
	}
	storage := filepath.Join(t.TempDir(), "data")
	if output, err := runTool(t, programs.promtool, "tsdb", "create-blocks-from", "openmetrics",
		"--max-block-duration=720h", "--quiet", writeFile(t, "stories.om", text.String()), storage); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return startPrometheusOn(t, storage)
}

// lookback is for how long a sample is the present. A scrape marks the series that have
// gone; what is imported has no such marks.
const lookback = "1m"

// between are the values that a query has at each scrape of a story's first exporter in a
// time, under the series without the target's labels.
func (p *prometheus) between(t *testing.T, query string, from, to time.Time) map[time.Time]values {
	t.Helper()
	var matrix struct {
		Result []struct {
			Metric labels
			Values []point
		}
	}
	if err := p.call(t, "query_range", url.Values{
		"query": {query}, "start": {from.Format(time.RFC3339)}, "end": {to.Format(time.RFC3339)}, "step": {storyInterval.String()},
		"lookback_delta": {lookback},
	}, &matrix); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	found := make(map[time.Time]values)
	for at := from; !at.After(to); at = at.Add(storyInterval) {
		found[at] = make(values)
	}
	for _, s := range matrix.Result {
		delete(s.Metric, "__name__")
		for _, v := range s.Values {
			found[time.UnixMilli(v.at).UTC()][s.Metric.series()] = v.value
		}
	}
	return found
}

// closings is how many of the story's rooms of a department closed after one time and up
// to another.
func (s *story) closings(department string, after, upTo time.Time) int {
	n := 0
	for _, r := range s.rooms {
		if r.DepartmentID == strings.TrimPrefix(department, "none") && r.ClosedAt.After(after) && !r.ClosedAt.After(upTo) {
			n++
		}
	}
	return n
}

// departmentIDs are the departments that the story has numbers of, none included.
func (s *story) departmentIDs() []string {
	all := []string{"none"}
	for _, d := range s.departments {
		all = append(all, d.ID)
	}
	return all
}

// metrics are the labels of what a query has at a time.
func (p *prometheus) metrics(t *testing.T, query string, at time.Time) []labels {
	t.Helper()
	var vector struct{ Result []struct{ Metric labels } }
	if err := p.call(t, "query", url.Values{"query": {query}, "time": {at.Format(time.RFC3339)}, "lookback_delta": {lookback}}, &vector); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	found := make([]labels, len(vector.Result))
	for i, s := range vector.Result {
		found[i] = s.Metric
	}
	return found
}
