package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// historyEnd is when the history of the command tools/history ends.
var historyEnd = time.Date(2026, time.March, 18, 14, 30, 0, 0, time.UTC)

// startHistory starts a Prometheus that has scraped two simulated workspaces for weeks and
// evaluated the shipped rules.
func startHistory(t *testing.T) *prometheus {
	t.Helper()
	end := "-end=" + historyEnd.Format(time.RFC3339)
	history := exec.CommandContext(t.Context(), "go", "run", "-buildvcs=false", "livechat_exporter/tools/history", end)
	text, err := history.Output()
	if err != nil {
		t.Fatalf("%v: %v", history.Args, err)
	}
	storage := filepath.Join(t.TempDir(), "data")
	stored := exec.CommandContext(t.Context(), "go", "run", "-buildvcs=false", "livechat_exporter/tools/stored", end,
		"-promtool="+programs.promtool, "-prometheus="+programs.prometheus, "-rules="+rulesFile, "-history="+writeFile(t, "history.om", string(text)), "-out="+storage)
	if output, err := stored.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", stored.Args, err, output)
	}
	return startPrometheusWith(t, storage, map[string]any{})
}

// startImported starts a Prometheus that has stored a text in the OpenMetrics format.
func startImported(t *testing.T, text string) *prometheus {
	t.Helper()
	storage := filepath.Join(t.TempDir(), "data")
	output, err := runTool(t, programs.promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=720h", "--quiet", writeFile(t, "history.om", text), storage)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return startPrometheusWith(t, storage, map[string]any{})
}

// chosen are the values that are chosen for each variable; none means all.
type chosen map[string][]string

// Every query of every panel is valid and has data, whatever is chosen for the variables.
func TestDashboardQueriesHaveData(t *testing.T) {
	t.Parallel()
	p := startHistory(t)
	for name, content := range dashboards(t) {
		d := parseDashboard(t, content)
		for i, a := range d.Annotations.List {
			if err := p.showsData(t, d, &panel{}, &target{Expr: a.Expr, Range: true}, nil); a.Expr != "" && err != nil {
				t.Errorf("%s: annotation %d: %v", name, i, err)
			}
		}
		choices := d.choices(t, p)
		results := make(map[string]error)
		for _, choice := range choices {
			for _, pn := range d.all() {
				for _, scoped := range d.repeats(t, p, &pn, choice) {
					for _, query := range pn.Targets {
						key := pn.Title + query.RefID + d.interpolate(query.Expr, scoped)
						if _, done := results[key]; done {
							continue
						}
						results[key] = p.showsData(t, d, &pn, &query, scoped)
						// The queries of a sentence have a state each: see TestSentences. What never
						// occurred on a workspace is not drawn.
						empty := pn.sentence() || len(choice) > 0 && (pn.Title == "Calls that failed" || pn.Title == "Deferred calls")
						if results[key] != nil && (!empty || !errors.Is(results[key], errNoNumber)) {
							t.Errorf("%s: panel %q, query %s, with %v: %v", name, pn.Title, query.RefID, scoped, results[key])
						}
					}
				}
			}
		}
		if len(results) < 30 || len(choices) < 5 {
			t.Errorf("%s: only %d queries and %d choices", name, len(results), len(choices))
		}
	}

	d := parseDashboard(t, dashboards(t)["livechat-abandonment"])
	for name, expr := range map[string]string{
		"unknown metric":    `livechat_department_abandoned_chats{job=~"$job"}`,
		"false comparison":  `livechat_department_abandoned_rooms{window="24h"} > 1e6`,
		"no number":         `livechat_department_abandoned_rooms{window="24h"} * NaN`,
		"unmatched labels":  `livechat_department_info * on (department) livechat_up`,
		"many to many":      `livechat_department_rooms * on (job, instance) livechat_department_rooms`,
		"not valid, PromQL": `sum by job (livechat_up)`,
	} {
		if p.showsData(t, d, &panel{}, &target{Expr: expr, Range: true}, nil) == nil || p.showsData(t, d, &panel{}, &target{Expr: expr}, nil) == nil {
			t.Errorf("%s is not found", name)
		}
	}
}

// choices are what a person can choose: everything, each value of each variable, and two
// values of one.
func (d *dashboard) choices(t *testing.T, p *prometheus) []chosen {
	t.Helper()
	list := []chosen{{}}
	for i := range d.Templating.List {
		v := &d.Templating.List[i]
		if v.Type != "query" {
			continue
		}
		values := d.values(t, p, v, nil)
		for _, value := range values {
			list = append(list, chosen{v.Name: {value}})
		}
		if v.Multi && len(values) > 1 {
			list = append(list, chosen{v.Name: values[:2]})
		}
	}
	return list
}

// values are those that a variable has to choose from.
func (d *dashboard) values(t *testing.T, p *prometheus, v *variable, c chosen) []string {
	t.Helper()
	query := labelValues.FindStringSubmatch(d.interpolate(v.query(), c))
	var values []string
	err := p.api(t, "label/"+query[2]+"/values", url.Values{
		"match[]": {query[1]},
		"start":   {historyEnd.Add(-24 * time.Hour).Format(time.RFC3339)}, "end": {historyEnd.Format(time.RFC3339)},
	}, &values)
	if err != nil || len(values) == 0 {
		t.Fatalf("%s has the values %v, error %v", v.Name, values, err)
	}
	return values
}

// repeats are the choices that a panel is drawn with: one for each value of the variable
// by which it repeats.
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
	variableName     = regexp.MustCompile(`\$\{[\w:]+\}|\$\w+`)
	regexpCharacters = regexp.MustCompile(`[$^*{}\[\]'+?.()|\\]`)
)

