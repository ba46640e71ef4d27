package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The rules of Grafana's dashboard-linter, by its names for them, as far as they
// concern a dashboard of Prometheus' data. The linter leaves tables and state
// timelines out of some; here they hold for all panels that show data.

// finding is something that a rule has against a dashboard.
type finding struct {
	panel, text string
}

// dashboardRule is a rule of the linter or of ours.
type dashboardRule struct {
	name  string
	check func(*dashboard, *parser) []finding
}

// templatedDatasource is the data source that is chosen at the top of the dashboard.
const templatedDatasource = "${datasource}"

// rateInterval stands for $__rate_interval while a query is parsed: an interval that
// nobody writes by hand.
const rateInterval = "4m31s"

const rateIntervalMilliseconds = (4*60 + 31) * 1000

func linterRules() []dashboardRule {
	return []dashboardRule{
		{"template-datasource-rule", checkTemplateDatasource},
		{"template-job-rule", func(d *dashboard, _ *parser) []finding { return checkTargetVariable(d, "job", "Job") }},
		{"template-instance-rule", func(d *dashboard, _ *parser) []finding { return checkTargetVariable(d, "instance", "Instance") }},
		{"template-label-promql-rule", checkLabelQueries},
		{"template-on-time-change-reload-rule", checkReload},
		{"panel-datasource-rule", checkPanelDatasource},
		{"panel-title-description-rule", checkTitles},
		{"panel-units-rule", checkUnits},
		{"panel-no-targets-rule", checkNoTargets},
		{"target-promql-rule", checkPromQL},
		{"target-rate-interval-rule", checkRateInterval},
		{"target-job-rule", func(d *dashboard, p *parser) []finding { return checkMatcher(d, p, "job") }},
		{"target-instance-rule", func(d *dashboard, p *parser) []finding { return checkMatcher(d, p, "instance") }},
		{"target-counter-agg-rule", checkCounters},
		{"uneditable-dashboard", checkUneditable},
	}
}

func checkTemplateDatasource(d *dashboard, _ *parser) []finding {
	var found []finding
	sources := 0
	for i := range d.Templating.List {
		v := &d.Templating.List[i]
		if v.Type != "datasource" {
			continue
		}
		sources++
		named := v.Name == "datasource" && v.Label == "Data source" ||
			v.Name == "prometheus_datasource" && v.Label == "Prometheus data source"
		if !named || v.query() != "prometheus" {
			found = append(found, finding{"", fmt.Sprintf("the data source is the variable %q, labelled %q, of the type %q", v.Name, v.Label, v.query())})
		}
	}
	if sources != 1 {
		found = append(found, finding{"", fmt.Sprintf("%d variables are data sources, want one", sources)})
	}
	return found
}

// checkTargetVariable checks the variable that chooses a label of the targets.
func checkTargetVariable(d *dashboard, name, label string) []finding {
	v := d.variable(name)
	switch {
	case v == nil:
		return []finding{{"", "there is no variable " + name}}
	case v.Type != "query" || v.Datasource == nil || v.Datasource.UID != templatedDatasource:
		return []finding{{"", name + " does not ask the chosen data source"}}
	case v.Label != label || !v.Multi || v.AllValue != ".+":
		return []finding{{"", fmt.Sprintf("%s is labelled %q, multi %t, all %q", name, v.Label, v.Multi, v.AllValue)}}
	}
	return nil
}

// labelValues is the query of a variable.
var labelValues = regexp.MustCompile(`^label_values\((.+), ?([a-z_]+)\)$`)

func checkLabelQueries(d *dashboard, p *parser) []finding {
	var found []finding
	for i := range d.Templating.List {
		v := &d.Templating.List[i]
		if v.Type != "query" {
			continue
		}
		parts := labelValues.FindStringSubmatch(v.query())
		if parts == nil {
			found = append(found, finding{"", fmt.Sprintf("%s asks for %q", v.Name, v.query())})
		} else if _, err := p.parse(parts[1]); err != nil {
			found = append(found, finding{"", fmt.Sprintf("%s: %v", v.Name, err)})
		}
	}
	return found
}

func checkReload(d *dashboard, _ *parser) []finding {
	var found []finding
	for i := range d.Templating.List {
		if v := &d.Templating.List[i]; v.Type == "query" && v.Refresh != 2 {
			found = append(found, finding{"", v.Name + " is not asked again when the time range changes"})
		}
	}
	return found
}

