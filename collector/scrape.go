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
		abandonedRoomsDesc, upDesc, refreshSuccessDesc, refreshTimestampDesc, refreshCompleteDesc,
		windowStartDesc, windowEndDesc, inactivityTimeoutDesc,
	} {
		ch <- desc
	}
	s.workspace.options.Calls.Describe(ch)
}

// Collect implements prometheus.Collector: it asks the workspace and writes the
// whole page, whatever came.
func (s *scrape) Collect(ch chan<- prometheus.Metric) {
	w := s.workspace
	for _, a := range w.refresh(s.ctx) {
		a.collect(ch)
	}
	ch <- boolGauge(upDesc, up(w.states(), w.options.Now()))
	ch <- gauge(inactivityTimeoutDesc, w.options.InactivityTimeout.Seconds())
	w.options.Calls.Collect(ch) // Last, so that it counts this scrape's calls.
}

// collect writes what the attempt brought, and how the resource stands now: another
// scrape's attempt may have ended meanwhile.
func (a *attempt) collect(ch chan<- prometheus.Metric) {
	labels := []string{a.resource.name, a.resource.window.Name()}
	state := a.resource.current()
	if !state.endedAt.IsZero() {
		ch <- boolGauge(refreshSuccessDesc, state.failure == failure{}, labels...)
	}
	if !state.askedAt.IsZero() {
		ch <- timeGauge(refreshTimestampDesc, state.askedAt, labels...)
	}
	if a.err != nil {
		return // No number that was not measured, and no 0 in its place.
	}
	ch <- boolGauge(refreshCompleteDesc, a.answer.complete, labels...)
	ch <- timeGauge(windowStartDesc, a.answer.period.Start, labels...)
	ch <- timeGauge(windowEndDesc, a.answer.period.End, labels...)
	for _, m := range a.answer.metrics {
		ch <- m
	}
}
