package e2e

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// increase1h is recorded for dashboards alone, so that no test of an alert covers it.
const increase1h = "instance_department:livechat_department_abandonments:increase1h"

// ruleMutations are mistakes in the expression of a rule, or of a series that it uses.
// The text to find is there once. The tests of the rule have to fail for each.
var ruleMutations = []struct{ rule, find, replace string }{
	{"LivechatAbandonmentSpike", ">= 7 #", ">= 6 #"},
	{"LivechatAbandonmentSpike", "> 1.4 #", "> 1.3 #"},
	{"LivechatAbandonmentSpike", "> 2.7 #", "> 2.5 #"},
	{"LivechatAbandonmentSpike", "2 * (sqrt(", "3 * (sqrt("},
	{"LivechatAbandonmentSpike", "0.8 #", "0.9 #"},
	{"LivechatAbandonmentSpike", ">= 50", ">= 51"},
	{"LivechatAbandonmentSpike", ">= 50", ">= 49"},
	{"LivechatAbandonmentSpike", ", 1)", ", 0)"},
	{"LivechatAbandonmentSpike", `abandoned_rooms:max{window="7d"} - ignoring (window) instance_department_window:livechat_department_abandoned_rooms:max{window="24h"}, 1)`, `abandoned_rooms:max{window="7d"}, 0)`},
	{"LivechatAbandonmentSpike", "max by (job, instance, department_id, window) (last_over_time(livechat_department_abandoned_rooms", "sum by (job, instance, department_id, window) (last_over_time(livechat_department_abandoned_rooms"},
	{"LivechatAbandonmentSpike", `last_over_time(livechat_department_abandoned_rooms{window=~"6h|24h|7d"}[5m])`, `livechat_department_abandoned_rooms{window=~"6h|24h|7d"}`},

	{"LivechatAbandonmentSpikeWorkspace", ">= 7 #", ">= 6 #"},
	{"LivechatAbandonmentSpikeWorkspace", "> 1.4 #", "> 1.3 #"},
	{"LivechatAbandonmentSpikeWorkspace", "> 2.9 #", "> 2.7 #"},
	{"LivechatAbandonmentSpikeWorkspace", "<= 2 #", "<= 0.5 #"},
	{"LivechatAbandonmentSpikeWorkspace", "0.8 # as above", "1.2 # as above"},
	{"LivechatAbandonmentSpikeWorkspace", `sum{window="24h"} >= 50`, `sum{window="24h"} >= 51`},
	{"LivechatAbandonmentSpikeWorkspace", `sum{window="24h"} >= 50`, `sum{window="24h"} >= 49`},
	{"LivechatAbandonmentSpikeWorkspace", "sum by (job, instance, window) (instance_department_window:livechat_department_abandoned_rooms:max)", "sum by (job, window) (instance_department_window:livechat_department_abandoned_rooms:max)"},
	{"LivechatAbandonmentSpikeWorkspace", "sum by (job, instance, window) (instance_department_window:livechat_department_abandoned_rooms:max)", "max by (job, instance, window) (instance_department_window:livechat_department_abandoned_rooms:max)"},

	{"LivechatAbandonmentRise", ">= 8 #", ">= 7 #"},
	{"LivechatAbandonmentRise", "> 1.8 #", "> 1.7 #"},
	{"LivechatAbandonmentRise", "> 2.55 #", "> 2.4 #"},
	{"LivechatAbandonmentRise", "0.97 #", "1.1 #"},
	{"LivechatAbandonmentRise", ">= 50", ">= 51"},
	{"LivechatAbandonmentRise", ">= 50", ">= 49"},
	{"LivechatAbandonmentRise", ", 1)", ", 0)"},
	{"LivechatAbandonmentRise", `alertname="LivechatAbandonmentSpike"`, `alertname="LivechatAbandonmentFlood"`},
	{"LivechatAbandonmentRise", "max by (job, instance, department_id, window) (last_over_time(livechat_department_abandoned_rooms", "sum by (job, instance, department_id, window) (last_over_time(livechat_department_abandoned_rooms"},

	{"LivechatAbandonmentFlood", ">= 8 #", ">= 7 #"},
	{"LivechatAbandonmentFlood", "> 1.5 #", "> 1.4 #"},
	{"LivechatAbandonmentFlood", "> 2 #", "> 1.9 #"},
	{"LivechatAbandonmentFlood", "max by (job, instance, department_id, window) (\n", "avg by (job, instance, department_id, window) (\n"},
	{"LivechatAbandonmentFlood", "max by (job, instance, department_id, window) (\n", "max by (job, department_id, window) (\n"},
	{"LivechatAbandonmentFlood", "offset 6d23h30m", "offset 5d23h30m"},
	{"LivechatAbandonmentFlood", "offset 13d23h30m", "offset 12d23h30m"},
	{"LivechatAbandonmentFlood", "offset 20d23h30m", "offset 19d23h30m"},
	{"LivechatAbandonmentFlood", "[1h] offset 6d23h30m", "[5m] offset 7d"},
	{"LivechatAbandonmentFlood", `alertname=~"LivechatAbandonment(Spike|Rise)"`, `alertname=~"LivechatAbandonmentRise"`},
	{"LivechatAbandonmentFlood", "and ignoring (department_id)", "and"},
	{"LivechatAbandonmentFlood", `{window="6h",department_id="none"}`, `{window="6h"}`},
	{"LivechatAbandonmentFlood", `{window="6h"}[6h]`, `{window="6h"}[5m]`},

	{increase1h, "present_over_time(livechat_department_abandonments_total[1h] offset 1h)", "livechat_department_abandonments_total offset 1h"},
	{increase1h, "present_over_time(livechat_department_abandonments_total[1h] offset 1h)", "livechat_department_abandonments_total"},
	{increase1h, "resets(livechat_department_abandonments_total[1h]) > 0", "resets(livechat_department_abandonments_total[1h]) > 1"},
	{increase1h, "changes(livechat_abandonments_period_start_timestamp_seconds[1h]) > 0", "changes(livechat_abandonments_period_start_timestamp_seconds[1h]) > 1"},
	{increase1h, "and ignoring (department_id)", "and"},
	{increase1h, `total{department_id="none"}`, "total"},
	{increase1h, "max by (job, instance, department_id) (\n", "sum by (job, instance, department_id) (\n"},

	{"LivechatAbandonmentShareAboveTarget", ">= 5 #", ">= 4 #"},
	{"LivechatAbandonmentShareAboveTarget", "* 1 +", "* 0.5 +"},
	{"LivechatAbandonmentShareAboveTarget", "> 2 #", "> 1 #"},
	{"LivechatAbandonmentShareAboveTarget", "max by (job, instance, department_id, window) (last_over_time(livechat_department_abandoned_rooms", "sum by (job, instance, department_id, window) (last_over_time(livechat_department_abandoned_rooms"},

	{"LivechatAbandonmentStuckAtZero", "== 0", "<= 1"},
	{"LivechatAbandonmentStuckAtZero", "> 50", ">= 50"},
	{"LivechatAbandonmentStuckAtZero", "> 10 #", ">= 10 #"},
	{"LivechatAbandonmentStuckAtZero", `max_over_time(instance_window:livechat_department_abandoned_rooms:sum{window="24h"}[1h] offset 1w)`, `instance_window:livechat_department_abandoned_rooms:sum{window="24h"} offset 1w`},
	{"LivechatAbandonmentStuckAtZero", "max by (job, instance, department_id, window) (last_over_time(livechat_department_rooms", "sum by (job, instance, department_id, window) (last_over_time(livechat_department_rooms"},
	{"LivechatAbandonmentStuckAtZero", "sum by (job, instance, window) (instance_department_window:livechat_department_abandoned_rooms:max)", "sum by (job, instance) (instance_department_window:livechat_department_abandoned_rooms:max)"},

	{"LivechatUnassignedAbandonments", "> 0.2", ">= 0.2"},
	{"LivechatUnassignedAbandonments", ">= 10", ">= 9"},
	{"LivechatUnassignedAbandonments", `department_id="none"`, `department_id="sales"`},
	{"LivechatUnassignedAbandonments", `sum{window="24h"}`, `sum{window="6h"}`},
	{"LivechatUnassignedAbandonments", "max by (job, instance, department_id, window) (last_over_time(livechat_department_abandoned_rooms", "sum by (job, instance, department_id, window) (last_over_time(livechat_department_abandoned_rooms"},

	{"LivechatExporterDown", "== 0", "== 1"},
	{"LivechatExporterDown", `or absent(up{job="livechat"})`, ""},
	{"LivechatExporterDown", "max by (job, instance)", "min by (job, instance)"},
	{"LivechatExporterDown", `max by (job, instance) (up{job="livechat"})`, "max by (job, instance) (up)"},

	{"LivechatWorkspaceUnreachable", "instance:livechat_up:max == 0", "instance:livechat_up:max < 0"},
	{"LivechatWorkspaceUnreachable", "unless on (job)", "unless on (job, instance)"},
	{"LivechatWorkspaceUnreachable", `(group by (job) (instance:livechat_exporter_up:max == 1) unless on (job) instance:livechat_up:max)`, "vector(1) < 0"},
	{"LivechatWorkspaceUnreachable", "(instance:livechat_exporter_up:max == 1)", "(instance:livechat_exporter_up:max)"},
	{"LivechatWorkspaceUnreachable", "max by (job, instance) (last_over_time(livechat_up[5m]))", "min by (job, instance) (last_over_time(livechat_up[5m]))"},
	{"LivechatWorkspaceUnreachable", "last_over_time(livechat_up[5m])", "livechat_up"},

	{"LivechatRefreshFailing", "== 0", "== 1"},
	{"LivechatRefreshFailing", "max by", "min by"},
	{"LivechatRefreshFailing", "last_over_time(livechat_refresh_success[5m])", "livechat_refresh_success"},

	{"LivechatDataStale", "> 600", "> 590"},
	{"LivechatDataStale", "> 1200", "> 1190"},
	{"LivechatDataStale", `resource="departments"`, `resource="rooms"`},
	{"LivechatDataStale", `resource!="departments"`, `resource!=""`},
	{"LivechatDataStale", `max by (job, instance, resource, window) (last_over_time(livechat_refresh_timestamp_seconds{resource!=`, `min by (job, instance, resource, window) (last_over_time(livechat_refresh_timestamp_seconds{resource!=`},
	{"LivechatDataStale", `last_over_time(livechat_refresh_timestamp_seconds{resource!="departments"}[5m])`, `livechat_refresh_timestamp_seconds{resource!="departments"}`},

	{"LivechatAccessDenied", "unauthorized|", ""},
	{"LivechatAccessDenied", "forbidden|", ""},
	{"LivechatAccessDenied", "|unlicensed", "|server_error"},
	{"LivechatAccessDenied", "[5m]", "[10m]"},
	{"LivechatAccessDenied", "> 0", ">= 0"},
	{"LivechatAccessDenied", "sum by (job, instance, outcome)", "sum by (job, instance, route, outcome)"},

	{"LivechatRateLimited", ">= 3", ">= 2"},
	{"LivechatRateLimited", "max by", "sum by"},
	{"LivechatRateLimited", "rate_limited", "server_error"},

	{"LivechatScrapeSlow", "> 0.8 #", ">= 0.8 #"},
	{"LivechatScrapeSlow", "max by", "sum by"},
	{"LivechatScrapeSlow", "min_over_time(", "max_over_time("},
	{"LivechatScrapeSlow", `scrape_duration_seconds{job="livechat"}`, "scrape_duration_seconds"},

	{"LivechatWindowMissing", "on (job, instance, resource, window)", "on (job, instance)"},
	{"LivechatWindowMissing", `"resource", "abandoned_rooms", "", ""), "window", "6h"`, `"resource", "abandoned_rooms", "", ""), "window", "24h"`},
	{"LivechatWindowMissing", `"resource", "rooms", "", ""), "window", "6h"`, `"resource", "rooms", "", ""), "window", "24h"`},
	{"LivechatWindowMissing", `"resource", "rooms", "", ""), "window", "24h"`, `"resource", "rooms", "", ""), "window", "6h"`},
	{"LivechatWindowMissing", `"resource", "abandoned_rooms", "", ""), "window", "7d"`, `"resource", "abandoned_rooms", "", ""), "window", "24h"`},
	{"LivechatWindowMissing", `"resource", "rooms", "", ""), "window", "7d"`, `"resource", "rooms", "", ""), "window", "24h"`},
	{"LivechatWindowMissing", `"abandonments"`, `"departments"`},
	{"LivechatWindowMissing", "last_over_time(livechat_up[5m])", "livechat_up"},

	{"LivechatIncomplete", "== 0", "== 1"},
	{"LivechatIncomplete", "max by", "min by"},
	{"LivechatIncomplete", "last_over_time(livechat_refresh_complete[5m])", "livechat_refresh_complete"},

	{"LivechatConfigReloadFailed", "== 0", "== 1"},
	{"LivechatConfigReloadFailed", "min by", "max by"},
	{"LivechatConfigReloadFailed", "last_over_time(livechat_exporter_config_last_reload_successful[5m])", "livechat_exporter_config_last_reload_successful"},
}

