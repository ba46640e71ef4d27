package collector

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/window"
)

// This file builds a page. A page has thousands of series of departments, which differ
// from the page before in their values alone. Const metrics through a registry were
// measured at 2.3 times the CPU of a minimal program that does nothing but fetch, decode
// and print; so the departments' series are made once as the client library's encoders
// take them, kept from page to page, and only given values. What a registry would check
// holds by construction: names and labels are those of metrics.go, ids are valid UTF-8,
// and each series stands once.

// scrape is one scrape of a workspace. It is used once.
type scrape struct {
	ctx       context.Context
	workspace *Workspace
}

// Scrape returns a scrape, which ends when ctx does.
func (w *Workspace) Scrape(ctx context.Context) prometheus.TransactionalGatherer {
	return &scrape{ctx, w}
}

// Gather asks the workspace for what is due, and returns the whole page, whatever came.
// The series stay as they are until done is called. The only error is that of the API
// metrics' registry.
func (s *scrape) Gather() (families []*dto.MetricFamily, done func(), err error) {
	w := s.workspace
	w.refresh(s.ctx)
	w.logChanges()
	now := w.options.Now()
	p := w.page(now)
	departments := w.idle.Swap(nil) // Another page at the same time makes its own.
	if names := p.names(); departments == nil || !slices.Equal(departments.ids, p.ids) || !slices.Equal(departments.names, names) {
		departments = newDepartmentSeries(p.ids, names, w.options.Windows)
	}
	departments.fill(&p)
	families = departments.families()
	families = append(families, w.stateFamilies(&p, now)...)
	api, err := w.options.Metrics.registry.Gather()
	families = append(families, api...)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, func() { w.idle.Store(departments) }, err
}

// departmentSeries are the series of departments. They belong to one page at a time.
type departmentSeries struct {
	ids, names []string
	windows    []string // In order.
	info       *dto.MetricFamily
	grids      map[*metric]*grid

	idLabels, windowLabels []*dto.LabelPair
}

// grid is a metric's series of each department and window.
type grid struct {
	family  *dto.MetricFamily
	columns int          // How many windows there are, 1 for a metric without that label.
	cells   []dto.Metric // By department, then by window.
	values  []float64    // Of the cells.
	created *timestamppb.Timestamp
}

func newDepartmentSeries(ids, names []string, windows []window.Window) *departmentSeries {
	s := &departmentSeries{ids: ids, names: names, info: departmentInfoMetric.family(), grids: make(map[*metric]*grid)}
	for _, w := range windows {
		s.windows = append(s.windows, w.Name)
	}
	slices.Sort(s.windows)
	for i, id := range ids {
		s.info.Metric = append(s.info.Metric, departmentInfoMetric.gauge(1, names[i], id))
	}
	sortSeries(s.info)
	s.idLabels, s.windowLabels = labelPairs(labelDepartmentID, ids), labelPairs(labelWindow, s.windows)
	return s
}

// grid returns the series of a metric, which are made when they are first needed.
func (s *departmentSeries) grid(m *metric) *grid {
	if s.grids[m] == nil {
		var windows []*dto.LabelPair
		if slices.Contains(m.labels, labelWindow) {
			windows = s.windowLabels
		}
		s.grids[m] = newGrid(m, s.idLabels, windows)
	}
	return s.grids[m]
}

// labelPairs are labels that many series share.
func labelPairs(name string, values []string) []*dto.LabelPair {
	pairs := make([]*dto.LabelPair, len(values))
	for i := range values {
		pairs[i] = &dto.LabelPair{Name: &name, Value: &values[i]}
	}
	return pairs
}

func newGrid(m *metric, ids, windows []*dto.LabelPair) *grid {
	columns := max(1, len(windows))
	n := len(ids) * columns
	g := &grid{family: m.family(), columns: columns, cells: make([]dto.Metric, n), values: make([]float64, n)}
	g.family.Metric = make([]*dto.Metric, 0, n)
	labels := make([]*dto.LabelPair, 0, n*len(m.labels))
	for i := range g.cells {
		first := len(labels)
		labels = append(labels, ids[i/columns])
		if len(windows) > 0 {
			labels = append(labels, windows[i%columns])
		}
		g.cells[i].Label = labels[first:len(labels):len(labels)]
	}
	if m.kind == dto.MetricType_COUNTER {
		g.created = new(timestamppb.Timestamp)
		for i := range g.cells {
			g.cells[i].Counter = &dto.Counter{Value: &g.values[i], CreatedTimestamp: g.created}
		}
		return g
	}
	gauges := make([]dto.Gauge, n)
	for i := range g.cells {
		gauges[i].Value = &g.values[i]
		g.cells[i].Gauge = &gauges[i]
	}
	return g
}

