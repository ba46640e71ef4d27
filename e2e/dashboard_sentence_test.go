package e2e

import (
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

// situation is what Prometheus has of a workspace: values by series, without the labels of
// the target.
type situation map[string]float64

// usualSituation is a workspace with three departments in which nothing is unusual.
func usualSituation() situation {
	s := situation{
		"up": 1, "livechat_up": 1, "instance:livechat_exporter_up:max": 1,
		`livechat_refresh_timestamp_seconds{resource="abandoned_rooms",window="6h"}`: float64(historyEnd.Add(-25 * time.Second).Unix()),
		`livechat_refresh_success{resource="abandoned_rooms",window="6h"}`:           1,
		`livechat_refresh_success{resource="rooms",window="6h"}`:                     1,
		`instance_window:livechat_department_abandoned_rooms:sum{window="6h"}`:       12,
		`instance_window:livechat_department_abandoned_rooms:expected{window="6h"}`:  9.6,
	}
	for id, name := range map[string]string{"a": "Sales", "b": "Billing", "c": "Orders | Shipping"} {
		s[fmt.Sprintf(`livechat_department_info{department_id=%q,department=%q}`, id, name)] = 1
		for window, more := range map[string]float64{"6h": 1, "24h": 3} {
			s[fmt.Sprintf(`instance_department_window:livechat_department_abandoned_rooms:max{department_id=%q,window=%q}`, id, window)] = 4 * more
			s[fmt.Sprintf(`instance_department_window:livechat_department_abandoned_rooms:expected{department_id=%q,window=%q}`, id, window)] = 3.2 * more
		}
		s[fmt.Sprintf(`instance_department_window:livechat_department_rooms:max{department_id=%q,window="6h"}`, id)] = 80
		s[fmt.Sprintf(`instance_department_window:livechat_department_rooms:max3w{department_id=%q,window="6h"}`, id)] = 40
	}
	return s
}

// with is the situation with other values; NaN is none, of all series that begin so.
func (s situation) with(values situation) situation {
	s = maps.Clone(s)
	maps.DeleteFunc(s, func(series string, _ float64) bool {
		for name, value := range values {
			if math.IsNaN(value) && strings.HasPrefix(series, name) {
				return true
			}
		}
		return false
	})
	for name, value := range values {
		if !math.IsNaN(value) {
			s[name] = value
		}
	}
	return s
}

// fires is the alert of a department, "" for all together, and of a window.
func fires(alert, department, window string) string {
	return fmt.Sprintf(`ALERTS{alertname="LivechatAbandonment%s",alertstate="firing",department_id=%q,window=%q}`, alert, department, window)
}

// Every state of a workspace has its own sentence on the wall.
func TestSentences(t *testing.T) {
	t.Parallel()
	none := math.NaN()
	asked := `livechat_refresh_timestamp_seconds{resource="abandoned_rooms",window="6h"}`
	old := float64(historyEnd.Add(-40 * time.Minute).Unix())
	c6h := `instance_department_window:livechat_department_abandoned_rooms:max{department_id="c",window="6h"}`
	cases := map[string]struct {
		situation situation
		gone      time.Duration // when the exporter stopped to answer, before the end
		want      string
		color     string
	}{
		"usual": {usualSituation(), 0, "All departments as usual: no alert (3 of 3 compared with last week)", "dark-green"},
		"spike": {usualSituation().with(situation{
			fires("Spike", "c", "6h"): 1, c6h: 31,
			`ALERTS_FOR_STATE{alertname="LivechatAbandonmentSpike",department_id="c",window="6h"}`: float64(historyEnd.Add(-20 * time.Minute).Unix()),
			`ALERTS_FOR_STATE{alertname="LivechatAbandonmentRise",department_id="c",window="24h"}`: float64(historyEnd.Add(-5 * time.Minute).Unix()), // Pending.
		}), 0, "Orders | Shipping: 31 silent in 6h, usually 3.2, high since 14:10", "semi-dark-red"},
		"others": {
			usualSituation().with(situation{fires("Spike", "c", "6h"): 1, c6h: 31, fires("Rise", "a", "24h"): 1, fires("Flood", "b", "6h"): 1}),
			0, "Orders | Shipping: 31 silent in 6h, usually 3.2 (+2 more)", "semi-dark-red",
		},
		"fewer":      {usualSituation().with(situation{c6h: 2}), 0, "All departments as usual: no alert (3 of 3 compared with last week)", "dark-green"},
		"rise":       {usualSituation().with(situation{fires("Rise", "a", "24h"): 1}), 0, "Sales: 12 silent in 24h, usually 9.6", "semi-dark-red"},
		"flood":      {usualSituation().with(situation{fires("Flood", "b", "6h"): 1}), 0, "Billing: 4 silent in 6 hours, usually 1.6", "semi-dark-red"},
		"together":   {usualSituation().with(situation{fires("SpikeWorkspace", "", "6h"): 1}), 0, "All departments together: 12 silent in 6h, usually 9.6", "semi-dark-red"},
		"target":     {usualSituation().with(situation{fires("ShareAboveTarget", "a", "24h"): 1, "instance_department_window:livechat_department_abandoned_rooms:expected": none}), 0, "Sales: an alert fires", "semi-dark-red"},
		"other":      {usualSituation().with(situation{fires("StuckAtZero", "", ""): 1}), 0, "All departments as usual: no alert (3 of 3 compared with last week)", "dark-green"},
		"dead":       {usualSituation().with(situation{asked: old, fires("Spike", "c", "6h"): 1}), 40 * time.Minute, "NO DATA since 13:50: the monitoring (exporter) does not answer", "dark-purple"},
		"stale":      {usualSituation().with(situation{asked: old, "livechat_up": 0, fires("Spike", "c", "6h"): 1}), 0, "NO NEW DATA since 13:50: Rocket.Chat does not answer", "dark-purple"},
		"unanswered": {usualSituation().with(situation{asked: none, "livechat_up": 0}), 0, "NO DATA yet: Rocket.Chat has not answered", "dark-purple"},
		"unruled":    {usualSituation().with(situation{"instance": none}), 0, "Not compared: Prometheus has not loaded the recording rules", "#6e7079"},
		"roomless":   {usualSituation().with(situation{`livechat_refresh_success{resource="rooms"`: none}), 0, "Not watched: counting all chats is switched off in the configuration", "#6e7079"},
		"windowless": {
			usualSituation().with(situation{`livechat_refresh_success{resource="abandoned_rooms"`: none, `livechat_refresh_success{resource="abandoned_rooms",window="24h"}`: 1}),
			0, "Not compared: the window 6h is not set in the configuration", "#6e7079",
		},
		"few": {usualSituation().with(situation{"instance_department_window:livechat_department_abandoned_rooms:expected": none}), 0, "Too few chats to compare", "#6e7079"},
	}
	cases["deadtoo"] = cases["dead"]
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		for _, series := range slices.Sorted(maps.Keys(cases[name].situation)) {
			value, gone := cases[name].situation[series], cases[name].gone
			if series == "up" && gone > 0 {
				value, gone = 0, 0
			}
			labels := fmt.Sprintf(`{job="livechat",instance=%q`, name)
			metric, more, ok := strings.Cut(series, "{")
			if ok {
				labels += "," + more
			} else {
				labels += "}"
			}
			for back := 10 * time.Minute; back >= 0; back -= time.Minute {
				fmt.Fprintf(&text, "%s%s %s %d\n", metric, labels, strconv.FormatFloat(value, 'f', -1, 64), historyEnd.Add(-back-gone).Unix())
			}
		}
	}
	p := startImported(t, text.String()+"# EOF\n")
	d := parseDashboard(t, dashboards(t)["livechat-abandonment"])
	for name, test := range cases {
		if got, color := p.sentence(t, d, chosen{"instance": {name}}); got != test.want || color != test.color {
			t.Errorf("%s: got %q in %s, want %q in %s", name, got, color, test.want, test.color)
		}
	}
	checkRows(t, p, d)
	exporter := parseDashboard(t, dashboards(t)["livechat-exporter"])
	for want, choice := range map[string]chosen{
		"All 2 workspaces: NO DATA since 13:50: the monitoring (exporter) does not answer": {"instance": {"dead", "deadtoo"}},
		"dead: NO DATA since 13:50: the monitoring (exporter) does not answer":             {"instance": {"dead", "usual"}},
		"stale: NO NEW DATA since 13:50: Rocket.Chat does not answer":                      {"instance": {"stale", "usual"}},
	} {
		if got, _ := p.sentence(t, exporter, choice); got != want {
			t.Errorf("exporter, %v: got %q, want %q", choice, got, want)
		}
	}
	for want, choice := range map[string]chosen{
		"Orders | Shipping (spike): 31 silent in 6h, usually 3.2, high since 14:10": {"instance": {"spike", "usual"}},
		"NO DATA since 13:50: the monitoring (exporter) does not answer (dead)":     {"instance": {"dead", "usual"}},
		"Billing (flood): 4 silent in 6 hours, usually 1.6":                         {"instance": {"flood", "dead"}},
		"All departments as usual: no alert (3 of 6 compared with last week)":       {"instance": {"few", "usual"}},
		"Not compared: Prometheus has not loaded the recording rules (unruled)":     {"instance": {"unruled", "usual"}},
		"Orders | Shipping: 31 silent in 6h, usually 3.2":                           {"instance": {"others"}, "department": {"Orders | Shipping"}},
		"Sales: 12 silent in 24h, usually 9.6":                                      {"instance": {"others"}, "department": {"Sales"}},
		"No data: Prometheus has no such workspace":                                 {"instance": {"unknown"}},
	} {
		if got, _ := p.sentence(t, d, choice); got != want {
			t.Errorf("%v: got %q, want %q", choice, got, want)
		}
	}
}

