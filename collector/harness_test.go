package collector_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // The zones of these tests must not depend on the machine.

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"

	"livechat_exporter/collector"
	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
	"livechat_exporter/internal/window"
)

// Metrics and series.
const (
	abandonedRooms = "livechat_department_abandoned_rooms"
	allRooms       = "livechat_department_rooms"
	awaitingReply  = "livechat_department_rooms_awaiting_reply"
	abandonments   = "livechat_department_abandonments_total"
	enabled        = "livechat_department_enabled"
	up             = "livechat_up"
	periodStart    = "livechat_abandonments_period_start_timestamp_seconds"
	success6h      = `livechat_refresh_success{resource="abandoned_rooms",window="6h"}`
	timestamp6h    = `livechat_refresh_timestamp_seconds{resource="abandoned_rooms",window="6h"}`
	complete6h     = `livechat_refresh_complete{resource="abandoned_rooms",window="6h"}`
	windowStart6h  = `livechat_window_start_timestamp_seconds{resource="abandoned_rooms",window="6h"}`
)

// routes are those of all resources.
var routes = []*rocketchat.Route{
	rocketchat.TotalAbandonedChats, rocketchat.AmountOfChats, rocketchat.Departments, rocketchat.Inquiries, rocketchat.AgentsStatus,
}

// runCases runs each case in a bubble of its own.
func runCases[T any](t *testing.T, cases map[string]T, run func(t *testing.T, c T)) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { run(t, c) }) })
	}
}

// rooms are numbers by department.
type rooms = map[string]float64

// exporter is a workspace on a simulated server, as the program wires it.
type exporter struct {
	server    *rocketchattest.Workspace
	options   collector.Options
	workspace *collector.Workspace
	log       *bytes.Buffer
}

// setup is how an exporter is wired.
type setup struct {
	collector.Options
	at     string // When it starts.
	server *rocketchattest.Workspace
	limit  budget.Limit
}

// start wires an exporter with the windows 6h, 24h and today and nothing else.
func start(t *testing.T, change ...func(*setup)) *exporter {
	t.Helper()
	e := &exporter{log: new(bytes.Buffer)}
	s := setup{
		Options: collector.Options{
			Windows: []window.Window{rolling("6h", 6*time.Hour), rolling("24h", 24*time.Hour), calendar(window.Today)},
			Metrics: collector.NewAPIMetrics(routes),
			Zone:    time.UTC, InactivityTimeout: time.Hour, MaxAge: 5 * time.Minute,
			Now: time.Now, Logger: level.NewFilter(log.NewLogfmtLogger(log.NewSyncWriter(e.log)), level.AllowInfo()),
		},
		at:     "2000-01-01T10:20:00Z",
		server: rocketchattest.New(rocketchattest.Latest),
		limit:  budget.Limit{Calls: 10, Per: model.Duration(time.Minute)},
	}
	for _, c := range change {
		c(&s)
	}
	if s.limit.Calls == 0 {
		s.server.Configure(func(s *rocketchattest.Settings) { s.RateLimit.Calls = 0 })
	}
	client := rocketchat.New(rocketchat.Options{
		URL:       &url.URL{Scheme: "http", Host: "chat.example.com"},
		Transport: s.server.Transport(),
		Credentials: rocketchat.AccessToken(
			func(context.Context) (string, error) { return rocketchattest.UserID, nil },
			func(context.Context) (string, error) { return rocketchattest.AuthToken, nil }),
		Budget:  budget.New(time.Now).Server("http://chat.example.com:80", s.limit),
		Timeout: 30 * time.Second,
		Observe: s.Metrics.Observe,
		Now:     time.Now,
	})
	s.API = client
	time.Sleep(time.Until(instant(s.at))) // It may have passed.
	e.server, e.options, e.workspace = s.server, s.Options, collector.NewWorkspace(s.Options)
	t.Cleanup(func() {
		e.workspace.Close()
		client.CloseIdleConnections()
	})
	return e
}

func everything(s *setup) { s.Rooms, s.Counter, s.Departments, s.Live = true, true, true, true }
func noList(s *setup)     { s.Departments = false }
func noLimit(s *setup)    { s.limit.Calls = 0 } // On both sides.

func limit(calls int) func(*setup)                     { return func(s *setup) { s.limit.Calls = calls } }
func at(text string) func(*setup)                      { return func(s *setup) { s.at = text } }
func on(server *rocketchattest.Workspace) func(*setup) { return func(s *setup) { s.server = server } }
func windows(all ...window.Window) func(*setup)        { return func(s *setup) { s.Windows = all } }

func rolling(name string, length time.Duration) window.Window {
	return window.Window{Name: name, Duration: length}
}

func calendar(word window.Calendar) window.Window {
	return window.Window{Name: string(word), Calendar: word}
}

func department(id, name string) rocketchattest.Department {
	return rocketchattest.Department{ID: id, Name: name}
}

// refreshed sets the refresh interval of all windows.
func refreshed(refresh time.Duration) func(*setup) {
	return func(s *setup) {
		for i := range s.Windows {
			s.Windows[i].Refresh = refresh
		}
	}
}

func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

func until(text string) { time.Sleep(time.Until(instant(text))) }

