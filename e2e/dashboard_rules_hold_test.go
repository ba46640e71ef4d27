package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// exclusions are the exceptions from the linter's rules, in the linter's own form.
type exclusions struct {
	Exclusions map[string]struct {
		Reason  string
		Entries []exclusion
	}
}

type exclusion struct{ Dashboard, Panel string }

// readExclusions reads the file beside the dashboards.
func readExclusions(t *testing.T) exclusions {
	t.Helper()
	var e exclusions
	readYAML(t, filepath.Join("..", "dashboards", ".lint"), &e)
	return e
}

func TestDashboardsFollowTheRules(t *testing.T) {
	t.Parallel()
	q := newParser(t, startPrometheus(t))
	excluded := readExclusions(t)
	used := make(map[string][]exclusion)
	for name, content := range dashboards(t) {
		d := readDashboard(t, content)
		for _, rule := range slices.Concat(linterRules(), ownRules()) {
			for _, f := range rule.check(d, q) {
				where := exclusion{d.Title, f.panel}
				if slices.Contains(excluded.Exclusions[rule.name].Entries, where) {
					used[rule.name] = append(used[rule.name], where)
					continue
				}
				t.Errorf("%s: %s: panel %q: %s", name, rule.name, f.panel, f.text)
			}
		}
	}
	for name, rule := range excluded.Exclusions {
		if rule.Reason == "" {
			t.Errorf(".lint: %s has no reason", name)
		}
		for _, e := range rule.Entries {
			if !slices.Contains(used[name], e) {
				t.Errorf(".lint: %s: nothing is to be excused in %+v", name, e)
			}
		}
	}
}

