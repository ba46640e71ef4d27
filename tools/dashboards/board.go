package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// classic is a dashboard of the form that every release of Grafana reads; that of the
// library's choice needs Grafana 12.
type classic = dashboard.Dashboard //nolint:staticcheck // SA1019: see above.

// board is a dashboard without its panels.
func board(uid, title, description, from string, variables []dashboard.VariableModel, annotations dashboard.AnnotationQuery, links []dashboard.DashboardLink, rows []row) classic {
	d := *dashboard.NewDashboard()
	d.Uid, d.Title, d.Description = &uid, &title, &description
	d.SchemaVersion = 39 // That of Grafana 10.4; later releases bring it up to theirs.
	d.Tags = []string{"livechat", "rocketchat"}
	d.Editable = new(false)
	d.GraphTooltip = new(dashboard.DashboardCursorSyncCrosshair)
	d.Time = &dashboard.DashboardDashboardTime{From: from, To: "now"}
	d.Refresh = new("1m")
	d.Version = new(uint32(1))
	d.Templating.List = append([]dashboard.VariableModel{{
		Type: dashboard.VariableTypeDatasource, Name: "datasource", Label: new("Data source"),
		Description: new("The Prometheus server that scrapes the exporter."), Query: &dashboard.StringOrMap{String: new("prometheus")},
	}}, variables...)
	d.Annotations.List = []dashboard.AnnotationQuery{annotations}
	d.Links = links
	d.Panels = arrange(rows)
	return d
}

// choice is a variable whose values are those of a label.
func choice(name, label, description, values string) dashboard.VariableModel {
	v := one(name, label, description, values, "")
	v.Multi, v.IncludeAll, v.AllValue = new(true), new(true), new(".+")
	v.Current = &dashboard.VariableOption{
		Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
		Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
	}
	return v
}

// one is a variable of which one value is chosen.
func one(name, label, description, values, current string) dashboard.VariableModel {
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeQuery, Name: name, Label: &label, Description: &description, Datasource: datasource(),
		Query: &dashboard.StringOrMap{Map: map[string]any{
			"qryType": 1, "query": values, "refId": "PrometheusVariableQueryEditor-VariableQuery",
		}},
		Refresh: new(dashboard.VariableRefreshOnTimeRangeChanged), Sort: new(dashboard.VariableSortAlphabeticalAsc),
		Multi: new(false), IncludeAll: new(false),
		Current: &dashboard.VariableOption{
			Text: dashboard.StringOrArrayOfString{String: &current}, Value: dashboard.StringOrArrayOfString{String: &current},
		},
	}
}

// entry is a variable that is typed in.
func entry(name, label, description, value string) dashboard.VariableModel {
	option := dashboard.VariableOption{
		Selected: new(true), Text: dashboard.StringOrArrayOfString{String: &value}, Value: dashboard.StringOrArrayOfString{String: &value},
	}
	return dashboard.VariableModel{
		Type: dashboard.VariableTypeTextbox, Name: name, Label: &label, Description: &description,
		Query: &dashboard.StringOrMap{String: &value}, Current: &option, Options: []dashboard.VariableOption{option},
	}
}

// runbook is the address of the runbook, that can be set in the dashboard's address.
// "make alert-urls" changes it here.
func runbook() dashboard.VariableModel {
	v := entry("runbook", "Runbook", "The address of the runbook.", "https://github.com/livechat-exporter/livechat_exporter/blob/main/alerts/runbook.md#")
	v.Hide = new(dashboard.VariableHideHideVariable)
	return v
}

// marks are the firing alerts of a selector.
func marks(selector string) dashboard.AnnotationQuery {
	return dashboard.AnnotationQuery{
		Name: "Firing alerts", Datasource: datasource(), Enable: true, Hide: new(false), IconColor: "red",
		Expr: &selector, Step: new("5m"), TagKeys: new("alertname,severity,instance"),
		TitleFormat: new("{{alertname}}"), TextFormat: new("{{severity}}, {{instance}}"), UseValueForTime: new(false),
	}
}

// link is a link at the top of a dashboard, to an address that variables are put into.
func link(title, url string, variables bool) dashboard.DashboardLink {
	return dashboard.DashboardLink{
		Title: title, Type: dashboard.DashboardLinkTypeLink, Icon: "external link", Url: &url, Tags: []string{},
		IncludeVars: variables, KeepTime: variables, TargetBlank: !variables,
	}
}
