package main

import (
	"fmt"
	"strings"
)

// The names of what the rules of alerts/ record.
const (
	abandonedRecord     = "instance_department_window:livechat_department_abandoned_rooms:max"
	roomsRecord         = "instance_department_window:livechat_department_rooms:max"
	expectedRecord      = "instance_department_window:livechat_department_abandoned_rooms:expected"
	allAbandonedRecord  = "instance_window:livechat_department_abandoned_rooms:sum"
	allExpectedRecord   = "instance_window:livechat_department_abandoned_rooms:expected"
	lastHourRecord      = "instance_department:livechat_department_abandonments:increase1h"
	usualRoomsRecord    = "instance_department_window:livechat_department_rooms:max3w"
	exporterUpRecord    = "instance:livechat_exporter_up:max"
	abandonmentAlerts   = `alertname=~"LivechatAbandonment(Spike|Rise|Flood|Share).*"`
	comparedWindow      = `window="6h"` // of the alert on spikes
	byWorkspace         = "by (job, instance)"
	onWorkspace         = "on (job, instance)"
	byDepartment        = "by (job, instance, department_id)"
	onDepartment        = "on (job, instance, department_id)"
	byDepartmentWindow  = "by (job, instance, department_id, window)"
	onDepartmentWindow  = "on (job, instance, department_id, window)"
	abandonedRoomsAsked = `resource="abandoned_rooms"`
)

// staleAfter is the age in seconds from which data counts as old, that of the alert
// LivechatDataStale.
const staleAfter = 600

// worst is how many series or rows are shown of what there can be any number of.
const worst = 10

// of selects series of the chosen jobs and instances.
func of(metric string, more ...string) string {
	return metric + "{" + strings.Join(append([]string{`job=~"$job"`, `instance=~"$instance"`}, more...), ", ") + "}"
}

// lines joins lines of an expression.
func expr(lines ...string) string {
	return strings.Join(lines, "\n")
}

// in puts an expression into brackets.
func in(e string) string {
	return "(\n  " + strings.ReplaceAll(e, "\n", "\n  ") + "\n)"
}

// either is the union of expressions; of equal labels the first.
func either(list ...string) string {
	for i, e := range list {
		list[i] = in(e)
	}
	return strings.Join(list, "\nor\n")
}

// label adds a label of a fixed text.
func label(e, name, text string) string {
	return fmt.Sprintf("label_replace(%s, %q, %q, \"\", \"\")", e, name, text)
}

// rewrite replaces a label's text by that of another one, changed by a regular expression.
func rewrite(e, name, text, from, pattern string) string {
	return fmt.Sprintf("label_replace(%s, %q, %q, %q, %q)", e, name, text, from, pattern)
}

// asLabel makes a label of each whole number of an expression. The values become 1.
func asLabel(by, name, e string) string {
	return fmt.Sprintf("count_values %s (%q, round(%s))", by, name, in(e))
}

// asDecimal is asLabel for numbers with a decimal.
func asDecimal(by, name, e string) string {
	return fmt.Sprintf("count_values %s (%q, round(%s, 0.1))", by, name, in(e))
}

// with adds the labels of another expression, whose values are 1.
func with(on, labels, e string) string {
	return fmt.Sprintf("* %s group_left (%s) %s", on, labels, in(e))
}

// recent takes the last sample also where some scrapes were lost.
func recent(selector, over string) string {
	return "last_over_time(" + selector + "[" + over + "])"
}

// known are the chosen departments, and info has a series with the name of each.
var (
	known = of("livechat_department_info", `department=~"$department"`)
	info  = "max by (job, instance, department_id, department) (" + known + ")"
)

// chosen leaves the chosen departments.
func chosen(e string) string {
	return e + "\nand " + onDepartment + " " + known
}

// total adds up the chosen departments of all chosen workspaces.
func total(e string) string {
	return "sum" + in("sum "+byWorkspace+" "+in(chosen(e)))
}

// pastWeeks are those with which the present is compared.
var pastWeeks = []string{"1w", "2w", "3w"}

// weeksBack returns an expression's values at the same time in each of the last three
// weeks, with the label weeks. OFFSET in the expression is replaced by the offset.
func weeksBack(e string) string {
	var list []string
	for _, weeks := range pastWeeks {
		list = append(list, label(strings.ReplaceAll(e, "OFFSET", "offset "+weeks), "weeks", weeks))
	}
	return either(list...)
}

// deviation is by how many standard deviations a count differs from another, as in the
// alerts.
func deviation(now, usual string) string {
	return fmt.Sprintf("2 * (sqrt(%s + 0.375) - sqrt(%s + 0.375))", in(now), in(usual))
}