func checkPanelDatasource(d *dashboard, _ *parser) []finding {
	return d.eachPanel(func(p *panel) error {
		sources := []*datasource{p.Datasource}
		for _, t := range p.Targets {
			sources = append(sources, t.Datasource)
		}
		for _, s := range sources {
			if s == nil || s.UID != templatedDatasource || s.Type != "prometheus" {
				return fmt.Errorf("does not ask the chosen data source but %+v", s)
			}
		}
		return nil
	})
}

func checkTitles(d *dashboard, _ *parser) []finding {
	var found []finding
	for _, p := range d.all() {
		if p.Title == "" || p.Description == "" {
			found = append(found, finding{p.Title, fmt.Sprintf("panel %d has no title or no description", p.ID)})
		}
	}
	return found
}

// units are those of Grafana's that the dashboards have a use for.
var units = []string{"none", "s", "percentunit", "cpm", "bytes", "dateTimeAsIso"}

func checkUnits(d *dashboard, _ *parser) []finding {
	return d.eachPanel(func(p *panel) error {
		if unit := p.unit(); !slices.Contains(units, unit) {
			return fmt.Errorf("has the unit %q", unit)
		}
		return nil
	})
}

func checkNoTargets(d *dashboard, _ *parser) []finding {
	return d.eachPanel(func(p *panel) error {
		if len(p.Targets) == 0 {
			return errors.New("asks for nothing")
		}
		return nil
	})
}

func checkPromQL(d *dashboard, q *parser) []finding {
	var found []finding
	for _, p := range d.all() {
		for _, t := range p.Targets {
			if _, err := q.parse(d.parsable(t.Expr)); err != nil {
				found = append(found, finding{p.Title, err.Error()})
			}
		}
	}
	return found
}

func checkRateInterval(d *dashboard, q *parser) []finding {
	return d.eachNode(q, func(n *node, _ []*node) error {
		rate := n.Type == "call" && (n.Func.Name == "rate" || n.Func.Name == "irate")
		if rate && n.Args[0].Range != rateIntervalMilliseconds {
			return errors.New("takes a rate over another range than $__rate_interval")
		}
		return nil
	})
}

// checkMatcher checks that every selector has the matcher of a variable of its name.
func checkMatcher(d *dashboard, q *parser, label string) []finding {
	return d.eachNode(q, func(n *node, _ []*node) error {
		if n.isSelector() && !n.matches(matcher{label, "=~", "$" + label}) {
			return fmt.Errorf(`%s is selected without %s=~"$%s"`, n.Name, label, label)
		}
		return nil
	})
}

func checkCounters(d *dashboard, q *parser) []finding {
	return d.eachNode(q, func(n *node, around []*node) error {
		if !n.isSelector() || !strings.HasSuffix(n.Name, "_total") {
			return nil
		}
		if len(around) > 0 && slices.Contains([]string{"rate", "irate", "increase"}, around[len(around)-1].Func.Name) {
			return nil
		}
		return fmt.Errorf("the counter %s stands outside rate, irate and increase", n.Name)
	})
}

func checkUneditable(d *dashboard, _ *parser) []finding {
	if d.Editable {
		return []finding{{"", "can be edited"}}
	}
	return nil
}

// eachPanel calls a function for each panel that shows data.
func (d *dashboard) eachPanel(check func(*panel) error) []finding {
	var found []finding
	for _, p := range d.all() {
		if p.Type == "text" {
			continue
		}
		if err := check(&p); err != nil {
			found = append(found, finding{p.Title, err.Error()})
		}
	}
	return found
}

// eachNode calls a function for each part of each query that can be parsed.
func (d *dashboard) eachNode(q *parser, check func(n *node, around []*node) error) []finding {
	var found []finding
	for _, p := range d.all() {
		for _, t := range p.Targets {
			root, err := q.parse(d.parsable(t.Expr))
			if err != nil {
				continue // Another rule's finding.
			}
			root.walk(func(n *node, around []*node) {
				if err := check(n, around); err != nil {
					found = append(found, finding{p.Title, err.Error()})
				}
			})
		}
	}
	return found
}

// parsable is a query with those variables replaced that stand where PromQL has no
// text: the others stay, and are seen as they are written.
func (d *dashboard) parsable(expr string) string {
	expr = strings.ReplaceAll(expr, "$__rate_interval", rateInterval)
	for i := range d.Templating.List {
		if v := &d.Templating.List[i]; v.Type == "constant" || v.Type == "textbox" {
			expr = strings.ReplaceAll(expr, "$"+v.Name, v.query())
		}
	}
	return expr
}
