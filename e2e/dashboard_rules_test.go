package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Our own rules for dashboards, beyond the linter's: what this exporter's metrics
// allow, and what a person needs.

// wallHeight is how many rows of the grid fit on a screen of 1080 pixels below the
// line with the variables: a row is 38 pixels.
const wallHeight = 25

// leastInterval is the scrape interval that the dashboards reckon with.
const leastInterval = time.Minute

func ownRules() []dashboardRule {
	return []dashboardRule{
		{"identity", checkIdentity},
		{"metrics-exist", checkMetrics},
		{"labels-exist", checkLabels},
		{"functions-fit-the-type", checkFunctions},
		{"one-window", checkOneWindow},
		{"workspaces-apart", checkWorkspacesApart},
		{"joins", checkJoins},
		{"names-at-a-moment", checkNamesAtAMoment},
		{"rate-interval-holds-scrapes", checkIntervals},
		{"layout", checkLayout},
		{"wall", checkWall},
		{"one-target", checkOneTarget},
		{"no-data-is-not-good", checkNoData},
	}
}

// checkIdentity checks what makes a dashboard one that can be imported anywhere.
func checkIdentity(d *dashboard, _ *parser) []finding {
	var found []finding
	for what, wrong := range map[string]bool{
		"an id of one database":              d.ID != nil,
		"no uid that people can read":        !regexp.MustCompile(`^livechat-[a-z]+$`).MatchString(d.UID),
		"no title or description":            d.Title == "" || d.Description == "",
		"another schema than Grafana 12.2's": d.SchemaVersion != 42,
		"no tag":                             !slices.Contains(d.Tags, "livechat"),
		"another time zone than the browser": d.Timezone != "browser",
		"no refresh of a scrape interval":    d.Refresh != "1m",
	} {
		if wrong {
			found = append(found, finding{"", "has " + what})
		}
	}
	seen := make(map[int]bool)
	for _, p := range d.all() {
		if seen[p.ID] {
			found = append(found, finding{p.Title, fmt.Sprintf("has the id %d of another panel", p.ID)})
		}
		seen[p.ID] = true
	}
	return found
}

func checkMetrics(d *dashboard, q *parser) []finding {
	return d.eachNode(q, func(n *node, _ []*node) error {
		if n.isSelector() && n.metric == nil {
			return fmt.Errorf("there is no metric %q", n.Name)
		}
		return nil
	})
}

// checkLabels checks that the labels that a query matches and that it groups by are
// labels of what stands there.
func checkLabels(d *dashboard, q *parser) []finding {
	return d.eachNode(q, func(n *node, _ []*node) error {
		if n.isSelector() {
			for _, m := range n.Matchers {
				if m.Name != "__name__" && !slices.Contains(n.labels(), m.Name) {
					return fmt.Errorf("%s has no label %q", n.Name, m.Name)
				}
			}
		}
		if n.Type == "aggregation" && !isScalarLike(n.Expr) {
			for _, label := range n.Grouping {
				if !allLabels(n.Expr).has(label) {
					return fmt.Errorf("%s groups by %q, which nothing in it has", n.Op, label)
				}
			}
		}
		return nil
	})
}

// checkFunctions checks that increases are taken of counters alone, and averages and
// the like of gauges.
func checkFunctions(d *dashboard, q *parser) []finding {
	return d.eachNode(q, func(n *node, _ []*node) error {
		if n.Type != "call" || len(n.Args) == 0 || n.Args[0].Type != "matrixSelector" || n.Args[0].metric == nil {
			return nil
		}
		kind := n.Args[0].metric.kind
		forCounters := slices.Contains([]string{"rate", "irate", "increase", "resets"}, n.Func.Name)
		if forCounters != (kind == counterKind || kind == histogramKind) {
			return fmt.Errorf("%s of the %s %s", n.Func.Name, kind, n.Args[0].Name)
		}
		return nil
	})
}

// checkOneWindow checks that one window is looked at: windows overlap.
func checkOneWindow(d *dashboard, q *parser) []finding {
	found := d.eachNode(q, func(n *node, _ []*node) error {
		if n.isSelector() && strings.HasPrefix(n.Name, "livechat_department_") &&
			slices.Contains(n.labels(), "window") && !n.fixes("window") {
			return fmt.Errorf("%s is selected in several windows at once", n.Name)
		}
		return nil
	})
	if v := d.variable("window"); v != nil && (v.Multi || v.IncludeAll) {
		found = append(found, finding{"", "several windows can be chosen"})
	}
	return found
}

// checkWorkspacesApart checks that no aggregation mixes workspaces. The highest or
// lowest of several is allowed: two exporters may watch one workspace.
func checkWorkspacesApart(d *dashboard, q *parser) []finding {
	return d.eachNode(q, func(n *node, _ []*node) error {
		if n.Type != "aggregation" || n.Op == "max" || n.Op == "min" || isScalarLike(n.Expr) {
			return nil
		}
		for _, label := range []string{"job", "instance"} {
			if slices.Contains(n.Grouping, label) == n.Without {
				return fmt.Errorf("%s mixes what differs in %s", n.Op, label)
			}
		}
		return nil
	})
}

