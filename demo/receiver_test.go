package main

import (
	"net/http"
	"strings"
	"testing"
)

// post sends a notification as Alertmanager does, and returns the status.
func post(t *testing.T, url, token, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-User-Id", receiverUserID)
	request.Header.Set("X-Auth-Token", token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

const (
	aMessage = `{"channel":"#shift-leads","attachments":[{"title":"Resolved: Visitors went silent.","text":"Resolved: Billing on main:\n18 chats.\n"}]}`
	aWebhook = `{"status":"firing","groupLabels":{"alertname":"LivechatX"},"commonAnnotations":{"summary":"Much is broken."},
		"alerts":[{"status":"firing","annotations":{"description":"main:  one."}},{"status":"resolved","annotations":{"description":"other: two."}}]}`
)

func TestNotificationsArePrintedInALine(t *testing.T) {
	t.Parallel()
	var out output
	r, err := startReceiver(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	const messages = "/api/v1/chat.postMessage"
	if got := post(t, r.url()+messages, receiverToken, aMessage); got != http.StatusOK || out.String() != "" {
		t.Errorf("status %d, want 200; before it is to begin the receiver prints %q", got, &out)
	}
	r.begin()
	if got := post(t, r.url()+webhookPath, "", aWebhook); got != http.StatusOK {
		t.Errorf("status %d, want 200", got)
	}
	for name, tt := range map[string]struct {
		path, token, body string
		status            int
	}{
		"another token":      {messages, "x", aMessage, http.StatusUnauthorized},
		"no message":         {messages, receiverToken, "{", http.StatusBadRequest},
		"too long a webhook": {webhookPath, "", `{"status":"` + strings.Repeat("x", maxNotification) + `"}`, http.StatusBadRequest},
		"another address":    {"/x", receiverToken, aMessage, http.StatusNotFound},
	} {
		if got := post(t, r.url()+tt.path, tt.token, tt.body); got != tt.status {
			t.Errorf("%s: status %d, want %d", name, got, tt.status)
		}
	}
	want := []string{
		"  Rocket.Chat #shift-leads: Resolved: Visitors went silent. Resolved: Billing on main: 18 chats.",
		"  Webhook, firing: LivechatX. Much is broken. main: one. Resolved: other: two.",
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("printed:\n%s\nwant %d lines", &out, len(want))
	}
	for i, line := range lines {
		if at := len("15:04:05"); len(line) < at || line[at:] != want[i] {
			t.Errorf("printed %q, want a time and %q", line, want[i])
		}
	}
}
