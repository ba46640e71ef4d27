package e2e

import (
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// parsePage reads the gauges and counters of a page in the text format.
func parsePage(t *testing.T, page string) values {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatalf("parse page: %v\n%s", err, page)
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
	return parsed
}
