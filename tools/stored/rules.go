package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// rule is a recording rule or an alert.
type rule struct {
	Record, Alert, Expr string
	For                 duration
	KeepFiringFor       duration `yaml:"keep_firing_for"`
	Labels              map[string]string
}

// duration is one of the units of which the rules have one.
type duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *duration) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := time.ParseDuration(strings.Replace(node.Value, "d", "h", 1))
	if strings.HasSuffix(node.Value, "d") {
		parsed *= 24
	}
	*d = duration(parsed)
	return err
}

// alertName is the matcher of the alerts that another one looks at.
var alertName = regexp.MustCompile(`ALERTS\{alertname=~?"([^"]+)"`)

// readRules returns the rules of a file in stages: each reads only what earlier ones have
// recorded.
func readRules(file string) ([][]rule, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	var content struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var stages [][]rule
	for _, group := range content.Groups {
		for _, r := range group.Rules {
			stage := 0
			for i, earlier := range stages {
				for _, e := range earlier {
					if r.reads(e) {
						stage = i + 1
					}
				}
			}
			if stage == len(stages) {
				stages = append(stages, nil)
			}
			stages[stage] = append(stages[stage], r)
		}
	}
	return stages, nil
}

// reads reports whether a rule reads what an earlier one records.
func (r rule) reads(earlier rule) bool {
	if earlier.Record != "" {
		return strings.Contains(r.Expr, earlier.Record)
	}
	for _, match := range alertName.FindAllStringSubmatch(r.Expr, -1) {
		if matched, err := regexp.MatchString("^(?:"+match[1]+")$", earlier.Alert); err == nil && matched {
			return true
		}
	}
	return false
}
