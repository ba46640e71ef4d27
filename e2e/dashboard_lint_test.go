package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The rules of Grafana's dashboard-linter for Prometheus, under the linter's names, and
// some of our own, which have short names. That the queries are valid is tested with the
// data, in dashboard_data_test.go.

// finding is a violation of a rule.
type finding struct{ rule, panel, text string }

// linter collects the findings of a dashboard.
type linter struct {
	*dashboard

	metrics  map[string]metric
	findings []finding
}

// lint checks a dashboard. The metrics are those that its queries may use.
func lint(d *dashboard, metrics map[string]metric) []finding {
	l := &linter{dashboard: d, metrics: metrics}
	l.lintDashboard()
	l.lintVariables()
	for _, p := range d.all() {
		l.lintPanel(&p)
	}
	return l.findings
}

// check records a finding unless ok.
func (l *linter) check(ok bool, rule, panel, format string, args ...any) {
	if !ok {
		l.findings = append(l.findings, finding{rule, panel, fmt.Sprintf(format, args...)})
	}
}

const (
	chosenDatasource = "${datasource}"
	// screenHeight is how many rows of 38 pixels a screen of 1080 pixels has for panels.
	screenHeight = 25
)

func (l *linter) lintDashboard() {
	l.check(!l.Editable, "uneditable-dashboard", "", "can be edited")
	l.check(l.ID == nil && regexp.MustCompile(`^livechat-[a-z]+$`).MatchString(l.UID), "identity", "", "id %v, uid %q", l.ID, l.UID)
	l.check(l.Title != "" && l.Description != "" && slices.Contains(l.Tags, "livechat"), "identity", "", "title, description or tag is missing")
	l.check(l.SchemaVersion == 39 && l.Timezone == "browser" && l.Refresh == "1m", "identity", "", "schema %d, time zone %q, refresh %q", l.SchemaVersion, l.Timezone, l.Refresh)
	firstRow := slices.IndexFunc(l.Panels, func(p panel) bool { return p.Type == "row" })
	l.check(firstRow > 0 && l.Panels[max(0, firstRow)].GridPos.Y <= screenHeight, "first-screen", "", "what is above the first row does not fit on a screen")
	ids := make(map[int]bool)
	for _, p := range l.all() {
		l.check(!ids[p.ID], "identity", p.Title, "has the id %d of another panel", p.ID)
		ids[p.ID] = true
	}
}

// labelValues is the query of a variable.
var labelValues = regexp.MustCompile(`^label_values\((.+), ?([a-z_]+)\)$`)

func (l *linter) lintVariables() {
	v := l.variable("datasource")
	l.check(v != nil && v.Type == "datasource" && v.Label == "Data source" && v.query() == "prometheus", "template-datasource-rule", "", "got %+v", v)
	for name, label := range map[string]string{"job": "Job", "instance": "Instance"} {
		v := l.variable(name)
		l.check(v != nil && v.Type == "query" && v.Label == label && v.Multi && v.AllValue == ".+", "template-"+name+"-rule", "", "got %+v", v)
	}
	for _, v := range l.Templating.List {
		if v.Type == "query" {
			l.check(v.Datasource.UID == chosenDatasource, "template-datasource-rule", "", "%s uses %+v", v.Name, v.Datasource)
			l.check(labelValues.MatchString(v.query()), "template-label-promql-rule", "", "%s is %q", v.Name, v.query())
			l.check(v.Refresh == 2, "template-on-time-change-reload-rule", "", "%s is not refreshed", v.Name)
		}
	}
	if v := l.variable("window"); v != nil { // Windows overlap.
		l.check(!v.Multi && !v.IncludeAll, "one-window", "", "several windows can be chosen")
	}
}

func (l *linter) lintPanel(p *panel) {
	l.check(p.Title != "" && p.Description != "", "panel-title-description-rule", p.Title, "title or description is missing")
	if p.Type == "text" {
		return
	}
	l.check(len(p.Targets) > 0, "panel-no-targets-rule", p.Title, "has no query")
	l.check(slices.Contains([]string{"none", "s", "percentunit", "cpm", "bytes", "dateTimeAsIso"}, p.unit()), "panel-units-rule", p.Title, "has the unit %q", p.unit())
	l.check(p.Datasource == datasource{"prometheus", chosenDatasource}, "panel-datasource-rule", p.Title, "uses %+v", p.Datasource)
	if steps := p.FieldConfig.Defaults.Thresholds.Steps; p.Type == "stat" { // Without a value Grafana uses the first colour.
		l.check(len(steps) > 0 && !strings.HasSuffix(steps[0].Color, "green"), "no-data", p.Title, "is green without data")
	}
	for _, t := range p.Targets {
		l.check(t.Datasource == datasource{"prometheus", chosenDatasource}, "panel-datasource-rule", p.Title, "uses %+v", t.Datasource)
		// Grafana's $__rate_interval is at least four times the interval.
		least, err := time.ParseDuration(t.Interval)
		l.check(t.Instant != t.Range, "query-interval", p.Title, "query %s is not either instant or range", t.RefID)
		l.check(!t.Range || err == nil && least >= time.Minute, "query-interval", p.Title, "query %s has the interval %q, want a scrape interval", t.RefID, t.Interval)
		l.check(!t.Instant || !strings.Contains(t.Expr, "$__rate_interval"), "query-interval", p.Title, "query %s has an instant rate", t.RefID)
		l.lintQuery(p.Title, t.Expr)
	}
}