// The tests of every alert, and of what no alert uses, pass for the shipped rules and fail
// for every mistake of the list.
func TestRuleTestsFindMistakes(t *testing.T) {
	t.Parallel()
	rules, files := shippedRules(t), ruleTestFiles(t)
	for _, tested := range append(rules.alerts(), rules.named(t, increase1h)) {
		name := tested.Alert + tested.Record
		needed, tests := rules.neededFor(t, name), testsOf(name, files)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if output, err := runRuleTests(t, needed, tests); err != nil || len(tests) == 0 {
				t.Errorf("%d tests without a mistake: %v\n%s", len(tests), err, output)
			}
		})
		mistakes := 0
		for _, m := range ruleMutations {
			if m.rule != name {
				continue
			}
			mistakes++
			t.Run(name+": "+m.find, func(t *testing.T) {
				t.Parallel()
				found := 0
				mutated := needed.changed(func(r *rule) bool {
					if r.Alert != "" && r.Alert != m.rule {
						return true // Another alert that this one looks at.
					}
					found += strings.Count(r.Expr, m.find)
					r.Expr = strings.ReplaceAll(r.Expr, m.find, m.replace)
					return true
				})
				if found != 1 {
					t.Fatalf("%q is in the expressions %d times, want once", m.find, found)
				}
				output, err := runRuleTests(t, mutated, tests)
				failed := strings.Contains(output, "alertname: "+m.rule+",") || strings.Contains(output, m.rule+`)", time: `)
				if err == nil || !failed || strings.Contains(output, "err:") {
					t.Errorf("the tests do not fail for %q: error %v\n%s", m.replace, err, output)
				}
			})
		}
		if mistakes == 0 {
			t.Errorf("%s: no mistake is listed", name)
		}
	}
}

