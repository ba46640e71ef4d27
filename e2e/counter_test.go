package e2e

import (
	"bytes"
	"cmp"
	"context"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata" // The time zones must not depend on the machine.

	"github.com/go-kit/log"
	client "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"livechat_exporter/collector"
	"livechat_exporter/internal/budget"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// These tests simulate hours: the collector is scraped in this process, its samples are
// imported into Prometheus, and the recorded increase of the counter is compared with the
// chats that were closed.

// newSimulatedExporter makes a collector as the program does, without a limit of calls,
// and with another clock. It is all that these tests need of the exporter's packages.
func newSimulatedExporter(w *rocketchattest.Workspace, zone *time.Location, now func() time.Time) (scrape func(context.Context) client.TransactionalGatherer, end func()) {
	metrics := collector.NewAPIMetrics(nil)
	api := rocketchat.New(rocketchat.Options{
		URL:       &url.URL{Scheme: "http", Host: "chat.example.com"},
		Transport: w.Transport(),
		Credentials: rocketchat.AccessToken(
			func(context.Context) (string, error) { return rocketchattest.UserID, nil },
			func(context.Context) (string, error) { return rocketchattest.AuthToken, nil }),
		Budget:  budget.New(now).Server("http://chat.example.com:80", budget.Limit{}),
		Timeout: time.Minute,
		Observe: metrics.Observe,
		Now:     now,
	})
	workspace := collector.NewWorkspace(collector.Options{
		API: api, Metrics: metrics, Counter: true, Departments: true,
		Zone: zone, InactivityTimeout: time.Hour, MaxAge: 5 * time.Minute, Now: now, Logger: log.NewNopLogger(),
	})
	return workspace.Scrape, func() {
		workspace.Close()
		api.CloseIdleConnections()
	}
}

// simulation is some hours of a workspace that is scraped each minute.
type simulation struct {
	instance string
	from, to time.Time
	zone     *time.Location
	turn     time.Time       // The turn of the month, if there is one.
	offsets  []time.Duration // Of the scrapes, one for each exporter.
	lag      time.Duration   // The most that a replica of the database is behind.
	rooms    []rocketchattest.Room
	before   func() // Called before each scrape.

	double *rocketchattest.Workspace
	clock  atomic.Int64 // Milliseconds since the epoch.
	scrape []func(context.Context) client.TransactionalGatherer
	end    []func()
}

const simulatedInterval = time.Minute

// simulationStart is on no turn of a month.
var simulationStart = time.Date(2026, time.October, 29, 8, 0, 0, 0, time.UTC)

// newSimulation is five hours with random chats, most of which are abandoned.
func newSimulation(instance string, seed uint64, from time.Time) *simulation {
	s := &simulation{
		instance: instance, from: from, to: from.Add(5 * time.Hour), zone: time.UTC, offsets: []time.Duration{0},
		before: func() {}, double: rocketchattest.New(rocketchattest.Latest),
	}
	random := rand.New(rand.NewPCG(seed, 11))
	for range 160 {
		closed := from.Add(-2 * time.Hour).Add(time.Duration(random.IntN(7*3600)) * time.Second)
		s.rooms = append(s.rooms, rocketchattest.Room{
			DepartmentID: []string{"sales", "support", ""}[random.IntN(3)], Answered: true, VisitorInactivity: new(time.Hour),
			OpenedAt: closed.Add(-time.Hour - time.Duration(random.IntN(7200))*time.Second), ClosedAt: closed,
		})
	}
	for _, id := range []string{"sales", "support", "quiet"} {
		s.double.AddDepartments(rocketchattest.Department{ID: id, Name: id, Agents: 4})
	}
	return s
}

func (s *simulation) now() time.Time { return time.UnixMilli(s.clock.Load()).UTC() }

// restart replaces all exporters, which lose their state.
func (s *simulation) restart() {
	for _, end := range s.end {
		end()
	}
	s.scrape, s.end = nil, nil
	for range s.offsets {
		scrape, end := newSimulatedExporter(s.double, s.zone, s.now)
		s.scrape, s.end = append(s.scrape, scrape), append(s.end, end)
	}
}

// run writes what Prometheus would have stored.
func (s *simulation) run(t *testing.T, out *bytes.Buffer) {
	t.Helper()
	s.clock.Store(s.from.UnixMilli())
	s.double.Configure(func(settings *rocketchattest.Settings) {
		settings.Now, settings.RequestLog, settings.RateLimit.Calls = s.now, 0, 0
	})
	s.double.AddRooms(s.rooms...)
	s.restart()
	for at := s.from; !at.After(s.to); at = at.Add(simulatedInterval) {
		for i, offset := range s.offsets {
			s.clock.Store(at.Add(offset).UnixMilli())
			s.before()
			families, done, err := s.scrape[i](t.Context()).Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				if name := f.GetName(); name == "livechat_department_abandonments_total" || name == "livechat_abandonments_period_start_timestamp_seconds" {
					s.write(t, out, proto.CloneOf(f), strconv.Itoa(i))
				}
			}
			done()
		}
	}
	for _, end := range s.end {
		end()
	}
}

