package main

import (
	"context"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// memory holds series whose samples have equal distances, for the query engine. It is
// many times as fast as a database for series that are known as a whole.
type memory struct {
	byName map[string][]*series
}

func newMemory() *memory {
	return &memory{byName: make(map[string][]*series)}
}

// series has a sample every step milliseconds from first on. Where it has none, there is
// the marker of a stale series.
type series struct {
	labels      labels.Labels
	first, step int64
	values      []float64
}

// store adds a whole series.
func (m *memory) store(name labels.Labels, from time.Time, step time.Duration, values []float64) *series {
	s := &series{labels: name, first: from.UnixMilli(), step: step.Milliseconds(), values: values}
	metric := name.Get(model.MetricNameLabel)
	m.byName[metric] = append(m.byName[metric], s)
	return s
}

// Querier implements storage.Queryable.
func (m *memory) Querier(from, to int64) (storage.Querier, error) {
	return &querier{memory: m, from: from, to: to}, nil
}

// querier selects the samples of a period.
type querier struct {
	*memory

	from, to int64
}

// Select implements storage.Querier.
func (q *querier) Select(_ context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	set := &selection{from: q.from, to: q.to, at: -1}
	if hints != nil {
		set.from, set.to = max(q.from, hints.Start), min(q.to, hints.End)
	}
	var rest []*labels.Matcher
	var candidates []*series
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			candidates = q.byName[m.Value]
		} else {
			rest = append(rest, m)
		}
	}
	for _, s := range candidates {
		if s.matches(rest) {
			set.series = append(set.series, s)
		}
	}
	return set
}

func (s *series) matches(matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(s.labels.Get(m.Name)) {
			return false
		}
	}
	return true
}

// LabelValues implements storage.LabelQuerier. Instant queries do not need it.
func (*querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames implements storage.LabelQuerier. Instant queries do not need it.
func (*querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close implements storage.LabelQuerier.
func (*querier) Close() error { return nil }

// selection is the samples of some series in a period.
type selection struct {
	series   []*series
	from, to int64
	at       int
}

// Next implements storage.SeriesSet.
func (s *selection) Next() bool {
	s.at++
	return s.at < len(s.series)
}

// At implements storage.SeriesSet.
func (s *selection) At() storage.Series {
	return &selected{series: s.series[s.at], from: s.from, to: s.to}
}

// Err implements storage.SeriesSet.
func (*selection) Err() error { return nil }

// Warnings implements storage.SeriesSet.
func (*selection) Warnings() annotations.Annotations { return nil }

// selected is the samples of one series in a period.
type selected struct {
	*series

	from, to int64
}

// Labels implements storage.Labels.
func (s *selected) Labels() labels.Labels { return s.labels }

// Iterator implements storage.SampleIterable.
func (s *selected) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	i, ok := reuse.(*iterator)
	if !ok {
		i = new(iterator)
	}
	last := int64(len(s.values)) - 1
	if s.to < s.first {
		last = -1
	}
	*i = iterator{series: s.series, at: s.indexFrom(s.from) - 1, last: min(last, (s.to-s.first)/s.step)}
	return i
}

// indexFrom is the first sample at a time or after it.
func (s *series) indexFrom(t int64) int64 {
	return max(0, (t-s.first+s.step-1)/s.step)
}

// iterator goes through the samples of a series until the last.
type iterator struct {
	*series

	at, last int64
}

// Next implements chunkenc.Iterator.
func (i *iterator) Next() chunkenc.ValueType {
	i.at++
	return i.found()
}

// Seek implements chunkenc.Iterator.
func (i *iterator) Seek(t int64) chunkenc.ValueType { //nolint:govet // stdmethods: the name is another interface's.
	i.at = max(i.at, 0, i.indexFrom(t))
	return i.found()
}

func (i *iterator) found() chunkenc.ValueType {
	if i.at > i.last {
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

// At implements chunkenc.Iterator.
func (i *iterator) At() (at int64, value float64) { return i.AtT(), i.values[i.at] }

// AtT implements chunkenc.Iterator.
func (i *iterator) AtT() int64 { return i.first + i.at*i.step }

// AtST implements chunkenc.Iterator.
func (*iterator) AtST() int64 { return 0 }

// AtHistogram implements chunkenc.Iterator. There are no histograms.
func (*iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) { return 0, nil }

// AtFloatHistogram implements chunkenc.Iterator. There are no histograms.
func (*iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}

// Err implements chunkenc.Iterator.
func (*iterator) Err() error { return nil }
