package main

import (
	"fmt"
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// switchedOff is the value of a number that the configuration does not have, and missing
// that of one that has no data.
const (
	switchedOff = -2
	missing     = -1
)

// counted is a number of all chosen workspaces with a note, such as what is usual.
func counted(e, note, without, resource string, matchers ...string) query {
	return query{legend: "{{note}}", expr: expr(
		in(e),
		with("on ()", "note", note+"\nor on ()\n"+label("vector(1)", "note", without)),
		"or on ()",
		label(fmt.Sprintf("vector(%d)", switchedOff), "note", "not in the configuration"),
		"unless on () "+in(attempted(resource, matchers...)),
		"and on () "+in(attempted("abandoned_rooms")),
		"or on ()",
		label(fmt.Sprintf("vector(%d)", missing), "note", "no data"),
	)}
}

// numbers are the three numbers and the age of the data.
func numbers() []panel {
	hour := total(of(lastHourRecord) + " OFFSET")
	hourNow := total(of(lastHourRecord))
	today := of("livechat_department_abandoned_rooms", `window="today"`)
	tiles := []panel{
		number("Visitors gone silent in the last hour", "Visitors who went silent in chats that were closed in the last hour, and the average of this hour of the week in the last three weeks. Needs the key counter and the recording rules.",
			7, "none", plain, common.BigValueColorModeNone,
			counted(hourNow, counting("avg"+in(weeksBack(hour)), "note", "usually $1"), "usual: known after a week", "abandonments")),
		number("Visitors gone silent, chats of today", "Visitors who went silent in chats that were opened and closed since midnight in the exporter's time zone, and as many as there were by this time a week ago. Needs the window today.",
			7, "none", plain, common.BigValueColorModeNone,
			counted(total("max "+byDepartment+" "+in(today)), counting(total("max "+byDepartment+" "+in(today+" offset 1w")), "note", "a week ago $1 by this time"), "a week ago: no data", "abandoned_rooms", `window="today"`)),
		number("Chats waiting now", "Chats in the queue now, and agents who are available, of the whole workspaces. Needs the key live.",
			7, "none", plain, common.BigValueColorModeNone,
			counted("sum"+in("max "+byWorkspace+" "+in(of("livechat_chats_waiting"))),
				counting("sum"+in("max "+byWorkspace+" "+in(of("livechat_agents", `status="available"`))), "note", "agents available: $1"), "agents not known", "chats_waiting")),
		number("Age of the data", "How long ago, and at what time, the oldest of the workspaces' numbers was asked for. Red from the limit of the alert LivechatDataStale on.",
			3, "s", steps{first: "text"}.from(staleAfter, "red"), common.BigValueColorModeValue,
			query{legend: "{{since}}", expr: expr(
				"topk"+in("1, (time() - "+in(asked)+")\n* "+onWorkspace+" group_left (since) "+in(clock(byWorkspace, asked, "at $1:$2"))),
				"or on ()",
				label(fmt.Sprintf("vector(%d)", missing), "since", "no data"),
			)}),
	}
	for i := range tiles {
		tiles[i].defaults.Decimals = new(0.0)
		tiles[i].defaults.Mappings = texts(map[string]string{strconv.Itoa(missing): "?", strconv.Itoa(switchedOff): "off"})
	}
	return tiles
}

var (
	comparedNow   = of(abandonedRecord, comparedWindow)
	comparedUsual = of(expectedRecord, comparedWindow)

	// unused are the departments without a chat in the last week.
	unused = in(of(roomsRecord, `window="7d"`) + " == 0")

	// ranking orders departments by their deviation: first those with an alert, and last,
	// by their count, those that cannot be compared.
	ranking = "topk" + in(fmt.Sprintf("%d,\n", worst)+chosen(in(either(
		in(deviation(comparedNow, comparedUsual))+"\n+ "+onDepartment+" group_left () 1e3 * max "+byDepartment+" "+in(raised),
		deviation(comparedNow, comparedUsual),
		comparedNow+" - 1e6\nunless "+onDepartment+" "+unused,
	))))
)

// noBar is a value below the beginning of the bars, for what has none.
const noBar = -1

// listed adds a label, empty where a department has none.
func listed(name, e string) string {
	return with(onDepartment, name, expr(e, "or "+onDepartment, ranked(comparedNow, 1)))
}

// alertText has a label with the end of a department's row: that an alert fires, with the
// numbers of 24 hours where it compares those.
var alertText = expr(
	rewrite(
		"label_join"+in(expr(
			in(in(raised)+"\nand "+onDepartmentWindow+" "+alertsOver24h),
			with(onDepartment, "now", asLabel(byDepartment, "now", of(abandonedRecord, `window="24h"`)+"\nand "+onDepartment+" "+alertsOver24h)),
			with(onDepartment, "usual", asDecimal(byDepartment, "usual", of(expectedRecord, `window="24h"`)+"\nand "+onDepartment+" "+alertsOver24h))+`,
"alert", "|", "now", "usual"`,
		)),
		"alert", " · ALERT over 24h: $1, usually $2", "alert", "(.*)[|](.*)",
	),
	"or "+onDepartment,
	rewrite(rewrite(label(raised, "alert", " · ALERT"), "alert", " · ALERT over 24h", "window", "24h"),
		"alert", " · ALERT: many chats", "window", floodWindow),
)

// departments are those that deviate most, as bars.
func departments() panel {
	rooms := of(roomsRecord, comparedWindow)
	times := in(comparedNow) + " / clamp_min(" + comparedUsual + ", 1)"
	labelled := expr(
		in(in(either(in(times)+" > 0", ranked(comparedNow, noBar)))+"\nand "+onDepartment+" "+ranking),
		with(onDepartment, "now", asLabel(byDepartment, "now", comparedNow)),
		listed("usual", asDecimal(byDepartment, "usual", comparedUsual)),
		listed("times", asDecimal(byDepartment, "times", in(times+"\nand "+onDepartment+" "+comparedUsual+" >= 1")+" > 1")),
		listed("percent", asLabel(byDepartment, "percent", "100 * "+comparedNow+" / ("+rooms+" > 0)")),
		listed("rooms", asLabel(byDepartment, "rooms", rooms)),
		listed("alert", "max by (job, instance, department_id, alert) "+in(alertText)),
		with(onDepartment, "department", info),
	)
	row := "label_join" + in(named(labelled)+",\n"+`"row", "|", "department", "workspace", "now", "usual", "times", "percent", "rooms", "alert"`)
	// A department's name can have a "|", numbers have none.
	const who, share = "(.*)[|](.*)[|]([0-9]+)[|]", "[|]([0-9]*)[|]([0-9]*)[|](.*)"
	for _, r := range [][2]string{
		{who + "([0-9.]+)[|]([0-9.]+)" + share, "$1$2: $3, usually $4 ($5 ×) · $6 % of $7$8"},
		{who + "([0-9.]+)[|]" + share, "$1$2: $3, usually $4 · $5 % of $6$7"}, // No more than usual.
		{who + "[|]" + share, "$1$2: $3, the usual not known · $4 % of $5$6"},
		{"(.*) ·  % of [0-9]*(.*)", "$1$2"},
		{"(.*?)(?: [(][0-9.]+ ×[)])?(?: · [0-9]+ % of [0-9]+)?( · ALERT over 24h: .*)", "$1$2"}, // Too long otherwise.
	} {
		row = rewrite(row, "row", r[1], "row", r[0])
	}
	row = expr(row, "or on ()", label(fmt.Sprintf("vector(%d)", noBar), "row", "No data"))
	p := bars(panel{
		title: "Departments, last 6 hours, the most unusual first (many chats weigh more than a high ×). Blue: up to the usual. Without ALERT: can be chance",
		description: fmt.Sprintf("At most %d. ", worst) + "Of the chats opened in the last 6 hours: how many visitors went silent, how many would have at the department's share of the last week, the share of the chats, and whether an alert fires. " +
			"The bar is how many times the usual that is: blue up to the usual, white above it. A usual below 1 is taken as 1. The order is by standard deviations, as in the alerts: few chats can have many times the usual by chance. A click opens this dashboard for the department.",
		width: 14, height: 16,
		queries: []query{{expr: row, table: true}, {expr: "max " + byDepartment + " " + in(ranking), table: true}},
		transformations: []dashboard.DataTransformerConfig{
			transform("merge", map[string]any{}),
			transform("sortBy", map[string]any{"fields": map[string]any{}, "sort": []map[string]any{{"field": "Value #B", "desc": true}}}),
			transform("organize", map[string]any{"excludeByName": map[string]bool{"Time": true, "Value #B": true}, "indexByName": map[string]int{}, "renameByName": map[string]string{}}),
		},
	}, 24, worst)
	p.defaults = field("none", steps{first: "blue"}.from(1, "#c7d0d9"))
	p.defaults.Min, p.defaults.Max, p.defaults.Decimals = new(0.0), new(4.0), new(1.0)
	p.defaults.DisplayName = new("${__data.fields.row}")
	p.defaults.Links = []dashboard.DashboardLink{link("Open the department",
		"/d/livechat-abandonment?${datasource:queryparam}&var-job=${__data.fields.job:percentencode}&var-instance=${__data.fields.instance:percentencode}&var-department=${__data.fields.department:percentencode}&${window:queryparam}", false)}
	return p
}

// course is the chosen departments by hour, against the weeks before.
func course() panel {
	const most, least = "lowest to highest in the last three weeks", "lowest"
	const step = "30m"
	p := lines("Gone silent per hour, against the last three weeks. Red: an alert was sent", "Visitors who went silent in chats that were closed in the hour before, all chosen departments together. The band reaches from the lowest to the highest of the same hour in the last three weeks. A mark is when an alert was sent: its reason has then lasted for a while.",
		10, 16, "none",
		query{legend: "{{weeks}}", step: step, expr: weeksBack(total(of(lastHourRecord) + " OFFSET"))},
		query{legend: "now", step: step, expr: total(of(lastHourRecord))})
	of3 := func(reducer, name string) dashboard.DataTransformerConfig {
		return transform("calculateField", map[string]any{
			"mode": "reduceRow", "alias": name, "reduce": map[string]any{"reducer": reducer, "include": pastWeeks},
		})
	}
	p.transformations = []dashboard.DataTransformerConfig{
		transform("joinByField", map[string]any{"byField": "Time", "mode": "outer"}),
		of3("max", most), of3("min", least),
		transform("filterFieldsByName", map[string]any{"include": map[string]any{"names": []string{"Time", "now", most, least}}}),
	}
	p.defaults.Decimals = new(0.0)
	p.defaults.NoValue = new("No hourly numbers: the counter is switched off in the configuration, or Prometheus has not loaded the recording rules")
	band := func(more ...dashboard.DynamicConfigValue) []dashboard.DynamicConfigValue {
		return append([]dashboard.DynamicConfigValue{
			property("color", map[string]any{"mode": "fixed", "fixedColor": unknownColor}), property("custom.lineWidth", 0),
		}, more...)
	}
	p.overrides = []dashboard.DashboardFieldConfigSourceOverrides{
		override(most, band(property("custom.fillBelowTo", least), property("custom.fillOpacity", 35))...),
		override(least, band(property("custom.hideFrom", map[string]any{"legend": true, "tooltip": false, "viz": false}))...),
		override("now", property("color", map[string]any{"mode": "fixed", "fixedColor": "blue"}), property("custom.lineWidth", 3)),
	}
	p.maxDataPoints = 200
	return p
}
