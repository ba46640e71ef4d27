package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// A workspace that goes away sets off more than one alert; told is only the one that
// explains the others, with what became of the calls, and that it is over.
func TestUnreachableWorkspaceIsToldAlone(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	w.AddRooms(history(12, time.Now(), departments(3))...)
	w.down(t)
	e := startExporter(t, config(t, w, "6h", "24h"))
	to := startReceiver(t)
	a := startAlertmanager(t, to, alwaysOpen)
	p := startAlerting(t, shippedRules(t).within("3s"), a, scrapeAs("livechat", e.address, "main"))

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
	e := startExporter(t, config(t, w, "6h", "24h"))
	to := startReceiver(t)
	a := startAlertmanager(t, to, alwaysOpen)
	p := startAlerting(t, shippedRules(t).within("3s"), a, scrapeAs("livechat", e.address, "main", "other"))
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