// interpolate replaces the variables like Grafana's data source for Prometheus.
func (d *dashboard) interpolate(expr string, c chosen) string {
	return variableName.ReplaceAllStringFunc(expr, func(name string) string {
		name = strings.Trim(name, "${}")
		if format, ok := strings.CutPrefix(name, "__to:date:"); ok {
			return endAs(format)
		}
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
			escaped[i] = regexpCharacters.ReplaceAllString(value, `\\$0`)
		}
		return "(" + strings.Join(escaped, "|") + ")"
	})
}

// endAs is a part of the end of the time range, in a browser in UTC.
func endAs(format string) string {
	return strconv.FormatInt(map[string]int64{
		"H": int64(historyEnd.Hour()), "m": int64(historyEnd.Minute()), "s": int64(historyEnd.Second()), "seconds": historyEnd.Unix(),
	}[format], 10)
}

// showsData evaluates a query like a panel. The error is Prometheus' own, or that there
// is no number. With a choice a query may select nothing, such as the metrics of a
// workspace on the exporter's own page.
func (p *prometheus) showsData(t *testing.T, d *dashboard, pn *panel, query *target, c chosen) error {
	t.Helper()
	interval, _ := time.ParseDuration(query.Interval)
	// The shortest $__rate_interval that Grafana makes.
	expr := strings.NewReplacer("$__rate_interval", (4 * interval).String(), "$__range", strings.TrimPrefix(d.Time.From, "now-")).Replace(query.Expr)
	expr = d.interpolate(expr, c)
	endpoint, parameters := "query", url.Values{"query": {expr}, "time": {historyEnd.Format(time.RFC3339)}}
	if query.Range {
		from, step := strings.TrimPrefix(d.Time.From, "now-"), max(5*time.Minute, interval)
		if pn.TimeFrom == "7d/d" {
			from = "182h30m" // To the midnight before.
		}
		length, err := time.ParseDuration(from)
		if err != nil {
			t.Fatal(err)
		}
		endpoint = "query_range"
		parameters = url.Values{
			"query": {expr}, "step": {step.String()},
			"start": {historyEnd.Add(-length).Truncate(step).Format(time.RFC3339)}, "end": {historyEnd.Format(time.RFC3339)},
		}
	}
	var answer struct {
		ResultType string
		Result     json.RawMessage
	}
	if err := p.api(t, endpoint, parameters, &answer); err != nil {
		return fmt.Errorf("%w in %s", err, expr)
	}
	var results []result
	if answer.ResultType == "scalar" {
		results = []result{{Value: new(point)}}
	} else if err := json.Unmarshal(answer.Result, &results); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Value != nil {
			r.Values = append(r.Values, *r.Value)
		}
		if slices.ContainsFunc(r.Values, func(v point) bool { return !math.IsNaN(v.value) }) {
			return nil
		}
	}
	for _, s := range selectors.FindAllStringSubmatch(expr, -1) {
		if len(c) > 0 && p.count(t, s[0]) == 0 && p.count(t, s[1]) > 0 {
			return nil
		}
	}
	return fmt.Errorf("%w in %s of %s", errNoNumber, answer.Result, expr)
}

var errNoNumber = errors.New("no number")

// count is the number of series that a selector has at the end of the history.
func (p *prometheus) count(t *testing.T, selector string) int {
	t.Helper()
	return len(p.query(t, "query", selector, "time", historyEnd.Format(time.RFC3339)))
}
