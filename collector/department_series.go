package collector

import (
	"cmp"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// departmentSeries are the series of a workspace's departments. They belong to one page
// at a time, and serve the next one too if it has the same departments of the same names.
type departmentSeries struct {
	ids, names []string
	windows    []string // In order.

	idLabels, windowLabels []*dto.LabelPair
	info                   []*dto.Metric
	grids                  map[*metric]*grid
}

// newDepartmentSeries makes what the series of the page's departments have in common.
func newDepartmentSeries(p *page, windows []Window) *departmentSeries {
	s := &departmentSeries{ids: p.ids, grids: make(map[*metric]*grid)}
	for _, w := range windows {
		s.windows = append(s.windows, w.name)
	}
	slices.Sort(s.windows)
	for _, name := range s.windows {
		s.windowLabels = append(s.windowLabels, labelPair(labelWindow, name))
	}
	info := series{}
	for id, listed := range p.departments {
		name := departmentName(id, listed)
		s.names = append(s.names, name)
		s.idLabels = append(s.idLabels, labelPair(labelDepartmentID, id))
		info.gauge(departmentInfoMetric, 1, name, id)
	}
	info.sort(departmentInfoMetric)
	s.info = info[departmentInfoMetric]
	return s
}

// serves reports whether these are the departments of the page.
func (s *departmentSeries) serves(p *page) bool {
	if !slices.Equal(s.ids, p.ids) {
		return false
	}
	i := 0
	for id, listed := range p.departments {
		if s.names[i] != departmentName(id, listed) {
			return false
		}
		i++
	}
	return true
}

// clear takes all values away.
func (s *departmentSeries) clear() {
	for _, g := range s.grids {
		g.shown = g.shown[:0]
	}
}

// grid returns the metric's series.
func (s *departmentSeries) grid(m *metric) *grid {
	g := s.grids[m]
	if g == nil {
		var windows []*dto.LabelPair
		if slices.Contains(m.labels, labelWindow) {
			windows = s.windowLabels
		}
		g = newGrid(m, s.idLabels, windows)
		s.grids[m] = g
	}
	return g
}

// column returns the place of a window in a grid; 0 for those without windows.
func (s *departmentSeries) column(window string) int {
	return max(0, slices.Index(s.windows, window))
}

// fill gives the series the values of a page of these departments, and adds them to the
// others.
func (s *departmentSeries) fill(p *page, all series) {
	s.clear()
	var columns []column
	for _, a := range p.answers {
		if a.resource.metric == nil {
			continue
		}
		c := column{answer: a.answer, rest: a.counts, grid: s.grid(a.resource.metric), at: s.column(a.resource.window.name)}
		if c.grid.created != nil {
			c.grid.created.Seconds = a.counter.Unix()
		}
		columns = append(columns, c)
	}
	slices.SortFunc(columns, func(a, b column) int { return cmp.Compare(a.at, b.at) })
	i := 0
	for id, listed := range p.departments {
		for c := range columns {
			columns[c].set(i, id)
		}
		if listed != nil {
			s.grid(departmentEnabledMetric).set(i, 0, boolValue(listed.Enabled))
			if listed.Agents >= 0 {
				s.grid(departmentAgentsMetric).set(i, 0, float64(listed.Agents))
			}
		}
		i++
	}
	for m, g := range s.grids {
		all[m] = g.shown
	}
	all[departmentInfoMetric] = s.info
}
