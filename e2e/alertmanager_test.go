package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// alertmanager is an Alertmanager with the configuration that is shipped.
type alertmanager struct {
	*process

	address string
}

// businessHours are what a test puts in place of the shipped ones.
type businessHours string

const alwaysOpen businessHours = "sunday:saturday"

// closedToday are business hours that a test does not live to see.
func closedToday() businessHours {
	return businessHours(strings.ToLower(time.Now().AddDate(0, 0, 3).Weekday().String()))
}

// startAlertmanager starts Alertmanager with the shipped file, in which the addresses
// and credentials are the receiver's, business hours the test's, and the waiting times
// short. All else is as shipped.
func startAlertmanager(t *testing.T, to *receiver, open businessHours) *alertmanager {
	t.Helper()
	shipped, err := os.ReadFile(alertmanagerFile)
	if err != nil {
		t.Fatal(err)
	}
	config := string(shipped)
	for _, r := range [][2]string{
		{"https://chat.example.com", to.URL},
		{"https://alerts.example.com/livechat", to.URL + "/webhook"},
		{"/run/secrets/alertmanager_rocketchat_user_id", writeFile(t, "user_id", receiverUserID+"\n")},
		{"/run/secrets/alertmanager_rocketchat_token", writeFile(t, "token", receiverToken+"\n")},
		{"group_wait: 30s", "group_wait: 300ms"},
		{"group_interval: 5m", "group_interval: 200ms"},
		{"monday:friday", string(open)},
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
		"--cluster.listen-address=", // Alone.
	)}
	a.address = a.process.address(t)
	eventually(t, "Alertmanager is ready", func() error {
		status, body, err := get(t.Context(), http.DefaultClient, "http://"+a.address+"/-/ready")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", status, body)
		}
		return err
	})
	return a
}

// sentAlert is an alert as Prometheus sends it.
type sentAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	EndsAt      time.Time         `json:"endsAt,omitzero"`
}

// shippedAlert is a shipped alert that fires, with further labels, names and values in
// turn. Where its texts are templates they stand as they are.
func shippedAlert(t *testing.T, name string, labels ...string) sentAlert {
	t.Helper()
	for _, r := range shippedRules(t).alerts() {
		if r.Alert != name {
			continue
		}
		a := sentAlert{Labels: map[string]string{"alertname": name, "job": "livechat"}, Annotations: r.Annotations}
		maps.Copy(a.Labels, r.Labels)
		for pair := range slices.Chunk(labels, 2) {
			a.Labels[pair[0]] = pair[1]
		}
		return a
	}
	t.Fatalf("no alert %s is shipped", name)
	return sentAlert{}
}

// resolved is the alert when it is over.
func (a sentAlert) resolved() sentAlert {
	a.EndsAt = time.Now()
	return a
}

// send sends alerts as Prometheus does.
func (a *alertmanager) send(t *testing.T, alerts ...sentAlert) {
	t.Helper()
	body, err := json.Marshal(alerts)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.address+"/api/v2/alerts", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("send alerts: status %d, error %v; body:\n%s", resp.StatusCode, err, answer)
	}
}

// heldBack says of each alert that Alertmanager has in a group, in short as written
// does, why it is not told: "inhibited", "muted", or "" if it is.
func (a *alertmanager) heldBack(t *testing.T) map[string]string {
	t.Helper()
	status, body, err := get(t.Context(), http.DefaultClient, "http://"+a.address+"/api/v2/alerts/groups")
	var groups []struct {
		Alerts []struct {
			Labels map[string]string
			Status struct{ InhibitedBy, MutedBy []string }
		}
	}
	if err == nil {
		err = json.Unmarshal([]byte(body), &groups)
	}
	if err != nil || status != http.StatusOK {
		t.Fatalf("alerts: status %d, error %v; body:\n%s", status, err, body)
	}
	held := make(map[string]string)
	for _, group := range groups {
		for _, alert := range group.Alerts {
			why := ""
			switch {
			case len(alert.Status.InhibitedBy) > 0:
				why = "inhibited"
			case len(alert.Status.MutedBy) > 0:
				why = "muted"
			}
			held[written(alert.Labels)] = why
		}
	}
	return held
}

// written is an alert in short: its name, then instance and department if it has them.
func written(labels map[string]string) string {
	words := []string{labels["alertname"], labels["instance"], labels["department_id"]}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}
