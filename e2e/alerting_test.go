package e2e

import (
	"fmt"
	"regexp"
	"slices"
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

// Twelve visitors of a department abandon their chats: the channel of the shift gets one
// message with the department's name, the numbers and a link. It is resolved after many
// good chats.
func TestSpikeIsSentAndResolved(t *testing.T) {
	t.Parallel()
	const id, channel = "Xk3vbR8sTq2LmWn5P", "#shift-leads"
	week := slices.Repeat([]rocketchattest.Room{{DepartmentID: id, OpenedAt: time.Now().Add(-48 * time.Hour), Answered: true}}, 95)
	week = append(week, slices.Repeat([]rocketchattest.Room{{
		DepartmentID: id, VisitorInactivity: new(90 * time.Minute), Answered: true,
		OpenedAt: time.Now().Add(-50 * time.Hour), ClosedAt: time.Now().Add(-48 * time.Hour),
	}}, 5)...)
	w := startWorkspace(t, rocketchattest.Latest, append(week, openChats(id, 28)...)...)
	w.AddDepartments(rocketchattest.Department{ID: id, Name: "Sales & Leads", Agents: 3})
	e := startExporter(t, fullConfig(t, w, "6h", "24h", "7d"))
	p, _, to := startAlerting(t, t.TempDir(), scrape("livechat", e.address, "main"))
	p.becomes(t, "livechat_up", 1)
	w.AddRooms(slices.Repeat([]rocketchattest.Room{{
		DepartmentID: id, VisitorInactivity: new(90 * time.Minute), Answered: true,
		OpenedAt: time.Now().Add(-100 * time.Minute), ClosedAt: time.Now(),
	}}, 12)...)
	runbook, _ := alertAddresses(t)
	spike := attachment{
		Title:     "Visitors went silent in a larger share of the chats of the last hours than in the week before.",
		TitleLink: runbook + "#livechatabandonmentspike",
		Text:      "Sales & Leads on main: 12 of the chats opened in the last 6 hours are abandoned; at the share of the week before it would be 1.6.\n",
		Color:     "red",
	}
	resolved := spike
	resolved.Title, resolved.Text, resolved.Color = "Resolved: "+spike.Title, "Resolved: "+spike.Text, "green"
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
	waitForMessages(spike)
	w.AddRooms(openChats(id, 360)...)
	waitForMessages(resolved)
}

// openChats are chats of a department that are going well.
func openChats(department string, n int) []rocketchattest.Room {
	return slices.Repeat([]rocketchattest.Room{{DepartmentID: department, OpenedAt: time.Now().Add(-time.Minute), Answered: true}}, n)
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
	runbook, _ := alertAddresses(t)
	if got, want := sent.Alerts[0].Annotations["runbook_url"], runbook+"#livechatworkspaceunreachable"; got != want || sent.Receiver != "operations-webhook" {
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
