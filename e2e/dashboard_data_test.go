package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// chosen is what is chosen for each variable: nothing is all.
type chosen map[string][]string

// Weeks of two workspaces are made once for all that is tested on them.
func TestDashboardsOnHistory(t *testing.T) {
	t.Parallel()
	p := startHistory(t)
	t.Run("every query shows data", func(t *testing.T) { testQueriesShowData(t, p) })
	t.Run("a query without data is found", func(t *testing.T) { testMissingDataIsFound(t, p) })
	t.Run("the history is the exporter's", func(t *testing.T) { testHistoryIsTheExporters(t, p) })
}

// Every query of every panel has something to show and no error, for everything that
// can be chosen at the top of the dashboard.
func testQueriesShowData(t *testing.T, p *prometheus) {
	t.Helper()
	t.Parallel()
	for name, content := range dashboards(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := readDashboard(t, content)
			choices := d.choices(t, p)
			asked := make(map[string]error)
			for _, choice := range choices {
				for _, pn := range d.all() {
					for _, scoped := range d.repeats(t, p, &pn, choice) {
						for _, query := range pn.Targets {
							expr := d.interpolate(query.withRateInterval(), scoped)
							key := fmt.Sprint(query.Instant, pn.TimeFrom, expr)
							if _, done := asked[key]; !done {
								asked[key] = p.shows(t, d, &pn, &query, scoped)
							}
							if asked[key] != nil {
								t.Errorf("panel %q, query %s, with %v: %v\n%s", pn.Title, query.RefID, scoped, asked[key], expr)
								asked[key] = nil // Said once.
							}
						}
					}
				}
				for _, a := range d.Annotations.List {
					if a.BuiltIn == 0 && len(choice) == 0 {
						if err := p.shows(t, d, &panel{}, &target{Expr: a.Expr, Range: true}, choice); err != nil {
							t.Errorf("annotation: %v\n%s", err, a.Expr)
						}
					}
				}
			}
			t.Logf("%d queries with %d choices", len(asked), len(choices))
			if len(asked) < 30 || len(choices) < 5 {
				t.Error("the history offers too little to choose")
			}
		})
	}
}

// The test above finds a query that has nothing to show.
func testMissingDataIsFound(t *testing.T, p *prometheus) {
	t.Helper()
	t.Parallel()
	d := readDashboard(t, dashboards(t)["livechat-abandonment"])
	for name, expr := range map[string]string{
		"a metric that is not there":    `livechat_department_abandoned_chats{job=~"$job"}`,
		"a comparison that never holds": `livechat_department_abandoned_rooms{window="24h"} > 1e6`,
		"not a number":                  `livechat_department_abandoned_rooms{window="24h"} * NaN`,
		"labels that do not meet":       `livechat_department_info * on (department) livechat_up`,
		"many to many":                  `livechat_department_rooms * on (job, instance) livechat_department_rooms`,
		"not PromQL":                    `sum by job (livechat_up)`,
	} {
		for _, instant := range []bool{true, false} {
			if p.shows(t, d, &panel{}, &target{Expr: expr, Instant: instant, Range: !instant}, nil) == nil {
				t.Errorf("%s is not found (at a moment: %t)", name, instant)
			}
		}
	}
}

// The history has what the exporter has: the same metrics with the same labels.
func testHistoryIsTheExporters(t *testing.T, p *prometheus) {
	t.Helper()
	t.Parallel()
	var series []labels
	if err := p.call(t, "series", url.Values{
		"match[]": {`{__name__!=""}`},
		"start":   {historyEnd.Add(-time.Hour).Format(time.RFC3339)}, "end": {historyEnd.Format(time.RFC3339)},
	}, &series); err != nil {
		t.Fatal(err)
	}
	metrics := queryableMetrics(t)
	found := make(map[string]bool)
	for _, s := range series {
		name := s["__name__"]
		found[name] = true
		for label := range s {
			if label != "__name__" && !slices.Contains(metrics[name].labels, label) {
				t.Errorf("%s has the label %s", name, label)
			}
		}
	}
	for name := range found {
		if _, known := metrics[name]; !known {
			t.Errorf("the history has %s, which the exporter has not", name)
		}
	}
	for name, m := range metrics {
		if strings.HasPrefix(name, "livechat_") && m.kind != histogramKind && !found[name] {
			t.Errorf("the history lacks %s", name)
		}
	}
}

// choices are what a person can choose: all, and each value of each variable while
// the others stay at all, and two values of one at once.
func (d *dashboard) choices(t *testing.T, p *prometheus) []chosen {
	t.Helper()
	list := []chosen{{}}
	for i := range d.Templating.List {
		v := &d.Templating.List[i]
		if v.Type != "query" {
			continue
		}
		values := d.values(t, p, v, nil)
		if len(values) == 0 {
			t.Errorf("%s has nothing to choose from", v.Name)
		}
		for _, value := range values {
			list = append(list, chosen{v.Name: {value}})
		}
		if v.Multi && len(values) > 1 {
			list = append(list, chosen{v.Name: values[:2]})
		}
	}
	return list
}

