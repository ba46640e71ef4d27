package bench

import (
	"bytes"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// prebuilt is a collector that has nothing to do: it hands over metrics that were made
// before. What a scrape of it costs is the client library's registry and encoder.
type prebuilt struct {
	descs   []*prometheus.Desc
	metrics []prometheus.Metric
}

// readPrebuilt makes the metrics of a page, which a file has as text.
func readPrebuilt(file string) (*prebuilt, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	p := &prebuilt{}
	for _, family := range families {
		var labels []string
		for _, pair := range family.GetMetric()[0].GetLabel() {
			labels = append(labels, pair.GetName())
		}
		desc := prometheus.NewDesc(family.GetName(), family.GetHelp(), labels, nil)
		p.descs = append(p.descs, desc)
		for _, m := range family.GetMetric() {
			p.metrics = append(p.metrics, prebuiltMetric{desc, m})
		}
	}
	return p, nil
}

// Describe implements prometheus.Collector.
func (p *prebuilt) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range p.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (p *prebuilt) Collect(ch chan<- prometheus.Metric) {
	for _, m := range p.metrics {
		ch <- m
	}
}

type prebuiltMetric struct {
	desc   *prometheus.Desc
	metric *dto.Metric
}

// Desc implements prometheus.Metric.
func (m prebuiltMetric) Desc() *prometheus.Desc { return m.desc }

// Write implements prometheus.Metric.
func (m prebuiltMetric) Write(out *dto.Metric) error {
	out.Label, out.Gauge, out.Counter, out.Histogram = m.metric.Label, m.metric.Gauge, m.metric.Counter, m.metric.Histogram
	return nil
}
