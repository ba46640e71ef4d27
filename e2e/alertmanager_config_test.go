package e2e

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var alertmanagerFile = filepath.Join(alertsFolder, "alertmanager.yml")

func TestAlertmanagerConfigIsValid(t *testing.T) {
	t.Parallel()
	output, err := runTool(t, programs.amtool, "check-config", alertmanagerFile)
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// The receivers of the alerts that are shipped, and of what else may come.
func TestAlertsReachWhomTheyConcern(t *testing.T) {
	t.Parallel()
	receivers := map[string]string{
		"LivechatAbandonmentSpike":          "shift-rocketchat",
		"LivechatAbandonmentSpikeColdStart": "shift-rocketchat",
		"LivechatAbandonmentRateHigh":       "shift-rocketchat",
		"LivechatAbandonmentRateCritical":   "shift-rocketchat-and-webhook",
		"LivechatAbandonmentStuckAtZero":    "operations-rocketchat",
		"LivechatUnassignedAbandonments":    "shift-rocketchat",
		"LivechatExporterDown":              "operations-webhook",
		"LivechatWorkspaceUnreachable":      "operations-webhook",
		"LivechatRefreshFailing":            "operations-rocketchat",
		"LivechatDataStale":                 "operations-rocketchat",
		"LivechatAccessDenied":              "operations-webhook",
		"LivechatRateLimited":               "operations-rocketchat",
		"LivechatWindowMissing":             "operations-rocketchat",
		"LivechatIncomplete":                "operations-rocketchat",
		"LivechatConfigReloadFailed":        "operations-rocketchat",
	}
	for _, r := range shippedRules(t).alerts() {
		want, ok := receivers[r.Alert]
		if !ok {
			t.Errorf("%s: no receiver is expected", r.Alert)
		}
		checkReceiver(t, want, map[string]string{
			"alertname": r.Alert, "job": "livechat", "instance": "main",
			"severity": r.Labels["severity"], "audience": r.Labels["audience"],
		})
		delete(receivers, r.Alert)
	}
	if len(receivers) > 0 {
		t.Errorf("alerts that are not there: %q", slices.Sorted(maps.Keys(receivers)))
	}
	checkReceiver(t, "operations-webhook", map[string]string{"alertname": "HostDown", "severity": "warning"})
}

func checkReceiver(t *testing.T, want string, labels map[string]string) {
	t.Helper()
	args := []string{"config", "routes", "test", "--config.file=" + alertmanagerFile, "--verify.receivers=" + want}
	for name, value := range labels {
		args = append(args, name+"="+value)
	}
	if output, err := runTool(t, programs.amtool, args...); err != nil {
		t.Errorf("%v: got %s, want %s", labels, strings.TrimSpace(output), want)
	}
}
