package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// abandonment is the dashboard for a team: the first screen for a wall.
func abandonment() classic {
	banner := sentence("Now (silent: the visitor stopped answering, and the chat was closed)", "The worst of what the alerts on abandoned chats find, in one sentence. Red: a department for which an alert fires. Purple: no fresh data. Grey: nothing is compared. Green: no alert fires.", 5, bannerColors, bannerQueries())
	return board("livechat-abandonment", "Livechat / Abandonment",
		"Chats whose visitors went silent, by department: the first screen is for a wall, details are below.", "now-24h",
		[]dashboard.VariableModel{
			choice("job", "Job", "The scrape job in Prometheus.", "label_values(livechat_department_info, job)"),
			choice("instance", "Instance", "The workspace, or the address of its exporter.", `label_values(livechat_department_info{job=~"$job"}, instance)`),
			choice("department", "Department", "By name. Chats without a department are (no department).", `label_values(livechat_department_info{job=~"$job", instance=~"$instance"}, department)`),
			one("window", "Window", "Of the details: one of the windows that the exporter is configured with. They overlap, so only one can be chosen.",
				`label_values(livechat_department_abandoned_rooms{job=~"$job", instance=~"$instance"}, window)`, "24h"),
			entry("rocketchat", "Rocket.Chat", "The address of the workspace, for the link to its Real-time Monitoring.", "https://chat.example.com"),
			runbook(),
		},
		marks(of("ALERTS", abandonmentAlerts, `alertstate="firing"`)),
		[]dashboard.DashboardLink{
			link("Exporter", "/d/livechat-exporter", true),
			link("Runbook", "${runbook}", false),
			link("Real-time Monitoring", "${rocketchat}/omnichannel/realtime-monitoring", false),
		},
		[]row{
			{panels: append(append([]panel{banner}, numbers()...), departments(), course())},
			{title: "All departments", collapsed: true, panels: []panel{allDepartments()}},
			{title: "When it happens", collapsed: true, panels: []panel{heatMap()}},
			{title: "The chosen departments in the window $window", collapsed: true, panels: chosenDepartments()},
			{title: "What the number means", collapsed: true, panels: []panel{meaning()}},
		})
}
