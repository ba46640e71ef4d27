package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

var rulesFile = filepath.Join("..", "alerts", "livechat.rules.yml")

// ruleFile is a file of Prometheus rules.
type ruleFile struct {
	Groups []ruleGroup `json:"groups"`
}

type ruleGroup struct {
	Name  string `json:"name"`
	Rules []rule `json:"rules"`
}

// rule records a series or raises an alert.
type rule struct {
	Record      string            `json:"record,omitempty"`
	Alert       string            `json:"alert,omitempty"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	KeepFiring  string            `yaml:"keep_firing_for" json:"keep_firing_for,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// shippedRules reads the rules that are shipped.
func shippedRules(t *testing.T) ruleFile {
	t.Helper()
	var rules ruleFile
	readYAML(t, rulesFile, &rules)
	if len(rules.alerts()) == 0 {
		t.Fatal("no alerts")
	}
	return rules
}

// readYAML decodes a file; keys that the value does not have are ignored.
func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Load(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func (f ruleFile) all() []rule {
	var all []rule
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

func (f ruleFile) alerts() []rule {
	return slices.DeleteFunc(f.all(), func(r rule) bool { return r.Alert == "" })
}

// named returns the rule of an alert or of a recorded series.
func (f ruleFile) named(t *testing.T, name string) rule {
	t.Helper()
	all := f.all()
	i := slices.IndexFunc(all, func(r rule) bool { return r.Record+r.Alert == name })
	if i < 0 {
		t.Fatalf("no rule %s", name)
	}
	return all[i]
}

// changed is a copy of the file in which change has seen each rule. The rule is left out
// if change returns false.
func (f ruleFile) changed(change func(*rule) bool) ruleFile {
	var copied ruleFile
	for _, g := range f.Groups {
		g.Rules = slices.Clone(g.Rules)
		kept := g.Rules[:0]
		for _, r := range g.Rules {
			if change(&r) {
				kept = append(kept, r)
			}
		}
		if g.Rules = kept; len(kept) > 0 {
			copied.Groups = append(copied.Groups, g)
		}
	}
	return copied
}

// firingAfter is a copy in which every alert waits for this time alone, and is over with
// its condition.
func (f ruleFile) firingAfter(wait string) ruleFile {
	return f.changed(func(r *rule) bool {
		if r.Alert != "" {
			r.For, r.KeepFiring = wait, ""
		}
		return true
	})
}

// ruleTests is a file for "promtool test rules". Parts that the tests do not look at are
// passed through.
type ruleTests struct {
	RuleFiles  []string   `yaml:"rule_files" json:"rule_files"`
	Interval   string     `yaml:"evaluation_interval" json:"evaluation_interval"`
	GroupOrder []string   `yaml:"group_eval_order" json:"group_eval_order"`
	Tests      []ruleTest `yaml:"tests" json:"tests"`
}

type ruleTest struct {
	Name     string `yaml:"name" json:"name"`
	Interval string `yaml:"interval" json:"interval"`
	Series   []struct {
		Series string `yaml:"series" json:"series"`
		Values string `yaml:"values" json:"values"` // A string, because 0x10 is a number of YAML.
	} `yaml:"input_series" json:"input_series"`
	Alerts  []alertTest `yaml:"alert_rule_test" json:"alert_rule_test,omitempty"`
	Queries any         `yaml:"promql_expr_test" json:"promql_expr_test,omitempty"`
}

// alertTest names the alerts that fire at a time. There are none if Alerts is empty.
type alertTest struct {
	Alert  string           `yaml:"alertname" json:"alertname"`
	At     string           `yaml:"eval_time" json:"eval_time"`
	Alerts []map[string]any `yaml:"exp_alerts" json:"exp_alerts,omitempty"`
}

// ruleTestFiles are the shipped files of rule tests by name.
func ruleTestFiles(t *testing.T) map[string]ruleTests {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "alerts", "tests", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of the rules: %v", err)
	}
	found := make(map[string]ruleTests)
	for _, file := range files {
		var tests ruleTests
		readYAML(t, file, &tests)
		found[filepath.Base(file)] = tests
	}
	return found
}

func TestRulesAreValid(t *testing.T) {
	t.Parallel()
	if output, err := runTool(t, programs.promtool, "check", "rules", "--lint=all", "--lint-fatal", rulesFile); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestShippedRuleTests(t *testing.T) {
	t.Parallel()
	for name, tests := range ruleTestFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if want := []string{"../livechat.rules.yml"}; !slices.Equal(tests.RuleFiles, want) {
				t.Errorf("tests %q, want %q", tests.RuleFiles, want)
			}
			if output, err := runTool(t, programs.promtool, "test", "rules", filepath.Join("..", "alerts", "tests", name)); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}

// alertAddresses are where the alerts lead to, from the Makefile. One with another address
// was missed by "make alert-urls".
func alertAddresses(t *testing.T) (runbook, dashboards string) {
	t.Helper()
	makefile := readFile(t, "Makefile")
	value := func(name string) string {
		found := regexp.MustCompile(`(?m)^` + name + ` := (\S+)$`).FindStringSubmatch(makefile)
		if found == nil {
			t.Fatalf("the Makefile has no %s", name)
		}
		return found[1]
	}
	return strings.Replace(value("RUNBOOK"), "$(REPOSITORY)", value("REPOSITORY"), 1), value("GRAFANA") + "/d/"
}

// Every alert has its severity, audience, waiting time and texts; a section in the
// runbook; and tests in which it fires, does not fire, and passes the turn of a month.
func TestAlertsAreComplete(t *testing.T) {
	t.Parallel()
	tested := make(map[string]bool)
	for name, file := range ruleTestFiles(t) {
		for _, test := range file.Tests {
			for _, a := range test.Alerts {
				switch {
				case len(a.Alerts) > 0:
					tested["firing "+a.Alert] = true
				case name == "month.yml":
					tested["month "+a.Alert] = true
				case strings.Contains(test.Name, a.Alert):
					tested["silent "+a.Alert] = true
				}
			}
		}
	}
	sections := runbookSections(t)
	runbook, dashboards := alertAddresses(t)
	sentence := regexp.MustCompile(`^[A-Z][^{]*\.$`)
	for _, r := range shippedRules(t).alerts() {
		_, documented := sections[r.Alert]
		for what, ok := range map[string]bool{
			"severity":                   slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]),
			"audience":                   slices.Contains([]string{"shift", "operations"}, r.Labels["audience"]),
			"for":                        r.For != "",
			"summary of one sentence":    sentence.MatchString(r.Annotations["summary"]),
			"instance in description":    strings.Contains(r.Annotations["description"], "{{ $labels.instance }}"),
			"runbook_url":                r.Annotations["runbook_url"] == runbook+"#"+strings.ToLower(r.Alert),
			"dashboard_url":              strings.HasPrefix(r.Annotations["dashboard_url"], dashboards+"livechat-"),
			"department in the address":  strings.Contains(r.Annotations["dashboard_url"], "&var-department=") || !strings.Contains(r.Annotations["description"], "department_id=%q"),
			"section in the runbook":     documented,
			"test in which it fires":     tested["firing "+r.Alert],
			"test in which it does not":  tested["silent "+r.Alert],
			"test of the turn of months": tested["month "+r.Alert],
		} {
			if !ok {
				t.Errorf("%s: wrong or missing: %s", r.Alert, what)
			}
		}
		delete(sections, r.Alert)
	}
	if len(sections) > 0 {
		t.Errorf("the runbook has sections without an alert: %q", slices.Sorted(maps.Keys(sections)))
	}
}

// Every section of the runbook has its parts in order, its links to headings are right,
// and the metrics in it exist.
func TestRunbook(t *testing.T) {
	t.Parallel()
	for alert, section := range runbookSections(t) {
		if !regexp.MustCompile(`(?s)\n\nWho should look: .*\n\n1\. .*Real-time Monitoring.*\n\nClears: `).MatchString(section) {
			t.Errorf("%s: want who should look, steps with Real-time Monitoring, and when it clears", alert)
		}
	}
	text := readFile(t, "alerts", "runbook.md")
	anchors := make(map[string]bool)
	for _, h := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(text, -1) {
		anchors[strings.ReplaceAll(strings.ToLower(h[1]), " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(text, -1) {
		if !anchors[link[1]] {
			t.Errorf("no heading for #%s", link[1])
		}
	}
	wantMetricsExist(t, "runbook.md", text)
}

// runbookSections are the texts under the headings of the alerts.
func runbookSections(t *testing.T) map[string]string {
	t.Helper()
	sections := make(map[string]string)
	for _, section := range strings.Split(readFile(t, "alerts", "runbook.md"), "\n### ")[1:] {
		alert, text, _ := strings.Cut(section, "\n")
		sections[alert] = "\n" + text
	}
	return sections
}

var (
	recordedName = regexp.MustCompile(`\b[a-z_]+:[a-z_]+:[a-z0-9_]+\b`)
	exportedName = regexp.MustCompile(`\blivechat_[a-z0-9_]+\b`)
)

// wantMetricsExist checks that metrics in a text are documented or recorded by a rule.
func wantMetricsExist(t *testing.T, name, text string) {
	t.Helper()
	documented, recorded := documentedMetrics(t), make(map[string]bool)
	for _, r := range shippedRules(t).all() {
		recorded[r.Record] = true
	}
	for _, metric := range recordedName.FindAllString(text, -1) {
		if !recorded[metric] {
			t.Errorf("%s: nothing records %s", name, metric)
		}
	}
	for _, metric := range exportedName.FindAllString(recordedName.ReplaceAllString(text, ""), -1) {
		if _, ok := documented[metric]; !ok && metric != "livechat_exporter" {
			t.Errorf("%s: docs/metrics.md does not have %s", name, metric)
		}
	}
}

var (
	promqlComment = regexp.MustCompile(`#.*`)
	// queryInText is a query in the template of an annotation.
	queryInText   = regexp.MustCompile(`printf ("(?:[^"\\]|\\.)*")[^}|]*\| query`)
	rangeFunction = regexp.MustCompile(`\b(rate|irate|increase|delta|idelta|deriv)\s*\(\s*([a-z0-9_:]+)`)
	aggregation   = regexp.MustCompile(`\b(?:sum|min|max|avg|group|count|quantile|topk|bottomk|stddev|stdvar|count_values)\s*(?:by \(([^)]*)\)|without|\()`)
	windowed      = regexp.MustCompile(`\blivechat_department_(?:abandoned_rooms|rooms)(?::[a-z]+)?\{([^}]*)\}`)
)

// The rules use metrics that exist, increases of counters only, keep workspaces and
// windows apart. They or the wall use every series that they record.
func TestRulesUseMetricsCorrectly(t *testing.T) {
	t.Parallel()
	documented, rules := documentedMetrics(t), shippedRules(t)
	var all strings.Builder
	increases, aggregations, windows := 0, 0, 0
	for _, r := range rules.all() {
		queries := []string{promqlComment.ReplaceAllString(r.Expr, "")}
		for _, text := range r.Annotations {
			for _, query := range queryInText.FindAllStringSubmatch(text, -1) {
				queries = append(queries, query[1])
			}
		}
		name, expr := r.Record+r.Alert, strings.Join(queries, "\n")
		all.WriteString(expr + "\n")
		wantMetricsExist(t, name, expr)
		for _, use := range rangeFunction.FindAllStringSubmatch(expr, -1) {
			increases++
			if kind := documented[use[2]].kind; kind != "counter" {
				t.Errorf("%s: %s of %s, which is a %q", name, use[1], use[2], kind)
			}
		}
		for _, use := range aggregation.FindAllStringSubmatch(expr, -1) {
			aggregations++
			by := strings.Split(use[1], ", ")
			anyWorkspace := name == "LivechatWorkspaceUnreachable" && use[0] == "group by (job)"
			if !anyWorkspace && (!slices.Contains(by, "job") || !slices.Contains(by, "instance")) {
				t.Errorf("%s: %s aggregates workspaces", name, use[0])
			}
		}
		for _, use := range windowed.FindAllStringSubmatch(expr, -1) {
			windows++
			if !strings.Contains(use[1], "window=") {
				t.Errorf("%s: %s selects no window", name, use[0])
			}
		}
		if strings.Contains(expr, `window=~`) && !strings.Contains(expr, "by (job, instance, department_id, window)") {
			t.Errorf("%s aggregates windows: %s", name, expr)
		}
	}
	if increases == 0 || aggregations == 0 || windows == 0 {
		t.Errorf("found %d increases, %d aggregations and %d windows: the patterns are wrong", increases, aggregations, windows)
	}
	used := recordedName.FindAllString(all.String()+readFile(t, "dashboards/livechat-abandonment.json"), -1)
	for _, r := range rules.all() {
		if r.Record != "" && !slices.Contains(used, r.Record) {
			t.Errorf("nothing uses %s", r.Record)
		}
	}
}