var (
	selectors  = regexp.MustCompile(`\b((?:[a-z_]+:)?livechat_\w+(?::\w+)?|(?:go|process)_\w+|scrape_\w+_seconds|up|ALERTS(?:_FOR_STATE)?)\b(?:\{([^}]*)\})?`)
	matchers   = regexp.MustCompile(`(\w+)(=~|!~|!=|=)"([^"]*)"`)
	increase   = regexp.MustCompile(`\b(?:i?rate|increase)\($`) // Before its argument.
	rate       = regexp.MustCompile(`\bi?rate\([^\[]*\[([^\]]*)\]`)
	aggregated = regexp.MustCompile(`\b(?:sum|avg|group|count|quantile|topk|bottomk) (by|without) \(([^)]*)\)`)
	joined     = regexp.MustCompile(`\bon \(([^)]*)\)`)
)

func (l *linter) lintQuery(panel, expr string) {
	for _, r := range rate.FindAllStringSubmatch(expr, -1) {
		l.check(r[1] == "$__rate_interval", "target-rate-interval-rule", panel, "has a rate over %s", r[1])
	}
	for _, clause := range append(aggregated.FindAllStringSubmatch(expr, -1), joined.FindAllStringSubmatch(expr, -1)...) {
		labels := strings.Split(clause[len(clause)-1], ", ")
		if labels[0] == "" { // With one number of all workspaces.
			continue
		}
		kept := clause[1] != "without"
		l.check(slices.Contains(labels, "job") == kept && slices.Contains(labels, "instance") == kept, "workspaces-apart", panel, "%s", clause[0])
	}
	for _, at := range selectors.FindAllStringSubmatchIndex(expr, -1) {
		name, text := expr[at[2]:at[3]], ""
		if at[4] >= 0 {
			text = expr[at[4]:at[5]]
		}
		known, ok := l.metrics[name]
		l.check(ok, "metrics-exist", panel, "there is no metric %s", name)
		for _, label := range []string{"job", "instance"} {
			l.check(strings.Contains(text, label+`=~"$`+label+`"`), "target-"+label+"-rule", panel, "%s{%s}", name, text)
		}
		window := false
		for _, m := range matchers.FindAllStringSubmatch(text, -1) {
			l.check(slices.Contains(append(known.labels, "job", "instance"), m[1]), "labels-exist", panel, "%s has no label %s", name, m[1])
			window = window || m[1] == "window" && m[2] == "="
		}
		overlaps := strings.Contains(name, "livechat_department_") && slices.Contains(known.labels, "window")
		l.check(window || !overlaps, "one-window", panel, "%s{%s} has several windows", name, text)
		increases := increase.MatchString(expr[:at[0]])
		l.check(increases || !strings.HasSuffix(name, "_total"), "target-counter-agg-rule", panel, "%s is used without rate or increase", name)
		l.check(!increases || known.kind != "gauge", "functions-fit-the-type", panel, "%s of a gauge", expr[:at[0]])
	}
}

// recordedLabels are those that are in the beginning of a recorded series' name.
var recordedLabels = regexp.MustCompile(`department_id|window`)

// dashboardMetrics are the metrics that dashboards may use: the documented ones, those of
// Prometheus and the client library, and what the rules record.
func dashboardMetrics(t *testing.T) map[string]metric {
	t.Helper()
	metrics := documentedMetrics(t)
	metrics["livechat_api_request_duration_seconds_bucket"] = metric{kind: "counter", labels: []string{"le", "route"}}
	metrics["process_cpu_seconds_total"] = metric{kind: "counter"}
	for _, name := range []string{"go_goroutines", "go_memstats_heap_inuse_bytes", "process_resident_memory_bytes", "up", "scrape_duration_seconds", "scrape_timeout_seconds"} {
		metrics[name] = metric{kind: "gauge"}
	}
	metrics["ALERTS"] = metric{kind: "gauge", labels: []string{"alertname", "alertstate"}}
	metrics["ALERTS_FOR_STATE"] = metric{kind: "gauge", labels: []string{"alertname"}}
	for _, group := range shippedRules(t).Groups {
		for _, r := range group.Rules {
			if level, _, ok := strings.Cut(r.Record, ":"); ok {
				level = strings.Replace(level, "department", "department_id", 1)
				metrics[r.Record] = metric{kind: "gauge", labels: recordedLabels.FindAllString(level, -1)}
			}
		}
	}
	return metrics
}

