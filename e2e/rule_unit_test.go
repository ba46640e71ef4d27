package e2e

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ruleTests is a file for "promtool test rules". What the tests do not look at goes
// through as it is.
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

// alertTest says which alerts of one name fire at a time; none if there are none.
type alertTest struct {
	Alert  string           `yaml:"alertname" json:"alertname"`
	At     string           `yaml:"eval_time" json:"eval_time"`
	Alerts []map[string]any `yaml:"exp_alerts" json:"exp_alerts,omitempty"`
}

// ruleTestFiles are the shipped files of rule tests, by name.
func ruleTestFiles(t *testing.T) map[string]ruleTests {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(alertsFolder, "tests", "*.yml"))
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
	output, err := runTool(t, programs.promtool, "check", "rules", "--lint=all", "--lint-fatal", filepath.Join(alertsFolder, "livechat.rules.yml"))
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// Each file of rule tests holds, by itself, for the rules that are shipped.
func TestRulesHoldTheirTests(t *testing.T) {
	t.Parallel()
	for name, tests := range ruleTestFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if want := []string{"../livechat.rules.yml"}; !slices.Equal(tests.RuleFiles, want) {
				t.Errorf("tests %q, want %q", tests.RuleFiles, want)
			}
			output, err := runTool(t, programs.promtool, "test", "rules", filepath.Join(alertsFolder, "tests", name))
			if err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}

// Every alert has a test in which it fires, with its text, one in which it is silent,
// and one of each across the turn of a month.
func TestEveryAlertIsTested(t *testing.T) {
	t.Parallel()
	fires, silent, turns := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for name, file := range ruleTestFiles(t) {
		for _, test := range file.Tests {
			for _, a := range test.Alerts {
				switch {
				case len(a.Alerts) > 0:
					fires[a.Alert] = true
				case name == "month.yml":
					turns[a.Alert] = true
				case strings.Contains(test.Name, a.Alert):
					silent[a.Alert] = true
				}
			}
		}
	}
	for _, r := range shippedRules(t).alerts() {
		if !fires[r.Alert] || !silent[r.Alert] || !turns[r.Alert] {
			t.Errorf("%s: has a test in which it fires: %v, in which it is silent: %v, in which the month turns: %v; want all",
				r.Alert, fires[r.Alert], silent[r.Alert], turns[r.Alert])
		}
	}
}

// Every alert says how bad it is, whom it concerns, what it means and where to read on.
func TestEveryAlertSaysWhatItShould(t *testing.T) {
	t.Parallel()
	sentence := regexp.MustCompile(`^[A-Z].*\.$`)
	for _, r := range shippedRules(t).alerts() {
		if s := r.Labels["severity"]; !slices.Contains([]string{"critical", "warning", "info"}, s) {
			t.Errorf("%s: severity is %q", r.Alert, s)
		}
		if a := r.Labels["audience"]; !slices.Contains([]string{"shift", "operations"}, a) {
			t.Errorf("%s: audience is %q", r.Alert, a)
		}
		if r.For == "" {
			t.Errorf("%s: has no for", r.Alert)
		}
		if s := r.Annotations["summary"]; !sentence.MatchString(s) || strings.Contains(s, "{{") {
			t.Errorf("%s: the summary %q is no fixed sentence", r.Alert, s)
		}
		if d := r.Annotations["description"]; !strings.Contains(d, "{{ $labels.instance }}") {
			t.Errorf("%s: the description does not name the instance: %s", r.Alert, d)
		}
	}
}