// checkJoins checks that each series finds at most one partner, whatever is scraped.
func checkJoins(d *dashboard, q *parser) []finding {
	return d.eachNode(q, func(n *node, _ []*node) error {
		if n.Type != "binaryExpr" || isScalarLike(n.LHS) || isScalarLike(n.RHS) {
			return nil
		}
		return joinError(n)
	})
}

// checkNamesAtAMoment checks that names are never looked up over a range: a department
// may be called otherwise at its beginning.
func checkNamesAtAMoment(d *dashboard, q *parser) []finding {
	return d.eachNode(q, func(n *node, _ []*node) error {
		if n.Type == "matrixSelector" && strings.HasSuffix(n.Name, "_info") {
			return fmt.Errorf("%s is taken over a range", n.Name)
		}
		return nil
	})
}

// checkIntervals checks that a rate spans several scrapes whatever the data source's
// own settings are: Grafana makes $__rate_interval at least four times the least step.
func checkIntervals(d *dashboard, _ *parser) []finding {
	return d.eachPanel(func(p *panel) error {
		for _, t := range p.Targets {
			if t.Instant == t.Range {
				return fmt.Errorf("query %s is neither of a moment nor of a range", t.RefID)
			}
			least, err := time.ParseDuration(t.Interval)
			if t.Range && (err != nil || least < leastInterval) {
				return fmt.Errorf("query %s has the least step %q", t.RefID, t.Interval)
			}
			if t.Instant && strings.Contains(t.Expr, "$__rate_interval") {
				return fmt.Errorf("query %s takes a rate at a moment", t.RefID)
			}
		}
		return nil
	})
}

// checkLayout checks that panels lie beside each other and within the page.
func checkLayout(d *dashboard, _ *parser) []finding {
	var found []finding
	for i, p := range d.Panels {
		g := p.GridPos
		if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
			found = append(found, finding{p.Title, fmt.Sprintf("does not lie on the page: %+v", g)})
		}
		for _, other := range d.Panels[:i] {
			o := other.GridPos
			if g.X < o.X+o.W && o.X < g.X+g.W && g.Y < o.Y+o.H && o.Y < g.Y+g.H {
				found = append(found, finding{p.Title, fmt.Sprintf("lies on %q", other.Title)})
			}
		}
	}
	return found
}

// checkWall checks that what stands above the first row fits on one screen.
func checkWall(d *dashboard, _ *parser) []finding {
	for i, p := range d.Panels {
		if p.Type == "row" {
			if i == 0 || p.GridPos.Y > wallHeight {
				return []finding{{p.Title, fmt.Sprintf("the first row begins at %d, want at most %d", p.GridPos.Y, wallHeight)}}
			}
			return nil
		}
	}
	return []finding{{"", "has no row: all would have to fit on one screen"}}
}

// percentInTitle is a figure that stands in a title.
var percentInTitle = regexp.MustCompile(`(\d+) %`)

// checkOneTarget checks that the share to stay below is the same wherever it stands:
// Grafana takes no variable for a threshold.
func checkOneTarget(d *dashboard, _ *parser) []finding {
	v := d.variable("target")
	if v == nil {
		return nil
	}
	var target float64
	if _, err := fmt.Sscan(v.query(), &target); err != nil {
		return []finding{{"", fmt.Sprintf("the target is %q", v.query())}}
	}
	return d.eachPanel(func(p *panel) error {
		if said := percentInTitle.FindStringSubmatch(p.Title); len(said) == 2 && said[1] != fmt.Sprint(target*100) {
			return fmt.Errorf("names %s %%, and the target is %g", said[1], target)
		}
		if p.unit() != "percentunit" || !strings.Contains(p.Description, fmt.Sprintf("%g %%", target*100)) && p.Type != "table" {
			return nil // Another share.
		}
		for _, steps := range p.thresholds() {
			if len(steps) > 1 && !slices.ContainsFunc(steps, func(s step) bool { return s.Value != nil && *s.Value == target }) {
				return fmt.Errorf("has no threshold at the target %g", target)
			}
		}
		return nil
	})
}

// checkNoData checks that a coloured tile without data does not look like a good one:
// without a value Grafana takes the first colour.
func checkNoData(d *dashboard, _ *parser) []finding {
	return d.eachPanel(func(p *panel) error {
		first := p.FieldConfig.Defaults.Thresholds.Steps
		if p.Type == "stat" && (len(first) == 0 || first[0].Color != "red" && first[0].Color != "text") {
			return errors.New("is not red without data")
		}
		return nil
	})
}

// thresholds are the panel's, and those of its overrides.
func (p *panel) thresholds() [][]step {
	list := [][]step{p.FieldConfig.Defaults.Thresholds.Steps}
	for _, o := range p.FieldConfig.Overrides {
		for _, property := range o.Properties {
			if object, ok := property.Value.(map[string]any); ok && property.ID == "thresholds" {
				list = append(list, stepsOf(object))
			}
		}
	}
	return list
}

func stepsOf(object map[string]any) []step {
	var steps []step
	list, _ := object["steps"].([]any)
	for _, item := range list {
		fields, _ := item.(map[string]any)
		var s step
		s.Color, _ = fields["color"].(string)
		if value, ok := fields["value"].(float64); ok {
			s.Value = &value
		}
		steps = append(steps, s)
	}
	return steps
}
