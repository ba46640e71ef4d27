package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documentedMetric is what docs/metrics.md says of a metric.
type documentedMetric struct {
	kind    string   // The type: gauge, counter or histogram.
	labels  []string // In order of their names.
	example string   // A query.
}

// A metric is a heading of the third level with its name, a list with type, labels
// and source, a text, and a query.
var (
	metricSection = regexp.MustCompile("(?ms)^### `([a-z0-9_]+)`\n\n- Type: (\\S+)\n- Labels: ([^\n]+)\n- Source: ([^\n]+)\n\n(.+?)\n\n```promql\n(.+?)\n```\n")
	metricHeading = regexp.MustCompile("(?m)^### (.*)$")
)

// documentedMetrics reads docs/metrics.md.
func documentedMetrics(t *testing.T) map[string]documentedMetric {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	metrics := make(map[string]documentedMetric)
	for _, m := range metricSection.FindAllStringSubmatch(string(text), -1) {
		metric := documentedMetric{kind: m[2], example: m[6]}
		if m[3] != "none" {
			metric.labels = strings.Split(strings.ReplaceAll(m[3], "`", ""), ", ")
			slices.Sort(metric.labels)
		}
		metrics[m[1]] = metric
	}
	headings := metricHeading.FindAllStringSubmatch(string(text), -1)
	for _, h := range headings {
		if _, ok := metrics[strings.Trim(h[1], "`")]; !ok {
			t.Errorf("docs/metrics.md: %s lacks type, labels, source, meaning or query", h[1])
		}
	}
	if len(metrics) == 0 || len(metrics) != len(headings) {
		t.Fatalf("docs/metrics.md: %d metrics under %d headings", len(metrics), len(headings))
	}
	return metrics
}

// Every query that the page shows is one that Prometheus understands.
func TestDocumentedQueriesAreValid(t *testing.T) {
	t.Parallel()
	var rules ruleGroup
	for name, metric := range documentedMetrics(t) {
		rules.Rules = append(rules.Rules, rule{Record: name + ":example", Expr: metric.example})
	}
	rules.Name = "examples"
	output, err := runTool(t, programs.promtool, "check", "rules", writeJSON(t, "examples.yml", ruleFile{Groups: []ruleGroup{rules}}))
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
