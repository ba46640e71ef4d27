package main

import (
	"fmt"
	"io"
	"net/url"
	"time"

	"livechat_exporter/demo/traffic"
)

// stackReport is the state of the stack when all is running, for printing.
type stackReport struct {
	prometheus, alertmanager string // their addresses
	pages                    bool   // whether Prometheus has pages for browsers
	spike                    traffic.Spike
}

// perDepartment is a query that shows a spike: the abandoned chats of the last hour,
// with the departments' names.
const perDepartment = "max by (department) (" + perHour +
	" * on (job, instance, department_id) group_left (department) livechat_department_info)"

// write writes the report.
func (r stackReport) write(out io.Writer) {
	fmt.Fprintf(out, "Prometheus               http://%s\n", r.prometheus)
	if r.pages {
		fmt.Fprintf(out, "  its alerts             http://%s/alerts\n", r.prometheus)
	} else {
		fmt.Fprintf(out, "  its alerts             http://%s/api/v1/alerts   (built from source, it has no pages for browsers)\n", r.prometheus)
	}
	fmt.Fprintf(out, "  abandoned in an hour   %s\n", r.queryURL())
	fmt.Fprintf(out, "Alertmanager             http://%s\n", r.alertmanager)

	fmt.Fprintf(out, "\nThe rules and routes are those of the folder alerts, with shorter waits: an alert fires after %s and is told\n", holdFor)
	fmt.Fprintf(out, "%s later. The last three weeks were made by livechat_exporter backfill and loaded into Prometheus.\n", groupWait)

	fmt.Fprintf(out, "\nAt %s, %d chats of %s are closed at once: an hour before, their visitors were sent to\n",
		r.spike.ClosedAt.Format(time.TimeOnly), traffic.SpikeChats, traffic.SpikeDepartmentName)
	fmt.Fprintf(out, "a page for new passwords that did not answer. What Alertmanager tells is printed below as it comes: the spike\n")
	fmt.Fprintf(out, "within two minutes, and hours later that it is over. What to\n")
	fmt.Fprintf(out, "do about each alert stands in alerts/runbook.md.\n")
	fmt.Fprintf(out, "\nCtrl-C ends the demo.\n\n")
}

// queryURL shows the chats abandoned in an hour: as a graph, or where Prometheus has no
// pages, the present values.
func (r stackReport) queryURL() string {
	if !r.pages {
		return "http://" + r.prometheus + "/api/v1/query?query=" + perHour
	}
	return "http://" + r.prometheus + "/query?" + url.Values{
		"g0.expr": {perDepartment}, "g0.tab": {"graph"}, "g0.range_input": {"6h"},
	}.Encode()
}
