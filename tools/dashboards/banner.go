package main

import "fmt"

// The states of the banner: the highest is shown. That of a department for which an alert
// fires is above its deviation.
const (
	nothing = iota - 1
	tooFew
	asUsual
	notCompared
	withoutRules
	faulty
	alarming = 10
)

// Background colours of the sentences, dark enough for white text. Missing data and a firing
// alert differ in colour, because a wall is read from a distance.
const (
	unknownColor = "#6e7079" // Of what is neither good nor bad.
	usualColor   = "dark-green"
	blindColor   = "dark-purple"
	alarmColor   = "semi-dark-red"
)

var bannerColors = steps{first: blindColor}.from(tooFew, unknownColor).from(asUsual, usualColor).from(notCompared, unknownColor).
	from(faulty, blindColor).from(alarming, alarmColor)

var (
	// raised has one firing alert on abandoned chats of each department, with its window.
	// That of a flood, which compares with another usual, has the window in other words. An
	// alert on a workspace has no department.
	raised = expr(
		alerts("Spike.*"),
		"or "+onDepartment,
		alertsOver24h,
		"or "+onDepartment,
		label(alerts("Flood"), "window", floodWindow),
	)

	// began has a label with the clock time since which each alert has had its reason.
	began = clock(byDepartmentWindow, either(
		started("Spike.*"), started("(Rise|Share.*)"), label(started("Flood"), "window", floodWindow),
	), ", high since $1:$2")

	// firing are those of the chosen departments, of workspaces with fresh data.
	firing = expr(
		in(raised),
		"and "+onWorkspace+" "+in(fresh),
		"and "+onDepartment+" "+in(recent(known, "5m")+" or "+workspaces),
	)

	// now and usual are the counts that the alerts compare. A flood is compared with as many
	// chats as in other weeks, of which the usual share is abandoned.
	now = either(
		in(either(of(abandonedRecord, comparedWindow), of(abandonedRecord, `window="24h"`)))+"\nand "+onDepartmentWindow+" "+in(raised),
		of(allAbandonedRecord, comparedWindow),
		label(flooded, "window", floodWindow),
	)
	usual = either(
		in(either(of(expectedRecord, comparedWindow), of(expectedRecord, `window="24h"`)))+"\nand "+onDepartmentWindow+" "+in(raised),
		of(allExpectedRecord, comparedWindow),
		label(in(flooded)+" * 0 + "+of(expectedRecord, comparedWindow)+" / "+of(roomsRecord, comparedWindow)+" * "+of(usualRoomsRecord, comparedWindow), "window", floodWindow),
	)
	flooded = of(abandonedRecord, comparedWindow) + "\nand " + onDepartment + " " + alerts("Flood")
)

// busy are the chosen departments with chats. Those with few of them are not compared.
var busy = chosen(comparedNow) + "\nunless " + onDepartment + " " + unused

// floodWindow is comparedWindow in other words.
const floodWindow = "6 hours"

// alertsOver24h are the firing alerts that compare the window 24h.
var alertsOver24h = alerts("(Rise|Share.*)")

// alerts are those on abandoned chats that fire, by the end of their names.
func alerts(end string) string {
	return "max " + byDepartmentWindow + " (" + of("ALERTS", `alertname=~"LivechatAbandonment`+end+`"`, `alertstate="firing"`) + ")"
}

// started is when the expressions of alerts became true, by the end of their names.
func started(end string) string {
	return "max " + byDepartmentWindow + " (" + of("ALERTS_FOR_STATE", `alertname=~"LivechatAbandonment`+end+`"`) + ")"
}

// firingNow adds the names of what alerts fire for, and since when.
var firingNow = expr(
	ranked(firing, alarming),
	with(onDepartment, "department", expr(
		info,
		"or "+onDepartment,
		label(workspaces, "department", "All departments together"),
		"or "+onDepartment,
		rewrite("max "+byDepartment+" "+in(raised), "department", "$1", "department_id", "(.*)"),
	)),
	with(onDepartmentWindow, "since", expr(began, "or "+onDepartmentWindow, in(raised))),
	more(firing),
)

// compared is firingNow with the numbers, so that the largest deviation is the highest.
var compared = expr(
	in(named(firingNow)),
	"+ "+onDepartmentWindow+" group_left (now, usual)",
	in(expr(
		in("1 + "+deviation(now, usual)),
		with(onDepartmentWindow, "now", asLabel(byDepartmentWindow, "now", now)),
		with(onDepartmentWindow, "usual", asDecimal(byDepartmentWindow, "usual", usual)),
	)),
)

// bannerQueries each find one state. Grafana shows the highest.
func bannerQueries() []query {
	off := func(what, has string) string {
		return named(label(expr(
			ranked(workspaces, notCompared),
			"and "+onWorkspace+" "+in(attempted("abandoned_rooms")),
			"unless "+onWorkspace+" "+in(has),
		), "sentence", what+" in the configuration"))
	}
	return []query{
		{legend: "{{department}}{{workspace}}: {{now}} silent in {{window}}, usually {{usual}}{{since}}{{more}}", expr: compared},
		{legend: "{{department}}{{workspace}}: an alert fires{{since}}{{more}}", expr: named(firingNow)},
		{legend: "{{sentence}}{{workspace}}", expr: named(ranked(dead, faulty))},
		{legend: "{{sentence}}{{workspace}}", expr: named(ranked(stale, faulty))},
		{legend: "{{sentence}}{{workspace}}", expr: named(ranked(unanswered, faulty))},
		{legend: "Not compared: Prometheus has not loaded the recording rules{{workspace}}", expr: named(expr(
			ranked(workspaces, withoutRules),
			"unless "+onWorkspace+" "+recent(of(exporterUpRecord), "5m"),
		))},
		{legend: "{{sentence}}{{workspace}}", expr: off("Not watched: counting all chats is switched off", attempted("rooms"))},
		{legend: "{{sentence}}{{workspace}}", expr: off("Not compared: the window 6h is not set", attempted("abandoned_rooms", comparedWindow))},
		{legend: "All departments as usual: no alert ({{compared}} of {{all}} compared with last week)", expr: expr(
			"max"+in(expr(
				ranked(workspaces, asUsual),
				"and "+onWorkspace+" "+of(allAbandonedRecord, comparedWindow),
				"and "+onWorkspace+" "+in(chosen(of(expectedRecord, comparedWindow))),
			)),
			with("on ()", "compared", counting("count"+in(busy+"\nand "+onDepartment+" "+comparedUsual), "compared", "$1")),
			with("on ()", "all", counting("count"+in(busy), "all", "$1")),
		)},
		{legend: "Too few chats to compare{{workspace}}", expr: named(ranked(workspaces, tooFew))},
		{legend: "No data: Prometheus has no such workspace", expr: fmt.Sprintf("vector(%d)", nothing)},
	}
}
