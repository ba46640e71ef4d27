package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	prometheus "github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v4"
)

// routing is what decides in a configuration of Alertmanager how many notifications
// alerts become.
type routing struct {
	Route   route     `yaml:"route"`
	Inhibit []inhibit `yaml:"inhibit_rules"`
}

type route struct {
	Matchers matchers `yaml:"matchers"`
	GroupBy  []string `yaml:"group_by"`
	Continue bool     `yaml:"continue"`
	Routes   []route  `yaml:"routes"`
}

type inhibit struct {
	Source matchers `yaml:"source_matchers"`
	Target matchers `yaml:"target_matchers"`
	Equal  []string `yaml:"equal"`
}

// matchers are written as in Alertmanager's file.
type matchers []*labels.Matcher

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *matchers) UnmarshalYAML(node *yaml.Node) error {
	var texts []string
	if err := node.Decode(&texts); err != nil {
		return err
	}
	for _, text := range texts {
		parsed, err := labels.ParseMatchers(text)
		if err != nil {
			return fmt.Errorf("line %d: %w", node.Line, err)
		}
		*m = append(*m, parsed...)
	}
	return nil
}

func (m matchers) match(alert prometheus.Labels) bool {
	return !slices.ContainsFunc(m, func(one *labels.Matcher) bool { return !one.Matches(alert.Get(one.Name)) })
}

func readRouting(file string) (*routing, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the routes: %w", err)
	}
	r := new(routing)
	if err := yaml.Load(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// group is the group of an alert, by the first route that matches it.
func (r *routing) group(alert prometheus.Labels) string {
	current, by := r.Route, r.Route.GroupBy
	for {
		i := slices.IndexFunc(current.Routes, func(one route) bool { return one.Matchers.match(alert) })
		if i < 0 {
			break
		}
		if current = current.Routes[i]; current.GroupBy != nil {
			by = current.GroupBy
		}
	}
	values := make([]string, len(by))
	for i, name := range by {
		values[i] = alert.Get(name)
	}
	return strings.Join(values, "\xff")
}

// inhibited reports whether one of the firing alerts inhibits an alert.
func (r *routing) inhibited(alert prometheus.Labels, firing []prometheus.Labels) bool {
	for _, rule := range r.Inhibit {
		if !rule.Target.match(alert) {
			continue
		}
		if slices.ContainsFunc(firing, func(source prometheus.Labels) bool {
			return rule.Source.match(source) && !prometheus.Equal(source, alert) && equalIn(source, alert, rule.Equal)
		}) {
			return true
		}
	}
	return false
}

func equalIn(a, b prometheus.Labels, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return a.Get(name) != b.Get(name) })
}

// notification is one that is sent because of new alerts in a group.
type notification struct {
	at       time.Time
	instance string
	alerts   []string // their names
}

// notifier turns the alerts that fire at one time after the other into notifications.
// It knows those of new alerts alone, neither repeated nor resolved ones.
type notifier struct {
	*routing

	notified map[string]bool // what was not inhibited last time
	sent     []notification
}

// at takes the alerts that fire at a time.
func (n *notifier) at(at time.Time, firing []prometheus.Labels) {
	groups, now := make(map[string]*notification), make(map[string]bool)
	for _, alert := range firing {
		if n.inhibited(alert, firing) {
			continue
		}
		name := alert.String()
		now[name] = true
		if n.notified[name] {
			continue
		}
		group := n.group(alert)
		if groups[group] == nil {
			groups[group] = &notification{at: at, instance: alert.Get("instance")}
		}
		groups[group].alerts = append(groups[group].alerts, alert.Get("alertname"))
	}
	n.notified = now
	for _, sent := range groups {
		n.sent = append(n.sent, *sent)
	}
}
