package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// startAlerting starts a receiver, an Alertmanager, and a Prometheus with the shipped
// rules on a folder of data. Alerts wait for 3 seconds.
func startAlerting(t *testing.T, folder string, jobs ...job) (*prometheus, *alertmanager, *receiver) {
	t.Helper()
	to := startReceiver(t)
	a := startAlertmanager(t, to, alwaysOpen)
	p := startPrometheusWith(t, folder, map[string]any{
		"scrape_configs": jobs,
		"rule_files":     []string{writeJSON(t, "livechat.rules.yml", shippedRules(t).firingAfter("3s"))},
		"alerting": map[string]any{"alertmanagers": []map[string]any{
			{"static_configs": []map[string]any{{"targets": []string{a.address}}}},
		}},
	})
	return p, a, to
}

// waitForWebhook waits until the last call of the webhook about an alert has this status
// and this number of alerts.
func waitForWebhook(t *testing.T, to *receiver, alert, status string, alerts int) webhook {
	t.Helper()
	var last webhook
	eventually(t, alert+" is "+status, func() error {
		calls := to.webhooksOf(alert)
		if len(calls) > 0 {
			last = calls[len(calls)-1]
		}
		if last.Status != status || len(last.Alerts) != alerts {
			return fmt.Errorf("got %+v", last)
		}
		return nil
	})
	return last
}

// Twelve visitors of a department abandon their chats: the channel of the shift gets two
// messages with the department's name, the numbers and a link, and the critical one also
// goes to the webhook. It is resolved after many good chats.
func TestSpikeIsSentAndResolved(t *testing.T) {
	t.Parallel()
	const id, channel = "GgYvrkAF63aeQmsh4", "#shift-leads"
	w := startWorkspace(t, rocketchattest.Latest, openChats(id, 28)...)
	w.AddDepartments(rocketchattest.Department{ID: id, Name: "Sales & Leads", Agents: 3})
	e := startExporter(t, fullConfig(t, w, "6h", "24h"))
	p, _, to := startAlerting(t, quietPast(t, "main", id), scrape("livechat", e.address, "main"))
	p.becomes(t, series("livechat_department_abandonments_total", "department_id", id), 0)
	w.AddRooms(slices.Repeat([]rocketchattest.Room{{
		DepartmentID: id, VisitorInactivity: new(90 * time.Minute), Answered: true,
		OpenedAt: time.Now().Add(-100 * time.Minute), ClosedAt: time.Now(),
	}}, 12)...)
	spike := attachment{
		Title:     "Visitors went silent in more chats than usual at this time of the week.",
		TitleLink: runbookAddress + "#livechatabandonmentspike",
		Text:      "Sales & Leads on main: 12 abandoned chats were closed in the last hour; usual at this time of the week: 1.0.\n",
		Color:     "red",
	}
	critical := attachment{
		Title:     "Visitors went silent in a very large share of the chats.",
		TitleLink: runbookAddress + "#livechatabandonmentratecritical",
		Text:      "Sales & Leads on main: 30% of the chats opened in the last 6 hours are abandoned, which are 12.\n",
		Color:     "red",
	}
	resolved := critical
	resolved.Title, resolved.Text, resolved.Color = "Resolved: "+critical.Title, "Resolved: "+critical.Text, "green"
	waitForMessages := func(want ...attachment) {
		t.Helper()
		eventually(t, "the messages", func() error {
			got := to.messagesIn(channel)
			for _, w := range want {
				if !slices.Contains(got, w) {
					return fmt.Errorf("got %+v, want %+v", got, w)
				}
			}
			return nil
		})
	}
	waitForMessages(spike, critical)
	waitForWebhook(t, to, "LivechatAbandonmentRateCritical", "firing", 1)
	w.AddRooms(openChats(id, 360)...)
	waitForMessages(resolved)
	for _, got := range append(to.messagesIn(channel), to.messagesIn("#operations")...) {
		if title := strings.TrimPrefix(got.Title, "Resolved: "); title != critical.Title && title != spike.Title {
			t.Errorf("got another message as well: %+v", got)
		}
	}
}

// openChats are chats of a department that are going well.
func openChats(department string, n int) []rocketchattest.Room {
	return slices.Repeat([]rocketchattest.Room{{DepartmentID: department, OpenedAt: time.Now().Add(-time.Minute), Answered: true}}, n)
}

// quietPast is a folder of Prometheus' data with what the rules need of a department: no
// abandoned chat in the last two hours, and one in the same hour a week ago.
func quietPast(t *testing.T, instance, department string) (folder string) {
	t.Helper()
	var past strings.Builder
	now := time.Now()
	write := func(metric string, value int, from, to time.Time) {
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			fmt.Fprintf(&past, "%s{job=\"livechat\",instance=%q,department_id=%q} %d %d\n", metric, instance, department, value, at.Unix())
		}
	}
	weekAgo := now.AddDate(0, 0, -7)
	write("instance_department:livechat_department_abandonments:increase1h", 1, weekAgo.Add(-30*time.Minute), weekAgo.Add(30*time.Minute))
	write("livechat_department_abandonments_total", 0, now.Add(-2*time.Hour), now)
	folder = t.TempDir()
	file := writeFile(t, "past.om", past.String()+"# EOF\n")
	if output, err := runTool(t, programs.promtool, "tsdb", "create-blocks-from", "openmetrics", file, folder); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return folder
}

// A workspace that is down causes several alerts. Only the one that explains the others
// is sent, with the outcomes of the calls, and it is resolved.
func TestUnreachableWorkspaceIsOneAlert(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest, history(12, time.Now(), departmentIDs(3))...)
	w.down(t)
	e := startExporter(t, fullConfig(t, w, "6h", "24h"))
	p, a, to := startAlerting(t, t.TempDir(), scrape("livechat", e.address, "main"))
	const alert = "LivechatWorkspaceUnreachable"
	sent := waitForWebhook(t, to, alert, "firing", 1)
	if got := sent.Alerts[0].Annotations["description"]; !regexp.MustCompile(`^main: calls that failed in the last 15 minutes: network \d+\b`).MatchString(got) {
		t.Errorf("got the description %q", got)
	}
	if got, want := sent.Alerts[0].Annotations["runbook_url"], runbookAddress+"#livechatworkspaceunreachable"; got != want || sent.Receiver != "operations-webhook" {
		t.Errorf("got %s to %s, want %s", got, sent.Receiver, want)
	}
	a.waitForState(t, shippedAlert(t, "LivechatRefreshFailing", "instance", "main", "resource", "rooms", "window", "6h"), "inhibited")
	if n := to.notifications(); n != 1 {
		t.Errorf("got %d notifications, want one", n)
	}
	w.up(t)
	p.becomes(t, "livechat_up", 1)
	waitForWebhook(t, to, alert, "resolved", 1)
}

// An exporter that ends is one notification for all of its workspaces.
func TestExporterDownIsSent(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	e := startExporter(t, fullConfig(t, w, "6h", "24h"))
	p, _, to := startAlerting(t, t.TempDir(), scrape("livechat", e.address, "main", "other"))
	p.becomes(t, "livechat_up", 1)
	e.stop(t)
	waitForWebhook(t, to, "LivechatExporterDown", "firing", 2)
}