// closed is an abandoned room that was opened and closed at these times, to come or past.
func closed(departmentID string, opened, at time.Time) rocketchattest.Room {
	return rocketchattest.Room{DepartmentID: departmentID, OpenedAt: opened, ClosedAt: at, Answered: true, VisitorInactivity: new(time.Hour)}
}

// abandon adds abandoned rooms that were opened so long ago and closed 2 hours later.
func (e *exporter) abandon(departmentID string, n int, ago time.Duration) (ids []rocketchattest.RoomID) {
	opened := time.Now().Add(-ago)
	for range n {
		ids = append(ids, e.server.AddRooms(closed(departmentID, opened, opened.Add(2*time.Hour)))...)
	}
	return ids
}

// of matches the calls of a route.
func of(route *rocketchat.Route) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/"+route.Name) }
}

// onlyWindow matches the calls for a rolling window of that length.
func onlyWindow(length time.Duration) func(*http.Request) bool {
	return func(r *http.Request) bool {
		start, end := r.URL.Query().Get("start"), r.URL.Query().Get("end")
		return start != "" && instant(end).Sub(instant(start)) == length
	}
}

// gather makes a page, whose series stay as they are until done.
func (e *exporter) gather(t *testing.T) (p page, done func()) {
	t.Helper()
	const deadline = 10 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	begin := time.Now()
	p, done, err := e.workspace.Scrape(ctx).Gather()
	if took := time.Since(begin); err != nil || took > deadline {
		t.Fatalf("the page took %v, error %v", took, err)
	}
	return p, done
}

// scrape returns a copy of a page. It checks that no series is on it twice.
func (e *exporter) scrape(t *testing.T) page {
	t.Helper()
	p, done := e.gather(t)
	for i := range p {
		p[i], _ = proto.Clone(p[i]).(*dto.MetricFamily)
	}
	done()
	if _, err := (prometheus.Gatherers{p}).Gather(); err != nil {
		t.Fatalf("the page is inconsistent: %v", err)
	}
	return p
}

// page is what a scrape brought. It is a gatherer of itself.
type page []*dto.MetricFamily

func (p page) Gather() ([]*dto.MetricFamily, error) { return p, nil }

// String is the page in the text format.
func (p page) String() string {
	var b strings.Builder
	for _, f := range p {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			panic(err) // A strings.Builder takes everything.
		}
	}
	return b.String()
}

// value returns the value of a series in the text format, such as livechat_up.
func (p page) value(series string) string {
	for line := range strings.Lines(p.String()) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "absent"
}

// want checks the values of series.
func (p page) want(t *testing.T, series map[string]string) {
	t.Helper()
	for _, s := range slices.Sorted(maps.Keys(series)) {
		if got := p.value(s); got != series[s] {
			t.Errorf("%s is %s, want %s", s, got, series[s])
		}
	}
}

// series yields the labels and the value of each series of a metric.
func (p page) series(metric string, yield func(labels map[string]string, value float64)) {
	for _, f := range p {
		if f.GetName() != metric {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := make(map[string]string)
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			yield(labels, m.GetGauge().GetValue()+m.GetCounter().GetValue())
		}
	}
}

// numbers are a metric's values by department, those of a window if it has windows.
func (p page) numbers(metric, name string) rooms {
	numbers := make(rooms)
	p.series(metric, func(labels map[string]string, value float64) {
		if labels["window"] == name {
			numbers[labels["department_id"]] = value
		}
	})
	return numbers
}

// wantNumbers checks the numbers of a metric; nil if there must be none.
func (p page) wantNumbers(t *testing.T, metric, name string, want rooms) {
	t.Helper()
	if got := p.numbers(metric, name); !maps.Equal(got, want) {
		t.Errorf("%s of %q is %v, want %v", metric, name, got, want)
	}
}

func (p page) wantCounter(t *testing.T, want rooms) {
	t.Helper()
	p.wantNumbers(t, abandonments, "", want)
}

// wantSummary checks the departments by id, name, abandoned rooms of the window 6h, and
// counter. All windows and the counter must have the same departments.
func (p page) wantSummary(t *testing.T, want string) {
	t.Helper()
	six, counter := p.numbers(abandonedRooms, "6h"), p.numbers(abandonments, "")
	var departments []string
	p.series("livechat_department_info", func(labels map[string]string, _ float64) {
		id, numbers := labels["department_id"], "- -"
		if _, ok := counter[id]; ok {
			numbers = fmt.Sprint(six[id], " ", counter[id])
		}
		departments = append(departments, fmt.Sprintf("%s=%s %s", id, labels["department"], numbers))
	})
	slices.Sort(departments)
	if got := strings.Join(departments, ", "); got != want {
		t.Errorf("the departments are %s, want %s", got, want)
	}
	ids := slices.Sorted(maps.Keys(counter))
	for _, metric := range []string{abandonedRooms, allRooms, awaitingReply} {
		for _, name := range []string{"6h", "24h", "today"} {
			if got := slices.Sorted(maps.Keys(p.numbers(metric, name))); !slices.Equal(got, ids) {
				t.Errorf("%s of %s has the departments %q, the counter %q", metric, name, got, ids)
			}
		}
	}
}
