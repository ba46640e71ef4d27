package main

import (
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"livechat_exporter/demo/traffic"
	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// sampleWindow is the window of which the demo shows the samples.
const sampleWindow = "24h"

// noDepartment is what the exporter calls the chats without one.
const noDepartment = "(no department)"

// abandonedRooms is a line of the exporter's page: the label and the value.
var abandonedRooms = regexp.MustCompile(`^livechat_department_abandoned_rooms\{.*\bdepartment_id="([^"]*)".*\}`)

// samples are the lines of a page of metrics that say how many rooms were abandoned
// in a window, with the departments' names beside them.
func samples(page, window string, departments []rocketchattest.Department) []string {
	names := map[string]string{"none": noDepartment}
	for _, d := range departments {
		names[d.ID] = d.Name
	}
	var lines []string
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		match := abandonedRooms.FindStringSubmatch(line)
		if len(match) == 2 && strings.Contains(line, `window="`+window+`"`) {
			lines = append(lines, line+"\t"+names[match[1]])
		}
	}
	return lines
}

// report is what the demo prints when all is running.
type report struct {
	workspace, exporter string // their addresses
	departments         int
	seed                uint64
	samples             []string
	now                 time.Time
}

// write writes the report.
func (r report) write(out io.Writer) {
	r.writeAddresses(out)

	fmt.Fprintf(out, "\nChats abandoned in the last %s, from http://%s/metrics, and the departments' names:\n\n", sampleWindow, r.exporter)
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, line := range r.samples {
		fmt.Fprintf(table, "  %s\n", line)
	}
	_ = table.Flush() // Nobody reads it where it cannot be printed.
	fmt.Fprintf(out, "\nA department without abandoned chats has a 0.\n")

	fmt.Fprintf(out, "\nTry next:\n")
	fmt.Fprintf(out, "\n  All metrics, in a browser or with curl. Each time Rocket.Chat is asked anew, as far as the call budget goes.\n")
	fmt.Fprintf(out, "    curl http://%s/metrics\n", r.exporter)
	fmt.Fprintf(out, "\n  The same day as Rocket.Chat tells it.\n")
	fmt.Fprintf(out, "    curl -H \"X-User-Id: %s\" -H \"X-Auth-Token: %s\" \"%s\"\n", rocketchattest.UserID, rocketchattest.AuthToken, r.question())
	fmt.Fprintf(out, "\n  Prometheus, with this in its prometheus.yml.\n")
	fmt.Fprintf(out, "    scrape_configs: [{job_name: livechat, static_configs: [{targets: [\"%s\"]}]}]\n", r.exporter)
	r.writeAccount(out)
	fmt.Fprintf(out, "\nChats keep coming. Ctrl-C ends the demo.\n")
}

// writeWorkspace writes where the workspace is and what is in it.
func (r report) writeWorkspace(out io.Writer) {
	fmt.Fprintf(out, "\nRocket.Chat, simulated   http://%s   (%d departments, %.0f days of chats, seed %d)\n",
		r.workspace, r.departments, traffic.History.Hours()/24, r.seed)
}

// writeAccount writes what an exporter of the user's own has to know.
func (r report) writeAccount(out io.Writer) {
	fmt.Fprintf(out, "\n  An exporter of your own on this workspace, with another --web.listen-address.\n")
	fmt.Fprintf(out, "    export ROCKETCHAT_URL=http://%s ROCKETCHAT_USER_ID=%s ROCKETCHAT_AUTH_TOKEN=%s\n",
		r.workspace, rocketchattest.UserID, rocketchattest.AuthToken)
}

// writeAddresses writes where the workspace and the exporter are.
func (r report) writeAddresses(out io.Writer) {
	r.writeWorkspace(out)
	fmt.Fprintf(out, "livechat_exporter on it  http://%s\n", r.exporter)
}

// question is the exporter's question to the workspace, for the window shown.
func (r report) question() string {
	parameters := url.Values{
		"start": {r.now.Add(-24 * time.Hour).UTC().Format(time.RFC3339)},
		"end":   {r.now.UTC().Format(time.RFC3339)},
	}
	return "http://" + r.workspace + "/api/v1/livechat/analytics/departments/total-abandoned-chats?" + parameters.Encode()
}
