package collector

import (
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// writtenFamily is a family of series that live on from page to page, and that mostly
// stand still: only those that have changed are written again. What was handed over does
// not change.
type writtenFamily struct {
	name, help string
	kind       dto.MetricType
	series     []writtenSeries // In the order of their labels.
}

// writtenSeries is a series as it was when it was written last.
type writtenSeries struct {
	// labels are the values of its labels, in the order of the labels' names.
	labels []string
	metric prometheus.Metric
	last   *dto.Metric // nil if it has changed since.
}

func newWrittenFamily(name, help string, kind dto.MetricType) writtenFamily {
	return writtenFamily{name: prometheus.BuildFQName(namespace, "", name), help: help, kind: kind}
}

// changed is told of a series that is new or has changed, with the values of its labels
// in the order of the labels' names.
func (f *writtenFamily) changed(metric prometheus.Metric, labels ...string) {
	i, known := slices.BinarySearchFunc(f.series, labels, func(s writtenSeries, labels []string) int {
		return slices.Compare(s.labels, labels)
	})
	if !known {
		f.series = slices.Insert(f.series, i, writtenSeries{labels: labels, metric: metric})
	}
	f.series[i].last = nil
}

// family writes what has changed and returns all.
func (f *writtenFamily) family() (*dto.MetricFamily, error) {
	family := &dto.MetricFamily{Name: &f.name, Help: &f.help, Type: &f.kind, Metric: make([]*dto.Metric, len(f.series))}
	for i := range f.series {
		s := &f.series[i]
		if s.last == nil {
			written := new(dto.Metric)
			if err := s.metric.Write(written); err != nil {
				return nil, fmt.Errorf("write %s: %w", f.name, err)
			}
			s.last = written
		}
		family.Metric[i] = s.last
	}
	return family, nil
}

// metricOf is what the client library's histograms are besides observers.
func metricOf(observer prometheus.Observer) prometheus.Metric {
	histogram, _ := observer.(prometheus.Histogram) // NewHistogramVec makes nothing else.
	return histogram
}
