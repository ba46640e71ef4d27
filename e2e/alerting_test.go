package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// Twelve visitors fall silent in one department: the shift reads it in its channel, with
// the department's name, the numbers and where to read on. The share of abandoned chats
// is critical until many good chats have come.
func TestSpikeIsToldAndIsOver(t *testing.T) {
	t.Parallel()
	const id = "GgYvrkAF63aeQmsh4"
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddDepartments(rocketchattest.Department{ID: id, Name: "Sales & Leads", Agents: 3})
	w.AddRooms(answered(id, 28)...)
	e := startExporter(t, configOfEverything(t, w, "6h", "24h"))
	to := startReceiver(t)
	a := startAlertmanager(t, to, alwaysOpen)
	p := startAlerting(t, quietPast(t, "main", id), shippedRules(t).within("3s"), a, scrapeAs("livechat", e.address, "main"))
	p.becomes(t, series("livechat_department_abandonments_total", "department_id", id), 0)

	spike := make([]rocketchattest.Room, 12)
	for i := range spike {
		now := time.Now()
		spike[i] = rocketchattest.Room{
			DepartmentID: id, VisitorInactivity: new(90 * time.Minute), Answered: true,
			OpenedAt: now.Add(-100 * time.Minute), ClosedAt: now,
		}
	}
	w.AddRooms(spike...)
	const spikeTitle = "Visitors went silent in more chats than usual at this time of the week."
	waitForMessage(t, to, "#shift-leads", attachment{
		Title:     spikeTitle,
		TitleLink: runbookAddress + "#livechatabandonmentspike",
		Text:      "Sales & Leads on main: 12 abandoned chats were closed in the last hour; usual at this time of the week: 1.0.\n",
		Color:     "red",
	})
	critical := attachment{
		Title:     "Visitors went silent in a very large share of the chats.",
		TitleLink: runbookAddress + "#livechatabandonmentratecritical",
		Text:      "Sales & Leads on main: 30% of the chats opened in the last 6 hours are abandoned, which are 12.\n",
		Color:     "red",
	}
	waitForMessage(t, to, "#shift-leads", critical)
	waitForWebhook(t, to, "LivechatAbandonmentRateCritical")

	w.AddRooms(answered(id, 360)...)
	critical.Title, critical.Text, critical.Color = "Resolved: "+critical.Title, "Resolved: "+critical.Text, "green"
	waitForMessage(t, to, "#shift-leads", critical)
	for _, got := range append(to.messagesIn("#shift-leads"), to.messagesIn("#operations")...) {
		if title := strings.TrimPrefix(got.Title, "Resolved: "); title != strings.TrimPrefix(critical.Title, "Resolved: ") && title != spikeTitle {
			t.Errorf("told as well: %+v", got)
		}
	}
}

// answered are chats of a department that are open and going well.
func answered(department string, n int) []rocketchattest.Room {
	rooms := make([]rocketchattest.Room, n)
	for i := range rooms {
		rooms[i] = rocketchattest.Room{DepartmentID: department, OpenedAt: time.Now().Add(-time.Minute), Answered: true}
	}
	return rooms
}

// quietPast is a folder of Prometheus' data with what the rules need to know about a
// department: that nothing happened in the last two hours, and one chat in the hour a
// week ago.
func quietPast(t *testing.T, instance, department string) string {
	t.Helper()
	var past strings.Builder
	now := time.Now()
	sample := func(metric string, value int, at time.Time) {
		fmt.Fprintf(&past, "%s{job=\"livechat\",instance=%q,department_id=%q} %d %d\n", metric, instance, department, value, at.Unix())
	}
	for at := now.AddDate(0, 0, -7).Add(-30 * time.Minute); at.Before(now.AddDate(0, 0, -7).Add(30 * time.Minute)); at = at.Add(time.Minute) {
		sample("instance_department:livechat_department_abandonments:increase1h", 1, at)
	}
	for at := now.Add(-2 * time.Hour); at.Before(now); at = at.Add(time.Minute) {
		sample("livechat_department_abandonments_total", 0, at)
	}
	folder := t.TempDir()
	file := writeFile(t, "past.om", past.String()+"# EOF\n")
	if output, err := runTool(t, programs.promtool, "tsdb", "create-blocks-from", "openmetrics", file, folder); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return folder
}

// waitForMessage waits for a message in a channel.
func waitForMessage(t *testing.T, to *receiver, channel string, want attachment) {
	t.Helper()
	eventually(t, want.Title, func() error {
		got := to.messagesIn(channel)
		if !slices.Contains(got, want) {
			return fmt.Errorf("%s has %+v, want %+v", channel, got, want)
		}
		return nil
	})
}

// A workspace that goes away sets off more than one alert; told is only the one that
// explains the others, with what became of the calls, and that it is over.
func TestUnreachableWorkspaceIsToldAlone(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(history(12, time.Now(), departments(3))...)
	w.down(t)
	e := startExporter(t, configOfEverything(t, w, "6h", "24h"))
	to := startReceiver(t)
	a := startAlertmanager(t, to, alwaysOpen)
	p := startAlerting(t, t.TempDir(), shippedRules(t).within("3s"), a, scrapeAs("livechat", e.address, "main"))

	const alert = "LivechatWorkspaceUnreachable"
	waitForWebhook(t, to, alert)
	checkHeldBack(t, a, map[string]string{alert + " main": "", "LivechatRefreshFailing main": "inhibited"})
	told := to.webhooksOf(alert)[0]
	if told.Receiver != "operations-webhook" || told.Status != "firing" || len(told.Alerts) != 1 {
		t.Fatalf("got %+v", told)
	}
	description := regexp.MustCompile(`^main: calls that failed in the last 15 minutes: network \d+, see the exporter's log for the reason\.$`)
	if got := told.Alerts[0].Annotations["description"]; !description.MatchString(got) {
		t.Errorf("got the description %q", got)
	}
	if got, want := told.Alerts[0].Annotations["runbook_url"], runbookAddress+"#livechatworkspaceunreachable"; got != want {
		t.Errorf("leads to %s, want %s", got, want)
	}
	if n := to.told(); n != 1 {
		t.Errorf("told %d times, want once", n)
	}

	w.up(t)
	p.becomes(t, "livechat_up", 1)
	eventually(t, "it is told that it is over", func() error {
		calls := to.webhooksOf(alert)
		if last := calls[len(calls)-1]; last.Status != "resolved" {
			return fmt.Errorf("the last of %d calls says %s", len(calls), last.Status)
		}
		return nil
	})
}

// An exporter that ends is told for all workspaces of its job at once.
func TestExporterThatEndsIsTold(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	e := startExporter(t, configOfEverything(t, w, "6h", "24h"))
	to := startReceiver(t)
	a := startAlertmanager(t, to, alwaysOpen)
	p := startAlerting(t, t.TempDir(), shippedRules(t).within("3s"), a, scrapeAs("livechat", e.address, "main", "other"))
	p.becomes(t, "livechat_up", 1)

	e.stop(t)
	waitForWebhook(t, to, "LivechatExporterDown")
	eventually(t, "both are told", func() error {
		told := to.webhooksOf("LivechatExporterDown")
		if last := told[len(told)-1]; last.Status != "firing" || len(last.Alerts) != 2 {
			return errors.New("not yet")
		}
		return nil
	})
}
