package e2e

import (
	"maps"
	"os/exec"
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

func TestPromtoolAcceptsThePage(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest, history(6, time.Now(), departmentIDs(5))...)
	page := startExporter(t, fullConfig(t, w, "24h", "today")).scrape(t)
	check := exec.CommandContext(t.Context(), programs.promtool, "check", "metrics")
	check.Stdin = strings.NewReader(page)
	if output, err := check.CombinedOutput(); err != nil || len(output) > 0 {
		t.Errorf("promtool check metrics: %v\n%s\npage:\n%s", err, output, page)
	}
}

// In whatever format Prometheus scrapes the page, it stores the same series.
func TestAllFormatsHaveTheSameSeries(t *testing.T) {
	t.Parallel()
	formats := []string{"PrometheusText0.0.4", "PrometheusText1.0.0", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusProto"}
	// The jobs scrape at different times, so the numbers must not change: the chats ended
	// a day ago, and the window is longer than their history.
	w := startWorkspace(t, rocketchattest.Latest, history(8, time.Now().Add(-24*time.Hour), departmentIDs(5))...)
	e := startExporter(t, config(t, w, "30d"))
	e.scrape(t) // From now on every page has an answer.
	jobs := []job{scrape("native", e.address).with(map[string]any{"scrape_native_histograms": true})}
	for _, format := range formats {
		jobs = append(jobs, scrape(format, e.address).with(map[string]any{"scrape_protocols": []string{format}}))
	}
	p := startPrometheus(t, jobs...)

	reference := p.waitForScrapes(t, "PrometheusText0.0.4", 1).values
	if len(reference.metric("livechat_department_abandoned_rooms")) < 5 || reference["up"] != 1 {
		t.Fatalf("too few series to compare:\n%s", reference)
	}
	for _, format := range formats {
		page := p.waitForScrapes(t, format, 1).values
		if got, want := slices.Sorted(maps.Keys(page)), slices.Sorted(maps.Keys(reference)); !slices.Equal(got, want) {
			t.Errorf("%s: got the series\n%v\nwant\n%v", format, got, want)
		}
		for _, metric := range []string{"livechat_department_abandoned_rooms", "livechat_up", "livechat_exporter_build_info"} {
			if d := diff(page.metric(metric), reference.metric(metric)); d != "" {
				t.Errorf("%s:\n%s", format, d)
			}
		}
	}

	// Only protobuf has the native histogram.
	p.waitForScrapes(t, "native", 1)
	const count = `histogram_count(livechat_api_request_duration_seconds{job="native"})`
	if got := p.now(t, count)[series("", "route", "total-abandoned-chats")]; got < 1 {
		t.Errorf("%s: got %v, want one or more", count, got)
	}
}

// metric is what the documentation has about a metric.
type metric struct {
	kind    string   // gauge, counter or histogram.
	labels  []string // In order, without those of the target.
	example string   // A query.
}

// A metric is documented under a heading of the third level by its type, labels and
// source, a text, and a query.
var (
	metricSection = regexp.MustCompile("(?ms)^### `([a-z0-9_]+)`\n\n- Type: (\\S+)\n- Labels: ([^\n]+)\n- Source: ([^\n]+)\n\n(.+?)\n\n```promql\n(.+?)\n```\n")
	metricHeading = regexp.MustCompile("(?m)^### (.*)$")
)

// documentedMetrics reads docs/metrics.md.
func documentedMetrics(t *testing.T) map[string]metric {
	t.Helper()
	text := readFile(t, "docs", "metrics.md")
	metrics := make(map[string]metric)
	for _, m := range metricSection.FindAllStringSubmatch(text, -1) {
		var labels []string
		if m[3] != "none" {
			labels = strings.Split(strings.ReplaceAll(m[3], "`", ""), ", ")
			slices.Sort(labels)
		}
		metrics[m[1]] = metric{kind: m[2], labels: labels, example: m[6]}
	}
	for _, h := range metricHeading.FindAllStringSubmatch(text, -1) {
		if _, ok := metrics[strings.Trim(h[1], "`")]; !ok {
			t.Errorf("docs/metrics.md: %s lacks type, labels, source, meaning or query", h[1])
		}
	}
	if len(metrics) < 20 {
		t.Fatalf("docs/metrics.md: found only %d metrics", len(metrics))
	}
	return metrics
}

// The documented metrics are those of the page: their names, types and labels. The
// workspace limits calls, so that the page has every metric.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest, history(14, time.Now(), departmentIDs(3))...)
	w.limitRate(rocketchattest.RateLimit{Calls: 100, Per: time.Minute})
	w.AddDepartments(rocketchattest.Department{ID: departmentIDs(1)[0], Name: "Sales", Agents: 3})
	e := startExporter(t, fullConfig(t, w, "6h", "24h"))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(e.scrape(t)))
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(families, func(name string, _ *dto.MetricFamily) bool { // Those of the client library.
		return regexp.MustCompile(`^(go|process|promhttp|scrape)_`).MatchString(name)
	})
	documented := documentedMetrics(t)
	for name, family := range families {
		labels := make(map[string]bool)
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		got := metric{kind: strings.ToLower(family.GetType().String()), labels: slices.Sorted(maps.Keys(labels))}
		want, ok := documented[name]
		if !ok || got.kind != want.kind || !slices.Equal(got.labels, want.labels) {
			t.Errorf("%s is a %s with the labels %q, documented (%t): %s, %q", name, got.kind, got.labels, ok, want.kind, want.labels)
		}
	}
	for name := range documented {
		if families[name] == nil {
			t.Errorf("%s is documented and not exported", name)
		}
	}
}

func TestDocumentedQueriesAreValid(t *testing.T) {
	t.Parallel()
	examples := ruleGroup{Name: "examples"}
	for name, metric := range documentedMetrics(t) {
		examples.Rules = append(examples.Rules, rule{Record: name + ":example", Expr: metric.example})
	}
	output, err := runTool(t, programs.promtool, "check", "rules", writeJSON(t, "examples.yml", ruleFile{Groups: []ruleGroup{examples}}))
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
