package e2e

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What a dashboard colours is what the alerts compare with. The numbers are
// placeholders for the users to set, in the rules and in the dashboards.
func TestDashboardsDrawTheThresholdsOfTheAlerts(t *testing.T) {
	t.Parallel()
	shipped := dashboards(t)
	for _, test := range []struct {
		dashboard, panel string
		threshold        float64
		alert            string
	}{
		{"livechat-abandonment", "Share, 6h (target 8 %)", 0.08, "LivechatAbandonmentRateHigh"},
		{"livechat-abandonment", "Share, 6h (target 8 %)", 0.15, "LivechatAbandonmentRateCritical"},
		{"livechat-abandonment", "Abandoned share", 0.08, "LivechatAbandonmentRateHigh"},
		{"livechat-abandonment", "Abandoned share", 0.15, "LivechatAbandonmentRateCritical"},
		{"livechat-abandonment", "Departments", 0.08, "LivechatAbandonmentRateHigh"},
		{"livechat-abandonment", "Share without a department", 0.2, "LivechatUnassignedAbandonments"},
		{"livechat-abandonment", "Data age (limit 10 min)", 600, "LivechatDataStale"},
		{"livechat-exporter", "Oldest answer (limit 10 min)", 600, "LivechatDataStale"},
		{"livechat-exporter", "Age of the answers", 600, "LivechatDataStale"},
	} {
		p := panelOf(t, readDashboard(t, shipped[test.dashboard]), test.panel)
		var drawn []float64
		for _, steps := range p.thresholds() {
			for _, s := range steps {
				if s.Value != nil {
					drawn = append(drawn, *s.Value)
				}
			}
		}
		if !slices.Contains(drawn, test.threshold) {
			t.Errorf("%q draws %v, want %v among them", test.panel, drawn, test.threshold)
		}
		number := strconv.FormatFloat(test.threshold, 'f', -1, 64)
		if !slices.Contains(words(alertOf(t, test.alert).Expr), number) {
			t.Errorf("%s does not compare with %s, which %q draws", test.alert, number, test.panel)
		}
	}
	// The tile that names departments asks for what the alert asks for.
	spike := alertOf(t, "LivechatAbandonmentSpike").Expr
	tile := panelOf(t, readDashboard(t, shipped["livechat-abandonment"]), "Departments above their usual").Targets[0].Expr
	for _, comparison := range []string{">= 5", "> 2", "3 *"} {
		number := strings.Trim(comparison, "><=* ")
		if !strings.Contains(tile, comparison) || !slices.Contains(words(spike), number) {
			t.Errorf("%q is not both in the tile and in LivechatAbandonmentSpike", comparison)
		}
	}
}

// words are the words of a query, numbers among them.
func words(expr string) []string {
	return strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(expr))
}

func alertOf(t *testing.T, name string) rule {
	t.Helper()
	alerts := shippedRules(t).alerts()
	i := slices.IndexFunc(alerts, func(r rule) bool { return r.Alert == name })
	if i < 0 {
		t.Fatalf("there is no alert %s", name)
	}
	return alerts[i]
}

func panelOf(t *testing.T, d *dashboard, title string) *panel {
	t.Helper()
	panels := d.all()
	i := slices.IndexFunc(panels, func(p panel) bool { return p.Title == title })
	if i < 0 {
		t.Fatalf("%s has no panel %q", d.Title, title)
	}
	return &panels[i]
}
