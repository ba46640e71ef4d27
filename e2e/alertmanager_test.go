package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var alertmanagerFile = filepath.Join("..", "alerts", "alertmanager.yml")

func TestAlertmanagerConfigIsValid(t *testing.T) {
	t.Parallel()
	if output, err := runTool(t, programs.amtool, "check-config", alertmanagerFile); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// Every shipped alert has its receiver, and so have alerts of other programs.
func TestAlertsAreRouted(t *testing.T) {
	t.Parallel()
	receivers := map[string]string{
		"LivechatAbandonmentSpike":            "shift-rocketchat",
		"LivechatAbandonmentSpikeWorkspace":   "shift-rocketchat",
		"LivechatAbandonmentRise":             "shift-rocketchat",
		"LivechatAbandonmentFlood":            "shift-rocketchat",
		"LivechatAbandonmentShareAboveTarget": "shift-rocketchat",
		"LivechatAbandonmentStuckAtZero":      "operations-rocketchat",
		"LivechatUnassignedAbandonments":      "shift-rocketchat",
		"LivechatExporterDown":                "operations-webhook",
		"LivechatWorkspaceUnreachable":        "operations-webhook",
		"LivechatRefreshFailing":              "operations-rocketchat",
		"LivechatDataStale":                   "operations-rocketchat",
		"LivechatAccessDenied":                "operations-webhook",
		"LivechatRateLimited":                 "operations-rocketchat",
		"LivechatScrapeSlow":                  "operations-rocketchat",
		"LivechatWindowMissing":               "operations-rocketchat",
		"LivechatIncomplete":                  "operations-rocketchat",
		"LivechatConfigReloadFailed":          "operations-rocketchat",
	}
	alerts := append(shippedRules(t).alerts(), rule{Alert: "HostDown", Labels: map[string]string{"severity": "warning"}})
	if len(alerts) != len(receivers)+1 {
		t.Errorf("got %d alerts and %d receivers", len(alerts)-1, len(receivers))
	}
	receivers["HostDown"] = "operations-webhook"
	if output, err := runTool(t, programs.amtool, "config", "routes", "test", "--config.file="+alertmanagerFile, "--verify.receivers=sales-rocketchat",
		"alertname=LivechatAbandonmentSpike", "job=livechat", "instance=main", "severity=warning", "audience=shift", "department_id=GgYvrkAF63aeQmsh4"); err != nil {
		t.Errorf("a department with a channel of its own: got %s", strings.TrimSpace(output))
	}
	for _, r := range alerts {
		output, err := runTool(t, programs.amtool, "config", "routes", "test", "--config.file="+alertmanagerFile, "--verify.receivers="+receivers[r.Alert],
			"alertname="+r.Alert, "job=livechat", "instance=main", "severity="+r.Labels["severity"], "audience="+r.Labels["audience"])
		if err != nil {
			t.Errorf("%s: got %s, want %s", r.Alert, strings.TrimSpace(output), receivers[r.Alert])
		}
	}
}

// Alerts that another one explains are suppressed, and no others.
func TestInhibition(t *testing.T) {
	t.Parallel()
	a := startAlertmanager(t, startReceiver(t), alwaysOpen)
	for name, test := range map[string]struct{ notified, suppressed []sentAlert }{
		"exporter down": {
			notified: []sentAlert{shippedAlert(t, "LivechatExporterDown", "instance", "main")},
			suppressed: []sentAlert{
				shippedAlert(t, "LivechatWorkspaceUnreachable", "instance", "main"),
				shippedAlert(t, "LivechatDataStale", "instance", "main", "resource", "rooms", "window", "6h"),
				shippedAlert(t, "LivechatAbandonmentSpikeWorkspace", "instance", "main"),
			},
		},
		"job without targets": {
			notified: []sentAlert{
				shippedAlert(t, "LivechatExporterDown", "job", "a"),
				shippedAlert(t, "LivechatAbandonmentSpike", "job", "b", "instance", "b1", "department_id", "sales"),
			},
			suppressed: []sentAlert{shippedAlert(t, "LivechatAbandonmentSpike", "job", "a", "instance", "a1", "department_id", "sales")},
		},
		"workspace unreachable": {
			notified: []sentAlert{
				shippedAlert(t, "LivechatWorkspaceUnreachable", "instance", "c"),
				shippedAlert(t, "LivechatRefreshFailing", "instance", "d", "resource", "departments"),
			},
			suppressed: []sentAlert{
				shippedAlert(t, "LivechatRefreshFailing", "instance", "c", "resource", "departments"),
				shippedAlert(t, "LivechatAbandonmentSpike", "instance", "c", "department_id", "sales"),
			},
		},
		"access denied": {
			notified: []sentAlert{shippedAlert(t, "LivechatAccessDenied", "instance", "g")},
			suppressed: []sentAlert{
				shippedAlert(t, "LivechatWorkspaceUnreachable", "instance", "g"),
				shippedAlert(t, "LivechatRefreshFailing", "instance", "g", "resource", "departments"),
			},
		},
		"all departments of a workspace": {
			notified: []sentAlert{
				shippedAlert(t, "LivechatAbandonmentSpikeWorkspace", "instance", "e"),
				shippedAlert(t, "LivechatAbandonmentSpike", "instance", "f", "department_id", "sales"),
			},
			suppressed: []sentAlert{
				shippedAlert(t, "LivechatAbandonmentSpike", "instance", "e", "department_id", "sales"),
				shippedAlert(t, "LivechatAbandonmentRise", "instance", "e", "department_id", "support"),
				shippedAlert(t, "LivechatAbandonmentFlood", "instance", "f", "department_id", "sales"),
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a.send(t, append(slices.Clone(test.notified), test.suppressed...)...)
			for _, alert := range test.notified {
				a.waitForState(t, alert, "")
			}
			for _, alert := range test.suppressed {
				a.waitForState(t, alert, "inhibited")
			}
		})
	}
}

// Outside of business hours only what cannot wait is sent, and what is for the shift.
func TestBusinessHours(t *testing.T) {
	t.Parallel()
	closedDay := strings.ToLower(time.Now().AddDate(0, 0, 3).Weekday().String())
	for _, test := range []struct {
		days, state string
		operations  int
	}{{alwaysOpen, "", 1}, {closedDay, "muted", 0}} {
		t.Run(test.days, func(t *testing.T) {
			t.Parallel()
			to := startReceiver(t)
			a := startAlertmanager(t, to, test.days)
			canWait := shippedAlert(t, "LivechatRateLimited", "instance", "main", "route", "department")
			a.send(t, canWait, shippedAlert(t, "LivechatAccessDenied", "instance", "main", "route", "department"),
				shippedAlert(t, "LivechatAbandonmentSpike", "instance", "main", "department_id", "sales"))
			a.waitForState(t, canWait, test.state)
			eventually(t, "the notifications", func() error {
				if n := to.notifications(); n < 2+test.operations {
					return fmt.Errorf("got %d", n)
				}
				return nil
			})
			shift, operations, all := len(to.messagesIn("#shift-leads")), len(to.messagesIn("#operations")), to.notifications()
			if shift != 1 || operations != test.operations || all != 2+test.operations {
				t.Errorf("got %d for the shift and %d for operations of %d, want 1 and %d of %d", shift, operations, all, test.operations, 2+test.operations)
			}
		})
	}
}

// alertmanager is an Alertmanager with the shipped configuration.
type alertmanager struct {
	*process

	address string
}

const alwaysOpen = "sunday:saturday"

// startAlertmanager starts Alertmanager with the shipped file. Addresses and credentials
// are the receiver's, and waiting times short.
func startAlertmanager(t *testing.T, to *receiver, businessDays string) *alertmanager {
	t.Helper()
	config := readFile(t, "alerts", "alertmanager.yml")
	for _, r := range [][2]string{
		{"https://chat.example.com", to.URL},
		{"https://alerts.example.com/livechat", to.URL + "/webhook"},
		{"/run/secrets/alertmanager_rocketchat_user_id", writeFile(t, "user_id", receiverUserID+"\n")},
		{"/run/secrets/alertmanager_rocketchat_token", writeFile(t, "token", receiverToken+"\n")},
		{"group_wait: 30s", "group_wait: 300ms"},
		{"group_interval: 5m", "group_interval: 2s"},
		{"monday:friday", businessDays},
		{"{start_time: '08:00', end_time: '18:00'}", "{start_time: '00:00', end_time: '24:00'}"},
	} {
		if !strings.Contains(config, r[0]) {
			t.Fatalf("alertmanager.yml: no %q", r[0])
		}
		config = strings.ReplaceAll(config, r[0], r[1])
	}
	a := &alertmanager{process: start(
		t, programs.alertmanager,
		"--config.file="+writeFile(t, "alertmanager.yml", config),
		"--storage.path="+t.TempDir(),
		"--web.listen-address=127.0.0.1:0",
		"--cluster.listen-address=", // No cluster.
	)}
	a.address = a.process.address(t)
	waitUntilReady(t, "http://"+a.address)
	return a
}

// sentAlert is an alert as Prometheus sends it.
type sentAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// shippedAlert is a shipped alert with more labels, given as pairs of name and value.
func shippedAlert(t *testing.T, name string, labels ...string) sentAlert {
	t.Helper()
	r := shippedRules(t).named(t, name)
	a := sentAlert{Labels: map[string]string{"alertname": name, "job": "livechat"}, Annotations: r.Annotations}
	maps.Copy(a.Labels, r.Labels)
	for pair := range slices.Chunk(labels, 2) {
		a.Labels[pair[0]] = pair[1]
	}
	return a
}

// send sends alerts as Prometheus does.
func (a *alertmanager) send(t *testing.T, alerts ...sentAlert) {
	t.Helper()
	status, body, err := request(t.Context(), http.DefaultClient, http.MethodPost, "http://"+a.address+"/api/v2/alerts",
		strings.NewReader(toJSON(t, alerts)), "Content-Type", "application/json")
	if err != nil || status != http.StatusOK {
		t.Fatalf("send alerts: status %d, error %v; body:\n%s", status, err, body)
	}
}

// waitForState waits until an alert is in a group and is "inhibited", "muted" or, with
// "", neither.
func (a *alertmanager) waitForState(t *testing.T, alert sentAlert, want string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%v is %q", alert.Labels, want), func() error {
		status, body, err := get(t.Context(), http.DefaultClient, "http://"+a.address+"/api/v2/alerts/groups")
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("status %d, error %w", status, err)
		}
		var groups []struct {
			Alerts []struct {
				Labels map[string]string
				Status struct{ InhibitedBy, MutedBy []string }
			}
		}
		if err := json.Unmarshal([]byte(body), &groups); err != nil {
			return err
		}
		for _, group := range groups {
			for _, got := range group.Alerts {
				state := ""
				if len(got.Status.InhibitedBy) > 0 {
					state = "inhibited"
				} else if len(got.Status.MutedBy) > 0 {
					state = "muted"
				}
				if maps.Equal(got.Labels, alert.Labels) && state == want {
					return nil
				}
			}
		}
		return fmt.Errorf("got %+v", groups)
	})
}

