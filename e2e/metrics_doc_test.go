package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"livechat_exporter/internal/rocketchat/rocketchattest"
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

// exportedByOthers are the prefixes of what the client library adds.
var exportedByOthers = regexp.MustCompile(`^(go|process|promhttp|scrape)_`)

// docs/metrics.md describes what the exporter's page has, and nothing else: names,
// types and labels. The workspace limits calls, so that all there can be is there.
func TestDocumentedMetricsAreTheExportedOnes(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.Configure(func(s *rocketchattest.Settings) {
		s.Permissions = slices.DeleteFunc(s.Permissions, func(p string) bool { return p == rocketchattest.BypassRateLimit })
	})
	w.AddRooms(history(14, time.Now(), departments(3))...)
	w.AddDepartments(rocketchattest.Department{ID: departments(1)[0], Name: "Sales", Agents: 3})
	e := startExporter(t, configOfEverything(t, w, "6h", "24h"))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(e.page(t)))
	if err != nil {
		t.Fatal(err)
	}
	documented := documentedMetrics(t)
	for name, family := range families {
		if exportedByOthers.MatchString(name) {
			continue
		}
		want, ok := documented[name]
		if !ok {
			t.Errorf("docs/metrics.md does not describe %s", name)
			continue
		}
		delete(documented, name)
		if got := strings.ToLower(family.GetType().String()); got != want.kind {
			t.Errorf("%s is a %s, documented as %s", name, got, want.kind)
		}
		if got := labelNames(family); !slices.Equal(got, want.labels) {
			t.Errorf("%s has the labels %q, documented are %q", name, got, want.labels)
		}
	}
	if len(documented) > 0 {
		t.Errorf("docs/metrics.md describes what is not exported: %q", slices.Sorted(maps.Keys(documented)))
	}
}

// labelNames are the names of the labels that a metric has, in order.
func labelNames(family *dto.MetricFamily) []string {
	names := make(map[string]bool)
	for _, m := range family.GetMetric() {
		for _, l := range m.GetLabel() {
			names[l.GetName()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
