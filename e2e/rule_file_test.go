package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.yaml.in/yaml/v4"
)

// alertsFolder holds what is shipped for alerting.
var alertsFolder = filepath.Join("..", "alerts")

// ruleFile is a file of Prometheus rules, as far as the tests look at it.
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
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// shippedRules reads the rules that are shipped.
func shippedRules(t *testing.T) ruleFile {
	t.Helper()
	var rules ruleFile
	readYAML(t, filepath.Join(alertsFolder, "livechat.rules.yml"), &rules)
	if len(rules.alerts()) == 0 {
		t.Fatal("no alerts")
	}
	return rules
}

// all are the rules in their order.
func (f ruleFile) all() []rule {
	var all []rule
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// alerts are the rules that raise an alert, in their order.
func (f ruleFile) alerts() []rule {
	return slices.DeleteFunc(f.all(), func(r rule) bool { return r.Alert == "" })
}

// within is the file with another waiting time for every alert, and nothing else.
func (f ruleFile) within(time string) ruleFile {
	var changed ruleFile
	for _, g := range f.Groups {
		g.Rules = slices.Clone(g.Rules)
		for i := range g.Rules {
			if g.Rules[i].Alert != "" {
				g.Rules[i].For = time
			}
		}
		changed.Groups = append(changed.Groups, g)
	}
	return changed
}

// readYAML decodes a file, as far as the value has a place for what is in it.
func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Load(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
