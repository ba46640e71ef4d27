package e2e

import (
	"errors"
	"fmt"
	"maps"
	"testing"
)

// What a shift lead and whoever is on call read, when it begins and when it is over.
func TestAlertIsWrittenIntoTheChannelAndRings(t *testing.T) {
	t.Parallel()
	to := startReceiver(t)
	a := startAlertmanager(t, to, closedToday())
	alert := shippedAlert(t, "LivechatAbandonmentRateCritical", "instance", "main", "department_id", "GgYvrk", "window", "6h")
	alert.Annotations = maps.Clone(alert.Annotations)
	alert.Annotations["description"] = "Sales & Leads on main: 20% of the chats opened in the last 6 hours are abandoned, which are 20."

	a.send(t, alert)
	waitForTold(t, to, "#shift-leads", alert.Labels["alertname"], 1)
	want := attachment{
		Title:     alert.Annotations["summary"],
		TitleLink: runbookAddress + "#livechatabandonmentratecritical",
		Text:      alert.Annotations["description"] + "\n",
		Color:     "red",
	}
	if got := to.messagesIn("#shift-leads")[0]; got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	rung := to.webhooksOf(alert.Labels["alertname"])[0]
	if rung.Status != "firing" || len(rung.Alerts) != 1 || !maps.Equal(rung.Alerts[0].Labels, alert.Labels) || !maps.Equal(rung.Alerts[0].Annotations, alert.Annotations) {
		t.Errorf("got %+v, want the alert", rung)
	}

	a.send(t, alert.resolved())
	waitForTold(t, to, "#shift-leads", alert.Labels["alertname"], 2)
	want.Title, want.Text, want.Color = "Resolved: "+want.Title, "Resolved: "+want.Text, "green"
	if got := to.messagesIn("#shift-leads")[1]; got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := to.webhooksOf(alert.Labels["alertname"])[1].Status; got != "resolved" {
		t.Errorf("the webhook was told %q, want resolved", got)
	}
}

// waitForTold waits for n messages in a channel and n calls of the webhook about an
// alert.
func waitForTold(t *testing.T, to *receiver, channel, alert string, n int) {
	t.Helper()
	eventually(t, "notifications", func() error {
		if messages, webhooks := len(to.messagesIn(channel)), len(to.webhooksOf(alert)); messages < n || webhooks < n {
			return fmt.Errorf("%d messages and %d calls of the webhook", messages, webhooks)
		}
		return nil
	})
}

// An exporter that is gone takes all its workspaces along: one message for all of
// them, and nothing else.
func TestExporterDownIsToldOnceAndAlone(t *testing.T) {
	t.Parallel()
	to := startReceiver(t)
	a := startAlertmanager(t, to, alwaysOpen)
	a.send(
		t,
		shippedAlert(t, "LivechatExporterDown", "instance", "main"),
		shippedAlert(t, "LivechatExporterDown", "instance", "other"),
	)
	waitForWebhook(t, to, "LivechatExporterDown")
	a.send(
		t,
		shippedAlert(t, "LivechatWorkspaceUnreachable", "instance", "main"),
		shippedAlert(t, "LivechatDataStale", "instance", "main", "resource", "rooms", "window", "6h"),
		shippedAlert(t, "LivechatAbandonmentRateCritical", "instance", "other", "department_id", "sales"),
	)
	checkHeldBack(t, a, map[string]string{
		"LivechatExporterDown main":                   "",
		"LivechatExporterDown other":                  "",
		"LivechatWorkspaceUnreachable main":           "inhibited",
		"LivechatDataStale main":                      "inhibited",
		"LivechatAbandonmentRateCritical other sales": "inhibited",
	})
	// When one that came later is told, these were held back.
	a.send(t, shippedAlert(t, "LivechatAccessDenied", "job", "another"))
	waitForWebhook(t, to, "LivechatAccessDenied")
	if got := to.webhooksOf("LivechatExporterDown"); len(got) != 1 || len(got[0].Alerts) != 2 || to.told() != 2 {
		t.Errorf("told %d times, got %+v, want one call with both workspaces", to.told(), got)
	}
}