// receiver gets what Alertmanager sends: it is Rocket.Chat's chat.postMessage and a
// webhook on one socket.
type receiver struct {
	*httptest.Server

	mu       sync.Mutex
	messages []message
	webhooks []webhook
}

type message struct {
	Channel     string
	Attachments []attachment
}

type attachment struct {
	Title     string
	TitleLink string `json:"title_link"`
	Text      string
	Color     string
}

// webhook is the body of a call of the webhook.
type webhook struct {
	Receiver, Status string
	GroupLabels      map[string]string
	Alerts           []struct{ Annotations map[string]string }
}

// The account that may write to the receiver's channels.
const (
	receiverUserID = "aLeRtMaNaGeR"
	receiverToken  = "r3c31v3r-r3c31v3r-r3c31v3r-r3c31v3r"
)

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		var err error
		switch {
		case req.URL.Path == "/webhook":
			var h webhook
			err = json.NewDecoder(req.Body).Decode(&h)
			r.webhooks = append(r.webhooks, h)
		case req.URL.Path == "/api/v1/chat.postMessage" && req.Header.Get("X-User-Id") == receiverUserID && req.Header.Get("X-Auth-Token") == receiverToken:
			var m message
			err = json.NewDecoder(req.Body).Decode(&m)
			r.messages = append(r.messages, m)
			fmt.Fprint(w, `{"success":true}`)
		default:
			t.Errorf("Alertmanager sent %s %s with the header %v", req.Method, req.URL, req.Header)
		}
		if err != nil {
			t.Errorf("%s: %v", req.URL, err)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// messagesIn are the attachments that were written to a channel so far.
func (r *receiver) messagesIn(channel string) []attachment {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []attachment
	for _, m := range r.messages {
		if m.Channel == channel {
			found = append(found, m.Attachments...)
		}
	}
	return found
}

// webhooksOf are the calls of the webhook about an alert so far.
func (r *receiver) webhooksOf(alert string) []webhook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.webhooks), func(h webhook) bool { return h.GroupLabels["alertname"] != alert })
}

// notifications is the number of messages and webhook calls so far.
func (r *receiver) notifications() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.messages) + len(r.webhooks)
}
