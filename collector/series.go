package collector

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// series are those of a page by their metric, as the client library's encoders take
// them. They are valid without a registry's checks: their names and labels are those of
// the metrics, their values were checked with the server's answer, and each stands once.
type series map[*metric][]*dto.Metric

// maxLabels is how many labels a metric of the page has at most.
const maxLabels = 2

// gauge adds a gauge with the values of its labels, in the order of the metric's.
func (s series) gauge(m *metric, value float64, labels ...string) {
	one := new(struct { // In one place: a page has some dozen of them.
		metric dto.Metric
		gauge  dto.Gauge
		value  float64
		labels [maxLabels]*dto.LabelPair
		pairs  [maxLabels]dto.LabelPair
		values [maxLabels]string
	})
	one.value = value
	one.gauge.Value = &one.value
	one.metric.Gauge = &one.gauge
	for i := range copy(one.values[:], labels) {
		one.pairs[i].Name, one.pairs[i].Value = &m.labels[i], &one.values[i]
		one.labels[i] = &one.pairs[i]
	}
	one.metric.Label = one.labels[:len(labels):len(labels)]
	s[m] = append(s[m], &one.metric)
}

// boolGauge adds a gauge of 1 or 0.
func (s series) boolGauge(m *metric, value bool, labels ...string) {
	s.gauge(m, boolValue(value), labels...)
}

func boolValue(value bool) float64 {
	if value {
		return 1
	}
	return 0
}

// timeGauge adds a gauge of Unix seconds. A double holds the milliseconds of any
// present date exactly enough to read them back.
func (s series) timeGauge(m *metric, at time.Time, labels ...string) {
	s.gauge(m, float64(at.UnixMilli())/1e3, labels...)
}

// labelPair is a label. It may be shared by any number of series.
func labelPair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: &name, Value: &value}
}

// sort brings the series of a metric into the order of the values of their labels.
func (s series) sort(m *metric) {
	slices.SortFunc(s[m], func(a, b *dto.Metric) int {
		return slices.CompareFunc(a.Label, b.Label, func(a, b *dto.LabelPair) int {
			return cmp.Compare(a.GetValue(), b.GetValue())
		})
	})
}

// families are the series as a gatherer hands them over, in the order of their names.
func (s series) families() []*dto.MetricFamily {
	families := make([]*dto.MetricFamily, 0, len(metrics))
	for _, m := range metrics {
		if len(s[m]) > 0 {
			families = append(families, &dto.MetricFamily{Name: &m.name, Help: &m.help, Type: &m.kind, Metric: s[m]})
		}
	}
	return families
}

// collect hands the series to a registry.
func (s series) collect(ch chan<- prometheus.Metric) {
	for _, m := range metrics {
		for _, one := range s[m] {
			ch <- collected{desc: m.desc, one: one}
		}
	}
}

// collected is a series in the hands of a registry.
type collected struct {
	desc *prometheus.Desc
	one  *dto.Metric
}

// Desc implements prometheus.Metric.
func (c collected) Desc() *prometheus.Desc { return c.desc }

// Write implements prometheus.Metric.
func (c collected) Write(to *dto.Metric) error {
	to.Label, to.Gauge, to.Counter = c.one.Label, c.one.Gauge, c.one.Counter
	return nil
}
