package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// parsePage reads the gauges and counters of a page in the text format.
func parsePage(t *testing.T, page string) values {
	t.Helper()
	parsed, err := readPage(page)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// readPage is parsePage for those who may not end the test.
func readPage(page string) (values, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		return nil, fmt.Errorf("parse page: %w\n%s", err, page)
	}
	parsed := make(values)
	for name, family := range families {
		for _, m := range family.GetMetric() {
			var pairs []string
			for _, l := range m.GetLabel() {
				pairs = append(pairs, l.GetName(), l.GetValue())
			}
			switch {
			case m.GetGauge() != nil:
				parsed[series(name, pairs...)] = m.GetGauge().GetValue()
			case m.GetCounter() != nil:
				parsed[series(name, pairs...)] = m.GetCounter().GetValue()
			}
		}
	}
	return parsed, nil
}