// firingAlerts selects alerts that fire.
var firingAlerts = regexp.MustCompile(`ALERTS\{alertname=~?"([^"]+)"`)

// neededFor are a rule, the recorded series and the other alerts that it uses.
func (f ruleFile) neededFor(t *testing.T, name string) ruleFile {
	t.Helper()
	needed := map[string]bool{}
	var need func(name string)
	need = func(name string) {
		if !needed[name] {
			needed[name] = true
			r := f.named(t, name)
			for _, recorded := range recordedName.FindAllString(r.Expr+r.Annotations["description"], -1) {
				need(recorded)
			}
			for _, pattern := range firingAlerts.FindAllStringSubmatch(r.Expr, -1) {
				for _, other := range f.alerts() {
					if regexp.MustCompile("^(?:" + pattern[1] + ")$").MatchString(other.Alert) {
						need(other.Alert)
					}
				}
			}
		}
	}
	need(name)
	return f.changed(func(r *rule) bool { return needed[r.Record+r.Alert] })
}

// testsOf are the tests whose names have the rule, reduced to that rule, by file.
func testsOf(rule string, files map[string]ruleTests) map[string]ruleTests {
	named := regexp.MustCompile(`\b` + rule + `\b`)
	found := make(map[string]ruleTests)
	for name, file := range files {
		var tests []ruleTest
		for _, test := range file.Tests {
			if named.MatchString(test.Name) {
				test.Alerts = slices.DeleteFunc(slices.Clone(test.Alerts), func(a alertTest) bool { return a.Alert != rule })
				tests = append(tests, test)
			}
		}
		if file.Tests = tests; len(tests) > 0 {
			found[name] = file
		}
	}
	return found
}

// runRuleTests runs the files in the order of their names until one fails.
func runRuleTests(t *testing.T, rules ruleFile, files map[string]ruleTests) (output string, err error) {
	t.Helper()
	file := writeJSON(t, "livechat.rules.yml", rules)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		tests := files[name]
		tests.RuleFiles = []string{file}
		if output, err = runTool(t, programs.promtool, "test", "rules", writeJSON(t, name, tests)); err != nil {
			break
		}
	}
	return output, err
}
