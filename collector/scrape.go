package collector

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Scrape is one scrape of a workspace, which makes one page. It is used once, in one of
// two ways: as a gatherer it hands over the page as it is, which nothing has to check or
// to copy; as a collector it hands the same series to a registry, which checks them.
type Scrape interface {
	prometheus.Collector
	prometheus.TransactionalGatherer
}

// scrape collects one page of a workspace. It is used for one request.
type scrape struct {
	ctx       context.Context //nolint:containedctx // Neither Collect nor Gather has a parameter for the request's context.
	workspace *Workspace
}

// Describe implements prometheus.Collector.
func (s *scrape) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range metrics {
		ch <- m.desc
	}
	s.workspace.options.Calls.Describe(ch)
}

// Collect implements prometheus.Collector: it asks the workspace for what is due, and
// writes the whole page, whatever came.
func (s *scrape) Collect(ch chan<- prometheus.Metric) {
	all, _ := s.series(nil) // Nobody tells when a registry needs them no more.
	all.collect(ch)
	s.workspace.options.Calls.Collect(ch) // Last, so that it counts this scrape's calls.
}

// Gather implements prometheus.TransactionalGatherer: it does what Collect does.
func (s *scrape) Gather() (families []*dto.MetricFamily, done func(), err error) {
	kept := &s.workspace.departments
	all, departments := s.series(kept.Swap(nil))
	calls, err := s.workspace.options.Calls.families()
	families = append(all.families(), calls...)
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, func() { kept.Store(departments) }, err
}

// series asks for what is due and returns the page, and the departments' part of it,
// which was made before if that is possible.
func (s *scrape) series(before *departmentSeries) (series, *departmentSeries) {
	w := s.workspace
	w.refresh(s.ctx)
	w.logChanges()
	now := w.options.Now()
	p := w.page(now)

	all := make(series, len(metrics))
	departments := before
	if before == nil || !before.serves(&p) {
		departments = newDepartmentSeries(&p, w.options.Windows)
	}
	departments.fill(&p, all)
	for _, a := range p.answers {
		a.add(all)
	}
	for _, r := range w.resources {
		r.current().add(all, r.name, r.window.name)
	}
	all.boolGauge(upMetric, w.up(now))
	all.gauge(inactivityTimeoutMetric, w.options.InactivityTimeout.Seconds())
	for _, m := range []*metric{refreshSuccessMetric, refreshTimestampMetric, refreshCompleteMetric, windowStartMetric, windowEndMetric} {
		all.sort(m)
	}
	return all, departments
}

// add adds how the attempts of a resource ended.
func (s refreshState) add(all series, labels ...string) {
	if !s.endedAt.IsZero() {
		all.boolGauge(refreshSuccessMetric, s.failure == failure{}, labels...)
	}
	if !s.askedAt.IsZero() {
		all.timeGauge(refreshTimestampMetric, s.askedAt, labels...)
	}
}

// add adds what is to be known of an answer besides its numbers.
func (a exportedAnswer) add(all series) {
	labels := []string{a.resource.name, a.resource.window.name}
	all.boolGauge(refreshCompleteMetric, a.complete, labels...)
	if a.period != (Period{}) {
		all.timeGauge(windowStartMetric, a.period.Start, labels...)
		all.timeGauge(windowEndMetric, a.period.End, labels...)
	}
	if !a.counter.IsZero() && a.others {
		all.timeGauge(periodStartMetric, a.counter)
	}
}