// waitForWebhook waits for a call of the webhook about an alert.
func waitForWebhook(t *testing.T, to *receiver, alert string) {
	t.Helper()
	eventually(t, "the webhook is called about "+alert, func() error {
		if len(to.webhooksOf(alert)) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
}

// What inhibits what, and no further.
func TestInhibition(t *testing.T) {
	t.Parallel()
	to := startReceiver(t)
	a := startAlertmanager(t, to, alwaysOpen)
	for name, test := range map[string]struct {
		alerts []sentAlert
		want   map[string]string
	}{
		"a job without targets": {
			alerts: []sentAlert{
				shippedAlert(t, "LivechatExporterDown", "job", "a"),
				shippedAlert(t, "LivechatAbandonmentSpike", "job", "a", "instance", "a1", "department_id", "sales"),
				shippedAlert(t, "LivechatAbandonmentSpike", "job", "b", "instance", "b1", "department_id", "sales"),
			},
			want: map[string]string{
				"LivechatExporterDown":              "",
				"LivechatAbandonmentSpike a1 sales": "inhibited",
				"LivechatAbandonmentSpike b1 sales": "",
			},
		},
		"a workspace that is unreachable, and another": {
			alerts: []sentAlert{
				shippedAlert(t, "LivechatWorkspaceUnreachable", "instance", "c"),
				shippedAlert(t, "LivechatRefreshFailing", "instance", "c", "resource", "departments"),
				shippedAlert(t, "LivechatAccessDenied", "instance", "c", "route", "info"),
				shippedAlert(t, "LivechatAbandonmentSpike", "instance", "c", "department_id", "sales"),
				shippedAlert(t, "LivechatRefreshFailing", "instance", "d", "resource", "departments"),
			},
			want: map[string]string{
				"LivechatWorkspaceUnreachable c":   "",
				"LivechatRefreshFailing c":         "inhibited",
				"LivechatAccessDenied c":           "inhibited",
				"LivechatAbandonmentSpike c sales": "inhibited",
				"LivechatRefreshFailing d":         "",
			},
		},
		"critical and high": {
			alerts: []sentAlert{
				shippedAlert(t, "LivechatAbandonmentRateCritical", "instance", "e", "department_id", "sales"),
				shippedAlert(t, "LivechatAbandonmentRateHigh", "instance", "e", "department_id", "sales"),
				shippedAlert(t, "LivechatAbandonmentRateHigh", "instance", "e", "department_id", "support"),
				shippedAlert(t, "LivechatAbandonmentRateHigh", "instance", "f", "department_id", "sales"),
			},
			want: map[string]string{
				"LivechatAbandonmentRateCritical e sales": "",
				"LivechatAbandonmentRateHigh e sales":     "inhibited",
				"LivechatAbandonmentRateHigh e support":   "",
				"LivechatAbandonmentRateHigh f sales":     "",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a.send(t, test.alerts...)
			checkHeldBack(t, a, test.want)
		})
	}
}

// Outside of business hours nobody hears of what can wait; what cannot, and what
// concerns the shift, is told.
func TestBusinessHours(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		open businessHours
		held string
		told int
	}{
		"open":   {open: alwaysOpen, held: "", told: 3},
		"closed": {open: closedToday(), held: "muted", told: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := startReceiver(t)
			a := startAlertmanager(t, to, test.open)
			a.send(
				t,
				shippedAlert(t, "LivechatRateLimited", "instance", "main", "route", "department"),
				shippedAlert(t, "LivechatAccessDenied", "instance", "main", "route", "department"),
				shippedAlert(t, "LivechatAbandonmentSpike", "instance", "main", "department_id", "sales"),
			)
			eventually(t, "what is to be told is told, the rest is held back", func() error {
				if held := a.heldBack(t)["LivechatRateLimited main"]; held != test.held || to.told() < test.told {
					return fmt.Errorf("told %d times, the warning is held back as %q", to.told(), held)
				}
				return nil
			})
			if shift, operations := len(to.messagesIn("#shift-leads")), len(to.messagesIn("#operations")); shift != 1 || operations != test.told-2 || to.told() != test.told {
				t.Errorf("told the shift %d times and operations %d times, want 1 and %d", shift, operations, test.told-2)
			}
		})
	}
}

// checkHeldBack looks at those alerts that are in want.
func checkHeldBack(t *testing.T, a *alertmanager, want map[string]string) {
	t.Helper()
	eventually(t, "the alerts are there, and held back as they should", func() error {
		got := a.heldBack(t)
		for alert, why := range want {
			if held, ok := got[alert]; !ok || held != why {
				return fmt.Errorf("%s: there %v, held back as %q, want %q", alert, ok, held, why)
			}
		}
		return nil
	})
}
