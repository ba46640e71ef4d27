package collector

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
)

// scrape collects one page of a workspace. It is used for one request.
type scrape struct {
	ctx       context.Context //nolint:containedctx // Collect has no parameter for the request's context.
	workspace *Workspace
}

var _ prometheus.Collector = (*scrape)(nil)

// Describe implements prometheus.Collector.
func (s *scrape) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		abandonedRoomsDesc, abandonmentsDesc, periodStartDesc, roomsDesc,
		departmentInfoDesc, departmentEnabledDesc, departmentAgentsDesc,
		upDesc, refreshSuccessDesc, refreshTimestampDesc, refreshCompleteDesc,
		windowStartDesc, windowEndDesc, inactivityTimeoutDesc,
	} {
		ch <- desc
	}
	s.workspace.options.Calls.Describe(ch)
}

// Collect implements prometheus.Collector: it asks the workspace for what is due, and
// writes the whole page, whatever came.
func (s *scrape) Collect(ch chan<- prometheus.Metric) {
	w := s.workspace
	w.refresh(s.ctx)
	w.logChanges()
	now := w.options.Now()
	p := w.page(now)
	p.collectDepartments(ch)
	for _, a := range p.answers {
		a.collect(ch, p.ids)
	}
	for _, r := range w.resources {
		r.current().collect(ch, r.name, r.window.name)
	}
	ch <- boolGauge(upDesc, w.up(now))
	ch <- gauge(inactivityTimeoutDesc, w.options.InactivityTimeout.Seconds())
	w.options.Calls.Collect(ch) // Last, so that it counts this scrape's calls.
}

// collect writes how the attempts of a resource ended.
func (s refreshState) collect(ch chan<- prometheus.Metric, labels ...string) {
	if !s.endedAt.IsZero() {
		ch <- boolGauge(refreshSuccessDesc, s.failure == failure{}, labels...)
	}
	if !s.askedAt.IsZero() {
		ch <- timeGauge(refreshTimestampDesc, s.askedAt, labels...)
	}
}

// collect writes an answer.
func (a exportedAnswer) collect(ch chan<- prometheus.Metric, ids []string) {
	window := a.resource.window.name
	ch <- boolGauge(refreshCompleteDesc, a.complete, a.resource.name, window)
	if a.period != (Period{}) {
		ch <- timeGauge(windowStartDesc, a.period.Start, a.resource.name, window)
		ch <- timeGauge(windowEndDesc, a.period.End, a.resource.name, window)
	}
	var metric func(id string, number int64) prometheus.Metric
	switch a.resource.name {
	case abandonedRoomsResource:
		metric = func(id string, number int64) prometheus.Metric {
			return gauge(abandonedRoomsDesc, float64(number), id, window)
		}
	case roomsResource:
		metric = func(id string, number int64) prometheus.Metric { return gauge(roomsDesc, float64(number), id, window) }
	case abandonmentsResource:
		if a.others {
			ch <- timeGauge(periodStartDesc, a.counter)
		}
		metric = func(id string, number int64) prometheus.Metric {
			return counter(abandonmentsDesc, float64(number), a.counter, id)
		}
	default:
		return // The department list, which has no numbers of rooms.
	}
	a.numbers(ids, func(id string, number int64) { ch <- metric(id, number) })
}

// collectDepartments writes what is known of the departments themselves.
func (p *page) collectDepartments(ch chan<- prometheus.Metric) {
	for _, id := range p.ids {
		ch <- gauge(departmentInfoDesc, 1, id, p.name(id))
		listed, known := p.list[id]
		if !known {
			continue
		}
		ch <- boolGauge(departmentEnabledDesc, listed.Enabled, id)
		if listed.Agents >= 0 {
			ch <- gauge(departmentAgentsDesc, float64(listed.Agents), id)
		}
	}
}