// set exports a value. Cells are set in order.
func (g *grid) set(department, column int, value float64) {
	i := department*g.columns + column
	g.values[i] = value
	g.family.Metric = append(g.family.Metric, &g.cells[i])
}

// column is where the numbers of an answer go.
type column struct {
	grid     *grid
	index    int
	next     []rocketchat.Count // Those that have not been set.
	zeroFill bool
	rest     map[string]int64
}

// fill gives the series the values of a page with the same departments.
func (s *departmentSeries) fill(p *page) {
	for _, g := range s.grids {
		g.family.Metric = g.family.Metric[:0]
	}
	var columns []column
	for _, a := range p.answers {
		if a.resource.metric == nil {
			continue
		}
		g, index := s.grid(a.resource.metric), 0
		if a.counter {
			g.created.Seconds = a.period.Start.Unix()
		}
		if g.columns > 1 { // A window may have the counter's label, month.
			index = slices.Index(s.windows, a.resource.label)
		}
		columns = append(columns, column{g, index, a.counts, a.zeroFill, a.rest})
		if a.resource.metric == roomsMetric {
			columns = append(columns, column{s.grid(awaitingReplyMetric), index, a.awaitingReply.Departments, a.awaitingReply.Complete, nil})
		}
	}
	slices.SortFunc(columns, func(a, b column) int { return cmp.Compare(a.index, b.index) })
	p.departments(func(i int, id string, listed *rocketchat.Department) {
		for j := range columns {
			switch c := &columns[j]; {
			case len(c.next) > 0 && c.next[0].ID == id:
				c.grid.set(i, c.index, float64(c.next[0].Rooms))
				c.next = c.next[1:]
			case c.zeroFill:
				c.grid.set(i, c.index, float64(c.rest[id]))
			}
		}
		if listed != nil && listed.Enabled != nil {
			s.grid(departmentEnabledMetric).set(i, 0, boolValue(*listed.Enabled))
		}
		if listed != nil && listed.Agents >= 0 {
			s.grid(departmentAgentsMetric).set(i, 0, float64(listed.Agents))
		}
	})
}

// families are the families that have series.
func (s *departmentSeries) families() []*dto.MetricFamily {
	families := []*dto.MetricFamily{s.info}
	for _, g := range s.grids {
		if len(g.family.Metric) > 0 {
			families = append(families, g.family)
		}
	}
	return families
}

// stateFamilies are the metrics of the workspace's state.
func (w *Workspace) stateFamilies(p *page, now time.Time) []*dto.MetricFamily {
	up, timeout, periodStart := upMetric.family(), inactivityTimeoutMetric.family(), periodStartMetric.family()
	success, timestamp, complete := refreshSuccessMetric.family(), refreshTimestampMetric.family(), refreshCompleteMetric.family()
	start, end := windowStartMetric.family(), windowEndMetric.family()
	var live []*dto.MetricFamily
	up.Metric = append(up.Metric, upMetric.gauge(boolValue(w.up(now))))
	timeout.Metric = append(timeout.Metric, inactivityTimeoutMetric.gauge(w.options.InactivityTimeout.Seconds()))
	for _, r := range w.resources {
		s := r.current()
		if !s.endedAt.IsZero() {
			success.Metric = append(success.Metric, refreshSuccessMetric.gauge(boolValue(s.failure == failure{}), r.name, r.label))
		}
		if !s.askedAt.IsZero() {
			timestamp.Metric = append(timestamp.Metric, refreshTimestampMetric.gauge(seconds(s.askedAt), r.name, r.label))
		}
	}
	for _, a := range p.answers {
		labels := []string{a.resource.name, a.resource.label}
		complete.Metric = append(complete.Metric, refreshCompleteMetric.gauge(boolValue(a.complete), labels...))
		if a.period != (window.Period{}) {
			start.Metric = append(start.Metric, windowStartMetric.gauge(seconds(a.period.Start), labels...))
			end.Metric = append(end.Metric, windowEndMetric.gauge(seconds(a.period.End), labels...))
		}
		if a.live != nil {
			live = append(live, a.live)
		}
		if a.counter && a.zeroFill {
			periodStart.Metric = append(periodStart.Metric, periodStartMetric.gauge(seconds(a.period.Start)))
		}
	}
	families := []*dto.MetricFamily{up, timeout, periodStart, success, timestamp, complete, start, end}
	for _, f := range families {
		sortSeries(f)
	}
	return append(slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return len(f.Metric) == 0 }), live...)
}

// sortSeries orders the series of a family by the values of their labels.
func sortSeries(f *dto.MetricFamily) {
	slices.SortFunc(f.Metric, func(a, b *dto.Metric) int {
		return slices.CompareFunc(a.Label, b.Label, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetValue(), b.GetValue()) })
	})
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// seconds is a moment in Unix seconds, exact to the millisecond.
func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1e3 }
