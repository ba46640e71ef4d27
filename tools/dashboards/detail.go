package main

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// windowed are the counts of a metric in a window, of one where a pair of exporters has two.
func windowed(metric, window string) string {
	return "max " + byDepartment + " (" + of(metric, fmt.Sprintf("window=%q", window)) + ")"
}

// withName adds the department's name to a count of the chosen departments.
func withName(e string) string {
	return in(e) + "\n* " + onDepartment + " group_left (department) " + in(info)
}

// allDepartments is the table of the chosen departments.
func allDepartments() panel {
	const silent, opened = "livechat_department_abandoned_rooms", "livechat_department_rooms"
	columns := []struct{ name, expr string }{
		{"Last hour", of(lastHourRecord)},
		{"6h", windowed(silent, "6h")},
		{"Usual, 6h", "max " + byDepartment + in(comparedUsual)},
		{"24h", windowed(silent, "24h")},
		{"7d", windowed(silent, "7d")},
		{"Share, 24h", windowed(silent, "24h") + " / " + in(windowed(opened, "24h")+" > 0")},
		{"Of chats, 24h", windowed(opened, "24h")},
		{"Against last week, 24h", windowed(silent, "24h") + " - max " + byDepartment + " (" + of(silent, `window="24h"`) + " offset 1w)"},
	}
	p := panel{
		title:       "Departments",
		description: "Visitors who went silent, by department: in the last hour, in the windows 6h (and how many are usual), 24h and 7d, per chat opened in 24 hours, and how many more in 24 hours than a week ago. Departments without a chat have 0; an empty cell is not known.",
		width:       24, height: 16,
	}
	names := map[string]string{"department": "Department", "instance": "Workspace"}
	order := map[string]int{"department": 0, "instance": 1}
	for i, c := range columns {
		p.queries = append(p.queries, query{expr: withName(c.expr), table: true})
		value := "Value #" + string(rune('A'+i))
		names[value], order[value] = c.name, i+2
	}
	p.transformations = []dashboard.DataTransformerConfig{
		transform("merge", map[string]any{}),
		transform("organize", map[string]any{
			"excludeByName": map[string]bool{"Time": true, "job": true, "department_id": true}, "indexByName": order, "renameByName": names,
		}),
	}
	p.overrides = []dashboard.DashboardFieldConfigSourceOverrides{
		override("Share, 24h", property("unit", "percentunit"), property("decimals", 1)),
		override("Usual, 6h", property("decimals", 1)),
	}
	return tableOf(p, "none", "24h")
}

// heatMap shows the hours of the last days.
func heatMap() panel {
	p := tableOf(panel{
		title:       "Gone silent by day and hour, $instance",
		description: "Each cell: visitors who went silent in chats that were closed in the hour that begins then, of the chosen departments, in the browser's time zone. Rows are the last 8 days, today last. Where one instance is scraped by several jobs, the highest of them.",
		width:       24, height: 10, repeat: "instance", timeFrom: "7d/d", maxDataPoints: 500,
		queries: []query{
			{table: true, step: "1h", legend: "silent", expr: "max by (instance) " + in("sum "+byWorkspace+" "+in(chosen(of(lastHourRecord)+" offset -1h")))},
			{table: true, step: "1h", legend: "day", expr: "time() * 1000"},
		},
		transformations: []dashboard.DataTransformerConfig{
			transform("merge", map[string]any{}),
			transform("sortBy", map[string]any{"fields": map[string]any{}, "sort": []map[string]any{{"desc": false, "field": "Time"}}}),
			transform("convertFieldType", map[string]any{"conversions": []map[string]any{{"destinationType": "time", "targetField": "Value #B"}}, "fields": map[string]any{}}),
			transform("formatTime", map[string]any{"outputFormat": "ddd D", "timeField": "Value #B", "timezone": "browser"}),
			transform("formatTime", map[string]any{"outputFormat": "HH", "timeField": "Time", "timezone": "browser"}),
			transform("organize", map[string]any{
				"excludeByName": map[string]bool{"instance": true}, "indexByName": map[string]int{}, "renameByName": map[string]string{"Time": "Hour", "Value #B": "Day"},
			}),
			transform("groupingToMatrix", map[string]any{"columnField": "Hour", "emptyValue": "null", "rowField": "Day", "valueField": "Value #A"}),
		},
		overrides: []dashboard.DashboardFieldConfigSourceOverrides{
			override(`Day(\\Hour)?`, property("displayName", "Day"), property("custom.width", 70), property("custom.cellOptions", map[string]any{"type": "auto"}), property("custom.align", "left")),
		},
	}, "none", "")
	p.defaults.Color = &dashboard.FieldColor{Mode: dashboard.FieldColorModeIdContinuousReds}
	p.defaults.Custom = map[string]any{"align": "center", "cellOptions": map[string]any{"mode": "basic", "type": "color-background"}, "inspect": false, "minWidth": 50}
	p.defaults.Min, p.defaults.NoValue = new(0.0), new("")
	p.defaults.Mappings = []dashboard.ValueMapping{{SpecialValueMap: &dashboard.SpecialValueMap{
		Type: dashboard.MappingTypeSpecialValue,
		Options: dashboard.DashboardSpecialValueMapOptions{
			Match: dashboard.SpecialValueMatchNullAndNan, Result: dashboard.ValueMappingResult{Color: new("transparent"), Text: new("")},
		},
	}}}
	return p
}