// A check that cannot fail is worth nothing: each rule finds the mistake that it is
// there for. A mistake is a text of a shipped dashboard and what stands in its place.
func TestEveryDashboardRuleCanFail(t *testing.T) {
	t.Parallel()
	const abandonment, exporter = "livechat-abandonment", "livechat-exporter"
	q := newParser(t, startPrometheus(t))
	shipped := dashboards(t)
	seen := make(map[string]bool)
	for _, test := range []struct{ rule, dashboard, old, new string }{
		{"template-datasource-rule", abandonment, `"type": "datasource"`, `"type": "custom"`},
		{"template-datasource-rule", abandonment, `"label": "Data source"`, `"label": "Source"`},
		{"template-job-rule", abandonment, `"name": "job"`, `"name": "jobs"`},
		{"template-job-rule", abandonment, `"label": "Job"`, `"label": "job"`},
		{"template-instance-rule", exporter, `"name": "instance",
        "label": "Instance"`, `"name": "instance",
        "label": "Server"`},
		{"template-instance-rule", exporter, `"allValue": ".+"`, `"allValue": ".*"`},
		{"template-label-promql-rule", abandonment, `label_values(livechat_department_info, job)`, `label_values(livechat_department_info{, job)`},
		{"template-label-promql-rule", abandonment, `label_values(livechat_department_info, job)`, `values(job)`},
		{"template-on-time-change-reload-rule", abandonment, `"refresh": 2`, `"refresh": 1`},
		{"panel-datasource-rule", abandonment, `"uid": "${datasource}"`, `"uid": "PBFA97CFB590B2093"`},
		{"panel-title-description-rule", abandonment, `"title": "Abandoned share"`, `"title": ""`},
		{"panel-title-description-rule", exporter, `"description": "Processor time per second."`, `"description": ""`},
		{"panel-units-rule", exporter, `"unit": "bytes"`, `"unit": "octets"`},
		{"panel-units-rule", abandonment, `"unit": "s"`, `"unit": ""`},
		{"panel-no-targets-rule", exporter, `"targets": [`, `"goals": [`},
		{"target-promql-rule", abandonment, `sum by (job, instance)`, `sum by job, instance`},
		{"target-rate-interval-rule", exporter, `[$__rate_interval]`, `[5m]`},
		{"target-job-rule", exporter, `livechat_up{job=~\"$job\", `, `livechat_up{`},
		{"target-job-rule", exporter, `livechat_up{job=~\"$job\", `, `livechat_up{job=\"$job\", `},
		{"target-instance-rule", exporter, `livechat_up{job=~\"$job\", instance=~\"$instance\"}`, `livechat_up{job=~\"$job\"}`},
		{"target-counter-agg-rule", exporter, `rate(process_cpu_seconds_total{job=~\"$job\", instance=~\"$instance\"}[$__rate_interval])`, `process_cpu_seconds_total{job=~\"$job\", instance=~\"$instance\"}`},
		{"uneditable-dashboard", abandonment, `"editable": false`, `"editable": true`},

		{"identity", abandonment, `"id": null`, `"id": 12`},
		{"identity", abandonment, `"uid": "livechat-abandonment"`, `"uid": "f3a91c"`},
		{"identity", abandonment, `"schemaVersion": 42`, `"schemaVersion": 18`},
		{"identity", exporter, `"id": 2,`, `"id": 1,`},
		{"metrics-exist", abandonment, `livechat_department_abandoned_rooms`, `livechat_department_abandoned_chats`},
		{"metrics-exist", abandonment, `livechat_department_abandonments_total`, `job:livechat_department_abandonments:increase1h`},
		{"labels-exist", abandonment, `window=\"6h\"`, `period=\"6h\"`},
		{"labels-exist", exporter, `sum by (job, instance, outcome)`, `sum by (job, instance, reason)`},
		{"functions-fit-the-type", abandonment, `increase(livechat_department_abandonments_total{`, `avg_over_time(livechat_department_abandonments_total{`},
		{"functions-fit-the-type", exporter, `go_goroutines{job=~\"$job\", instance=~\"$instance\"}`, `rate(go_goroutines{job=~\"$job\", instance=~\"$instance\"}[$__rate_interval])`},
		{"one-window", abandonment, `, window=\"today\"}`, `}`},
		{"one-window", abandonment, `, window=\"6h\"}`, `, window=~\"6h|24h\"}`},
		{"workspaces-apart", abandonment, `sum by (job, instance)`, `sum by (job)`},
		{"workspaces-apart", abandonment, `quantile by (job, instance, department_id)`, `quantile by (department_id)`},
		{"joins", abandonment, `* on (job, instance, department_id) group_left`, `* on (department_id) group_left`},
		{"joins", abandonment, `* on (job, instance, department_id) group_left`, `* on (job, instance) group_left`},
		{"joins", abandonment, `max without (window) (`, `min without (window, department_id) (`},
		{"names-at-a-moment", abandonment, `livechat_department_info{job=~\"$job\", instance=~\"$instance\", department=~\"$department\"}`, `last_over_time(livechat_department_info{job=~\"$job\", instance=~\"$instance\", department=~\"$department\"}[1h])`},
		{"rate-interval-holds-scrapes", exporter, `"interval": "1m"`, `"interval": "15s"`},
		{"rate-interval-holds-scrapes", exporter, `"instant": true`, `"instant": false`},
		{"layout", abandonment, `"x": 15,`, `"x": 14,`},
		{"layout", abandonment, `"w": 10,`, `"w": 11,`},
		{"wall", abandonment, `"y": 25`, `"y": 26`},
		{"wall", abandonment, `"type": "row"`, `"type": "text"`},
		{"one-target", abandonment, `(target 8 %)`, `(target 9 %)`},
		{"one-target", abandonment, `"query": "0.08"`, `"query": "0.05"`},
		{"one-target", abandonment, `"value": 0.08`, `"value": 0.07`},
		{"no-data-is-not-good", abandonment, `"color": "red",
                "value": null`, `"color": "green",
                "value": null`},
	} {
		seen[test.rule] = true
		broken := strings.ReplaceAll(string(shipped[test.dashboard]), test.old, test.new)
		if broken == string(shipped[test.dashboard]) {
			t.Errorf("%s: nothing in %s is %q", test.rule, test.dashboard, test.old)
			continue
		}
		rules := slices.Concat(linterRules(), ownRules())
		rule := rules[slices.IndexFunc(rules, func(r dashboardRule) bool { return r.name == test.rule })]
		before := len(rule.check(readDashboard(t, shipped[test.dashboard]), q))
		if after := len(rule.check(readDashboard(t, []byte(broken)), q)); after <= before {
			t.Errorf("%s: finds nothing against %q in place of %q", test.rule, test.new, test.old)
		}
	}
	for _, rule := range slices.Concat(linterRules(), ownRules()) {
		if !seen[rule.name] {
			t.Errorf("no mistake shows that %s can fail", rule.name)
		}
	}
}