// write writes a metric with the time and the labels of its target.
func (s *simulation) write(t *testing.T, out *bytes.Buffer, f *dto.MetricFamily, exporter string) {
	t.Helper()
	for _, m := range f.GetMetric() {
		m.Label = append(m.Label, &dto.LabelPair{Name: new("job"), Value: new("livechat")},
			&dto.LabelPair{Name: new("instance"), Value: new(s.instance)}, &dto.LabelPair{Name: new("exporter"), Value: new(exporter)})
		slices.SortFunc(m.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
		m.TimestampMs = new(s.clock.Load())
	}
	if _, err := expfmt.MetricFamilyToOpenMetrics(out, f); err != nil {
		t.Fatal(err)
	}
}

// runSimulations starts a Prometheus that has the samples of simulations.
func runSimulations(t *testing.T, simulations ...*simulation) *prometheus {
	t.Helper()
	var text bytes.Buffer
	for _, s := range simulations {
		s.run(t, &text)
	}
	if _, err := expfmt.FinalizeOpenMetrics(&text); err != nil {
		t.Fatal(err)
	}
	return startImported(t, text.String())
}

// closed counts the chats of a department that were closed after one time and up to
// another.
func (s *simulation) closed(department string, after, upTo time.Time) int {
	n := 0
	for _, r := range s.rooms {
		if r.DepartmentID == strings.TrimPrefix(department, "none") && r.ClosedAt.After(after) && !r.ClosedAt.After(upTo) {
			n++
		}
	}
	return n
}

// bounds are those of the recorded increase. increase() counts what was closed between
// the first and the last sample of the hour and extrapolates it to the hour. A replica
// that is behind may hide something from each sample. What is closed after the last
// scrape of a month is in no sample.
func (s *simulation) bounds(department string, at time.Time) (least, most float64) {
	for _, offset := range s.offsets {
		first := at.Add(-time.Hour).Truncate(simulatedInterval).Add(offset)
		if !first.After(at.Add(-time.Hour)) {
			first = first.Add(simulatedInterval)
		}
		last := at.Truncate(simulatedInterval).Add(offset)
		if last.After(at) {
			last = last.Add(-simulatedInterval)
		}
		hidden := 0
		if first.Before(s.turn) && !last.Before(s.turn) {
			hidden = s.closed(department, s.turn.Add(-time.Millisecond).Truncate(simulatedInterval), s.turn.Add(-time.Millisecond))
		}
		least = max(least, float64(s.closed(department, first, last.Add(-s.lag))-hidden))
		most = max(most, float64(s.closed(department, first.Add(-s.lag), last)-hidden)*float64(time.Hour)/float64(last.Sub(first)))
	}
	return least, most
}

// checkIncrease compares what the shipped rule records with the closed chats.
func (s *simulation) checkIncrease(t *testing.T, p *prometheus) {
	t.Helper()
	rule := shippedRules(t).named(t, "instance_department:livechat_department_abandonments:increase1h").Expr
	from := s.from.Add(2 * time.Hour) // The rule needs an hour of the counter before its own.
	recorded := make(map[string]map[int64]float64)
	// A scrape marks series that have ended, but imported samples have no such marks.
	for _, r := range p.query(t, "query_range", rule, "start", from.Format(time.RFC3339), "end", s.to.Format(time.RFC3339), "step", "1m", "lookback_delta", "1m") {
		of := make(map[int64]float64)
		for _, v := range r.Values {
			of[v.at] = v.value
		}
		if r.Metric["instance"] == s.instance {
			recorded[r.Metric["department_id"]] = of
		}
	}
	checked := 0
	for at := from; !at.After(s.to); at = at.Add(simulatedInterval) {
		for _, id := range []string{"sales", "support", "quiet", "none"} {
			least, most := s.bounds(id, at)
			const rounding = 1e-9
			if value, ok := recorded[id][at.UnixMilli()]; !ok || value < least-rounding || value > most+rounding {
				t.Errorf("%s, %s at %s: got %v (exists: %t), want %v to %v", s.instance, id, at.Format(time.TimeOnly), value, ok, least, most)
			}
			if most > 0 {
				checked++
			}
		}
	}
	if checked < 100 {
		t.Errorf("%s: only %d hours had closed chats", s.instance, checked)
	}
}

// The recorded increase is the number of chats that were closed: also with replicas that
// are behind, restarts, two exporters, and turns of a month in several time zones.
func TestIncreaseIsTheClosedChats(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	behind := newSimulation("replicas behind", 2, simulationStart)
	behind.lag = 3 * time.Minute
	behind.before = func() {
		behind.double.Configure(func(settings *rocketchattest.Settings) {
			settings.ReplicaLag = time.Duration(random.Int64N(int64(behind.lag)))
		})
	}
	restarted := newSimulation("restarts", 3, simulationStart)
	restarted.before = func() {
		if random.IntN(20) == 0 {
			restarted.restart()
		}
	}
	pair := newSimulation("two exporters", 4, simulationStart)
	pair.offsets = []time.Duration{0, 20 * time.Second}
	simulations := []*simulation{newSimulation("random", 1, simulationStart), behind, restarted, pair}
	for zone, turn := range map[string]time.Time{
		"UTC":                time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC),
		"Pacific/Kiritimati": time.Date(2026, time.October, 31, 10, 0, 0, 0, time.UTC),
		"America/Havana":     time.Date(2026, time.November, 1, 4, 0, 0, 0, time.UTC), // Where midnight comes twice.
	} {
		s := newSimulation("month turns in "+zone, 5, turn.Add(-2*time.Hour))
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		s.zone, s.turn = location, turn
		for i := range 12 { // Open at the turn and closed together.
			s.rooms = append(s.rooms, rocketchattest.Room{
				DepartmentID: "support", OpenedAt: turn.Add(-time.Duration(i+1) * 30 * time.Minute), ClosedAt: turn.Add(150*time.Minute + time.Duration(i)*time.Second),
				Answered: true, VisitorInactivity: new(time.Hour),
			})
		}
		simulations = append(simulations, s)
	}
	p := runSimulations(t, simulations...)
	for _, s := range simulations {
		s.checkIncrease(t, p)
	}
}