// chosenDepartments are charts of the chosen departments together.
func chosenDepartments() []panel {
	sum := func(metric, offset string) string {
		return "sum " + byWorkspace + " " + in(chosen("max "+byDepartment+" ("+of(metric, `window="$window"`)+offset+")"))
	}
	const silent, opened = "livechat_department_abandoned_rooms", "livechat_department_rooms"
	before := override("a week before.*", dashed("yellow")...)
	counts := lines("Gone silent, with the week before", "Visitors who went silent in the chosen window, and the same a week earlier (dashed). A window goes up and down as chats enter and leave it.", 8, 10, "none",
		query{step: scrapeInterval, legend: "now · {{instance}}", expr: sum(silent, "")},
		query{step: scrapeInterval, legend: "a week before · {{instance}}", expr: sum(silent, " offset 1w")})
	share := lines("Share of the chats, with the week before", "Chats whose visitor went silent, per chat opened in the chosen window, and the same a week earlier (dashed). Chats opened within the inactivity timeout cannot have gone silent yet: a short window is biased low.", 8, 10, "percentunit",
		query{step: scrapeInterval, legend: "now · {{instance}}", expr: sum(silent, "") + " / " + in(sum(opened, "")+" > 0")},
		query{step: scrapeInterval, legend: "a week before · {{instance}}", expr: sum(silent, " offset 1w") + " / " + in(sum(opened, " offset 1w")+" > 0")})
	for _, p := range []*panel{&counts, &share} {
		p.overrides = []dashboard.DashboardFieldConfigSourceOverrides{before}
	}
	counts.defaults.Decimals = new(0.0)
	all := of(silent, `window="24h"`)
	none := lines("Share without a department", "How much of what went silent in 24 hours belongs to no department, so that nobody answers for it. The line is the limit of the alert LivechatUnassignedAbandonments.", 8, 10, "percentunit",
		query{step: scrapeInterval, legend: "{{instance}}", expr: "sum " + byWorkspace + " (" + of(silent, `window="24h"`, `department_id="none"`) + ") / (sum " + byWorkspace + " (" + all + ") > 0)"})
	const unassigned = 0.2
	return []panel{counts, share, limit(none, plain.from(unassigned, "orange"))}
}

// meaning explains the number.
func meaning() panel {
	return markdown("What this number means, and why Rocket.Chat's own pages show another one", "The definition that Rocket.Chat counts by, and what follows from it.", 24, 11,
		`**A visitor went silent** (Rocket.Chat: the chat is *abandoned*) when someone other than the visitor closed the chat, an agent had the last word, the visitor had written at least once, and had then been silent for the inactivity timeout or longer.

- **Not** counted: people who give up in the queue. So the industry's "abandonment rate" and its targets do not apply here.
- **Counted**: also a solved chat that an agent closes late.
- A chat is in a window only if it was opened *and* closed inside it. It is late by the timeout at least, and by as long as agents leave chats open. Closing everything at the end of a shift looks like a rise.
- A short window sees only a part. Of chats that last 15 minutes and are closed automatically after one hour of silence, 6h sees 79 %, 24h 95 %.
- Windows overlap: never add them up.

Rocket.Chat's *Real-time Monitoring* shows one number, of the day so far: compare it with *Visitors gone silent today*. Rolling windows such as 6h and 24h are on none of its pages.`)
}
