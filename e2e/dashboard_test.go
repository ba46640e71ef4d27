package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dashboard is what the tests read of a Grafana dashboard.
type dashboard struct {
	UID, Title, Description, Timezone, Refresh string
	ID                                         *int
	Editable                                   bool
	SchemaVersion                              int
	Tags                                       []string
	Panels                                     []panel
	Templating                                 struct{ List []variable }
	Annotations                                struct{ List []struct{ Expr string } }
	Time                                       struct{ From string }
}

// panel is a panel, or a row with the panels that are folded into it.
type panel struct {
	ID                                         int
	Type, Title, Description, Repeat, TimeFrom string
	Datasource                                 datasource
	GridPos                                    struct{ Y int }
	Targets                                    []target
	Panels                                     []panel
	Options                                    struct{ TextMode string }
	FieldConfig                                struct {
		Defaults struct {
			Unit       string
			Thresholds thresholds
		}
		Overrides []struct {
			Properties []struct {
				ID    string
				Value json.RawMessage
			}
		}
	}
}

// thresholds are the colours from a value on; the first has none.
type thresholds struct {
	Steps []struct {
		Color string
		Value *float64
	}
}

type datasource struct{ Type, UID string }

// target is a query of a panel.
type target struct {
	Datasource            datasource
	Expr, RefID, Interval string
	LegendFormat          string
	Instant, Range        bool
}

// variable is a choice at the top of a dashboard.
type variable struct {
	Name, Label, Type string
	Datasource        datasource
	Query             json.RawMessage // A text, or an object with one.
	Refresh           int
	Multi, IncludeAll bool
	AllValue          string
	Current           struct{ Value any }
}

func (v *variable) query() string {
	var text string
	var object struct{ Query string }
	if json.Unmarshal(v.Query, &text) != nil && json.Unmarshal(v.Query, &object) == nil {
		return object.Query
	}
	return text
}

// dashboards are the shipped dashboards by the names of their files.
func dashboards(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, name := range []string{"livechat-abandonment", "livechat-exporter"} {
		found[name] = readFile(t, "dashboards", name+".json")
	}
	return found
}

func parseDashboard(t *testing.T, content string) *dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(content), &d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// all are the panels except for rows, those in folded rows included.
func (d *dashboard) all() []panel {
	var list []panel
	for _, p := range d.Panels {
		if p.Type != "row" {
			list = append(list, p)
		}
		list = append(list, p.Panels...)
	}
	return list
}

// panel returns the panel of a title.
func (d *dashboard) panel(t *testing.T, title string) *panel {
	t.Helper()
	all := d.all()
	i := slices.IndexFunc(all, func(p panel) bool { return p.Title == title })
	if i < 0 {
		t.Fatalf("%s has no panel %q", d.Title, title)
	}
	return &all[i]
}

// banner is the panel with one sentence on everything.
func (d *dashboard) banner(t *testing.T) *panel {
	t.Helper()
	all := d.all()
	i := slices.IndexFunc(all, func(p panel) bool { return p.sentence() })
	if i < 0 {
		t.Fatalf("%s has no sentence", d.Title)
	}
	return &all[i]
}

// variable returns the variable of a name, nil if there is none.
func (d *dashboard) variable(name string) *variable {
	i := slices.IndexFunc(d.Templating.List, func(v variable) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Templating.List[i]
}

// override decodes the last override of a property into value, if there is one.
func (p *panel) override(property string, value any) {
	for _, o := range p.FieldConfig.Overrides {
		for _, candidate := range o.Properties {
			if candidate.ID == property {
				_ = json.Unmarshal(candidate.Value, value)
			}
		}
	}
}

// sentence reports whether the panel is one sentence, of the query with the highest value.
func (p *panel) sentence() bool { return p.Options.TextMode == "name" }

func (p *panel) unit() string {
	unit := p.FieldConfig.Defaults.Unit
	p.override("unit", &unit)
	return unit
}

// thresholds are the values of the panel's thresholds, those of an override included.
func (p *panel) thresholds() []float64 {
	var overridden thresholds
	p.override("thresholds", &overridden)
	var values []float64
	for _, s := range append(overridden.Steps, p.FieldConfig.Defaults.Thresholds.Steps...) {
		if s.Value != nil {
			values = append(values, *s.Value)
		}
	}
	return values
}

// The thresholds of the dashboards are those of the alerts.
func TestDashboardsHaveTheThresholdsOfTheAlerts(t *testing.T) {
	t.Parallel()
	rules := shippedRules(t)
	words := func(alert string) []string {
		return strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(rules.named(t, alert).Expr))
	}
	for _, test := range []struct {
		dashboard, panel string
		threshold        float64
		alert            string
	}{
		{"livechat-abandonment", "Age of the data", 600, "LivechatDataStale"},
		{"livechat-abandonment", "Share without a department", 0.2, "LivechatUnassignedAbandonments"},
		{"livechat-exporter", "Oldest data", 600, "LivechatDataStale"},
		{"livechat-exporter", "Age of the answers, the oldest first", 600, "LivechatDataStale"},
		{"livechat-exporter", "Scrape time of timeout", 0.8, "LivechatScrapeSlow"},
	} {
		drawn := parseDashboard(t, dashboards(t)[test.dashboard]).panel(t, test.panel).thresholds()
		if !slices.Contains(drawn, test.threshold) || !slices.Contains(words(test.alert), toJSON(t, test.threshold)) {
			t.Errorf("%q has the thresholds %v; %v is not in it or not in %s", test.panel, drawn, test.threshold, test.alert)
		}
	}

	// What the wall calls unusual are the alerts for shift leads on departments.
	d := parseDashboard(t, dashboards(t)["livechat-abandonment"])
	for where, expr := range map[string]string{"banner": d.banner(t).Targets[0].Expr, "chart": d.Annotations.List[0].Expr} {
		var names []string
		for _, selected := range regexp.MustCompile(`alertname=~"([^"]+)"`).FindAllStringSubmatch(expr, -1) {
			names = append(names, selected[1])
		}
		shown := regexp.MustCompile("^(?:" + strings.Join(names, "|") + ")$")
		for _, alert := range rules.alerts() {
			want := alert.Labels["audience"] == "shift" && alert.Alert != "LivechatUnassignedAbandonments"
			if got := shown.MatchString(alert.Alert); got != want {
				t.Errorf("the %s shows %s: %t, want %t", where, alert.Alert, got, want)
			}
		}
	}
}

// The dashboards lead to the runbook that the alerts lead to.
func TestDashboardsLinkToTheRunbook(t *testing.T) {
	t.Parallel()
	runbook, _ := alertAddresses(t)
	for name, content := range dashboards(t) {
		d := parseDashboard(t, content)
		if v := d.variable("runbook"); v == nil || v.query() != runbook+"#" || !strings.Contains(content, `"url": "${runbook}"`) {
			t.Errorf("%s does not link to %s", name, runbook)
		}
	}
}