func TestDashboardsFollowTheRules(t *testing.T) {
	t.Parallel()
	for name, content := range dashboards(t) {
		for _, f := range lint(parseDashboard(t, content), dashboardMetrics(t)) {
			t.Errorf("%s: %s: panel %q: %s", name, f.rule, f.panel, f.text)
		}
	}
}

// Each rule finds a mistake: a text of a shipped dashboard is replaced.
func TestDashboardRulesFindMistakes(t *testing.T) {
	t.Parallel()
	const abandonment, exporter = "livechat-abandonment", "livechat-exporter"
	for _, test := range []struct{ rule, dashboard, old, new string }{
		{"template-datasource-rule", abandonment, `"label": "Data source"`, `"label": "Source"`},
		{"template-job-rule", abandonment, `"label": "Job"`, `"label": "job"`},
		{"template-instance-rule", exporter, `"allValue": ".+"`, `"allValue": ".*"`},
		{"template-label-promql-rule", abandonment, `label_values(livechat_department_info, job)`, `values(job)`},
		{"template-on-time-change-reload-rule", abandonment, `"refresh": 2`, `"refresh": 1`},
		{"panel-datasource-rule", abandonment, `"uid": "${datasource}"`, `"uid": "PBFA97CFB590B2093"`},
		{"panel-title-description-rule", exporter, `"description": "Processor time per second."`, `"description": ""`},
		{"panel-units-rule", exporter, `"unit": "bytes"`, `"unit": "octets"`},
		{"panel-no-targets-rule", exporter, `"targets": [`, `"goals": [`},
		{"target-rate-interval-rule", exporter, `[$__rate_interval]`, `[5m]`},
		{"target-job-rule", exporter, `livechat_up{job=~\"$job\", `, `livechat_up{`},
		{"target-job-rule", abandonment, `:max{job=~\"$job\", `, `:max{`},
		{"target-instance-rule", exporter, `livechat_up{job=~\"$job\", instance=~\"$instance\"}`, `livechat_up`},
		{"target-counter-agg-rule", exporter, `rate(process_cpu_seconds_total{`, `avg(process_cpu_seconds_total{`},
		{"uneditable-dashboard", abandonment, `"editable": false`, `"editable": true`},
		{"identity", abandonment, `"uid": "livechat-abandonment"`, `"uid": "livechat-abandonment", "id": 12`},
		{"identity", exporter, `"id": 2,`, `"id": 1,`},
		{"metrics-exist", abandonment, `livechat_department_abandoned_rooms`, `livechat_department_abandoned_chats`},
		{"labels-exist", abandonment, `window=\"6h\"`, `period=\"6h\"`},
		{"functions-fit-the-type", exporter, `go_goroutines{`, `rate(go_goroutines{`},
		{"one-window", abandonment, `, window=\"6h\"}`, `, window=~\"6h|24h\"}`},
		{"metrics-exist", abandonment, `:expected{`, `:median{`},
		{"workspaces-apart", abandonment, `sum by (job, instance)`, `sum by (job)`},
		{"workspaces-apart", abandonment, `* on (job, instance, department_id) group_left`, `* on (department_id) group_left`},
		{"query-interval", exporter, `"interval": "1m"`, `"interval": "15s"`},
		{"query-interval", exporter, `"instant": true`, `"instant": false`},
		{"first-screen", abandonment, `"y": 25`, `"y": 26`},
		{"no-data", abandonment, `"color": "dark-purple"`, `"color": "dark-green"`},
	} {
		shipped := dashboards(t)[test.dashboard]
		broken := strings.ReplaceAll(shipped, test.old, test.new)
		if broken == shipped {
			t.Errorf("%s: nothing in %s is %q", test.rule, test.dashboard, test.old)
		}
		findings := lint(parseDashboard(t, broken), dashboardMetrics(t))
		if !slices.ContainsFunc(findings, func(f finding) bool { return f.rule == test.rule }) {
			t.Errorf("%s finds nothing against %q in place of %q", test.rule, test.new, test.old)
		}
	}
}