// checkRows compares what the wall says of each department.
func checkRows(t *testing.T, p *prometheus, d *dashboard) {
	t.Helper()
	all := d.all()
	rows := all[slices.IndexFunc(all, func(pn panel) bool { return pn.Type == "bargauge" })].Targets[0].Expr
	for instance, want := range map[string][]string{
		"others": {
			"Orders | Shipping: 31, usually 3.2 (9.7 ×) · 39 % of 80 · ALERT",
			"Sales: 4, usually 3.2 · ALERT over 24h: 12, usually 9.6",
			"Billing: 4, usually 3.2 (1.3 ×) · 5 % of 80 · ALERT: many chats",
		},
		"fewer": {
			"Sales: 4, usually 3.2 (1.3 ×) · 5 % of 80",
			"Billing: 4, usually 3.2 (1.3 ×) · 5 % of 80",
			"Orders | Shipping: 2, usually 3.2 · 3 % of 80",
		},
		"few": {
			"Sales: 4, the usual not known · 5 % of 80",
			"Billing: 4, the usual not known · 5 % of 80",
			"Orders | Shipping: 4, the usual not known · 5 % of 80",
		},
		"dead": {"No data"},
	} {
		var answer struct{ Result []result }
		err := p.api(t, "query", url.Values{"query": {d.interpolate(rows, chosen{"instance": {instance}})}, "time": {historyEnd.Format(time.RFC3339)}}, &answer)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range answer.Result {
			got = append(got, r.Metric["row"])
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got the rows %q, want %q", instance, got, want)
		}
	}
}

var legendLabel = regexp.MustCompile(`\{\{(\w+)\}\}`)

// sentence is what the banner shows, and its colour: of all results the highest.
func (p *prometheus) sentence(t *testing.T, d *dashboard, c chosen) (text, color string) {
	t.Helper()
	banner := d.banner(t)
	highest := math.Inf(-1)
	for _, query := range banner.Targets {
		var answer struct{ Result []result }
		err := p.api(t, "query", url.Values{"query": {d.interpolate(query.Expr, c)}, "time": {historyEnd.Format(time.RFC3339)}}, &answer)
		if err != nil {
			t.Fatalf("query %s with %v: %v", query.RefID, c, err)
		}
		for _, r := range answer.Result {
			if r.Value.value <= highest {
				continue
			}
			highest = r.Value.value
			text = legendLabel.ReplaceAllStringFunc(query.LegendFormat, func(label string) string { return r.Metric[strings.Trim(label, "{}")] })
		}
	}
	for _, step := range banner.FieldConfig.Defaults.Thresholds.Steps {
		if step.Value == nil || *step.Value <= highest {
			color = step.Color
		}
	}
	return text, color
}