// values are the values of a variable.
func (d *dashboard) values(t *testing.T, p *prometheus, v *variable, c chosen) []string {
	t.Helper()
	parts := labelValues.FindStringSubmatch(d.interpolate(v.query(), c))
	if parts == nil {
		t.Fatalf("%s asks for %q", v.Name, v.query())
	}
	var values []string
	err := p.call(t, "label/"+parts[2]+"/values", url.Values{
		"match[]": {parts[1]},
		"start":   {historyEnd.Add(-24 * time.Hour).Format(time.RFC3339)}, "end": {historyEnd.Format(time.RFC3339)},
	}, &values)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// repeats are the choices that a panel is drawn with: more than one for a panel that
// repeats.
func (d *dashboard) repeats(t *testing.T, p *prometheus, pn *panel, c chosen) []chosen {
	t.Helper()
	if pn.Repeat == "" {
		return []chosen{c}
	}
	values := c[pn.Repeat]
	if len(values) == 0 {
		values = d.values(t, p, d.variable(pn.Repeat), c)
	}
	var list []chosen
	for _, value := range values {
		scoped := maps.Clone(c)
		scoped[pn.Repeat] = []string{value}
		list = append(list, scoped)
	}
	return list
}

var (
	variableName = regexp.MustCompile(`\$\{(\w+)\}|\$(\w+)`)
	special      = regexp.MustCompile(`[$^*{}\[\]'+?.()|\\]`)
)

// withRateInterval is the query with the shortest $__rate_interval that Grafana makes:
// four times the least step.
func (q *target) withRateInterval() string {
	least, err := time.ParseDuration(q.Interval)
	if err != nil {
		return q.Expr
	}
	return strings.ReplaceAll(q.Expr, "$__rate_interval", (4 * least).String())
}

// interpolate puts what is chosen into a query, as Grafana's Prometheus data source
// does.
func (d *dashboard) interpolate(expr string, c chosen) string {
	return variableName.ReplaceAllStringFunc(expr, func(name string) string {
		name = strings.Trim(name, "${}")
		v := d.variable(name)
		values := c[name]
		switch {
		case v == nil:
			return "$" + name
		case v.Type != "query":
			return v.query()
		case !v.Multi && len(values) == 0:
			return fmt.Sprint(v.Current.Value)
		case !v.Multi:
			return values[0]
		case len(values) == 0:
			return v.AllValue
		}
		escaped := make([]string, len(values))
		for i, value := range values {
			escaped[i] = special.ReplaceAllString(value, `\\$0`)
		}
		if len(escaped) == 1 {
			return escaped[0]
		}
		return "(" + strings.Join(escaped, "|") + ")"
	})
}

// shows asks a query as a panel does, and says what is wrong with the answer: an
// error, or no number in it. Where Prometheus has nothing that the query selects, as
// of a workspace's metrics on the exporter's own page, an empty answer is right.
func (p *prometheus) shows(t *testing.T, d *dashboard, pn *panel, query *target, c chosen) error {
	t.Helper()
	expr := d.interpolate(query.withRateInterval(), c)
	endpoint, parameters := "query", url.Values{"query": {expr}, "time": {historyEnd.Format(time.RFC3339)}}
	if query.Range {
		least := 5 * time.Minute // A day has as many points as a graph of a third of the screen.
		if interval, err := time.ParseDuration(query.Interval); err == nil {
			least = max(least, interval)
		}
		endpoint = "query_range"
		parameters = url.Values{
			"query": {expr}, "step": {least.String()},
			"start": {historyEnd.Add(-lengthOf(t, d, pn)).Truncate(least).Format(time.RFC3339)}, "end": {historyEnd.Format(time.RFC3339)},
		}
	}
	var answer struct {
		ResultType string
		Result     json.RawMessage
	}
	if err := p.call(t, endpoint, parameters, &answer); err != nil {
		return err
	}
	if numbers(t, answer.ResultType, answer.Result) > 0 {
		return nil
	}
	if missing := p.unselected(t, expr); missing != "" && len(c) > 0 {
		return nil
	}
	return fmt.Errorf("shows nothing: %s", answer.Result)
}

// lengthOf is how far back a panel looks.
func lengthOf(t *testing.T, d *dashboard, pn *panel) time.Duration {
	t.Helper()
	if pn.TimeFrom == "7d/d" {
		return 7*24*time.Hour + 14*time.Hour + 30*time.Minute
	}
	length, err := time.ParseDuration(strings.TrimPrefix(d.Time.From, "now-"))
	if err != nil {
		t.Fatal(err)
	}
	return length
}

// numbers counts the numbers of an answer.
func numbers(t *testing.T, kind string, result json.RawMessage) int {
	t.Helper()
	var values []point
	if kind == "scalar" {
		values = make([]point, 1)
		if err := json.Unmarshal(result, &values[0]); err != nil {
			t.Fatal(err)
		}
	} else {
		var series []struct {
			Value  *point
			Values []point
		}
		if err := json.Unmarshal(result, &series); err != nil {
			t.Fatal(err)
		}
		for _, s := range series {
			if s.Value != nil {
				values = append(values, *s.Value)
			}
			values = append(values, s.Values...)
		}
	}
	return len(slices.DeleteFunc(values, func(v point) bool { return math.IsNaN(v.value) }))
}

// unselected is the first selector of a query that has no series with what is chosen
// and some without.
func (p *prometheus) unselected(t *testing.T, expr string) string {
	t.Helper()
	root, err := newParser(t, p).parse(expr)
	if err != nil {
		return ""
	}
	var missing string
	root.walk(func(n *node, _ []*node) {
		if !n.isSelector() || missing != "" {
			return
		}
		var pairs []string
		for _, m := range n.Matchers {
			pairs = append(pairs, m.Name+m.Type+strconv.Quote(m.Value))
		}
		selector := "{" + strings.Join(pairs, ",") + "}"
		if p.count(t, selector) == 0 && p.count(t, n.Name) > 0 {
			missing = selector
		}
	})
	return missing
}

// count is how many series a selector has now.
func (p *prometheus) count(t *testing.T, selector string) int {
	t.Helper()
	var answer struct{ Result []json.RawMessage }
	if err := p.call(t, "query", url.Values{"query": {selector}, "time": {historyEnd.Format(time.RFC3339)}}, &answer); err != nil {
		t.Fatal(err)
	}
	return len(answer.Result)
}
