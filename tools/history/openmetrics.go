package main

import (
	"bytes"
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// openMetrics writes pages with the time of each.
type openMetrics struct {
	out    io.Writer
	buffer bytes.Buffer
}

// write writes the page of a scrape.
func (o *openMetrics) write(families []*dto.MetricFamily, s scrape) error {
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			metric.TimestampMs = new(s.at.UnixMilli())
		}
		if _, err := expfmt.MetricFamilyToOpenMetrics(&o.buffer, family); err != nil {
			return fmt.Errorf("write %s: %w", family.GetName(), err)
		}
	}
	if _, err := o.buffer.WriteTo(o.out); err != nil {
		return fmt.Errorf("write the page of %s: %w", s.at, err)
	}
	return nil
}

// end writes the line without which the text is not whole.
func (o *openMetrics) end() error {
	if _, err := expfmt.FinalizeOpenMetrics(o.out); err != nil {
		return fmt.Errorf("end the text: %w", err)
	}
	return nil
}
