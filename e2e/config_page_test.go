package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The page of the running configuration is a configuration file, and tells no secret,
// wherever that comes from.
func TestTheRunningConfigurationWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	w := startWorkspace(t, rocketchattest.Latest)
	const token, password, variable = "t0ken-t0ken-t0ken-t0ken", "passw0rd-passw0rd", "v4riable-v4riable-v4riable"
	file := writeFile(t, "config.yml", fmt.Sprintf(`workspaces:
  a: {url: %[1]q, user_id: %[2]s, auth_token: %[3]s}
  b: {url: %[1]q, username: exporter, password: %[4]s, windows: [7d]}
  c: {url: %[1]q, user_id: %[2]s, auth_token: "${TOKEN}"}
windows: [24h, today]
rate_limit: {calls: 0}
`, w.url(), rocketchattest.UserID, token, password))
	e := &exporter{process: startIn(t, []string{"TOKEN=" + variable}, programs.exporter, "--config.file="+file, "--web.listen-address=127.0.0.1:0")}
	e.address = e.process.address(t)

	status, page, err := get(t.Context(), http.DefaultClient, "http://"+e.address+"/config")
	if err != nil || status != http.StatusOK || strings.Count(page, "<secret>") < 3 {
		t.Errorf("got status %d, error %v and\n%s\nwant three secrets that are hidden", status, err, page)
	}
	for _, want := range []string{"24h", "today", "7d", w.url()[:len(w.url())-1]} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not on the page:\n%s", want, page)
		}
	}
	for _, secret := range []string{token, password, variable} {
		if strings.Contains(page+e.stderr.String(), secret) {
			t.Errorf("%s is on the page or in the log", secret)
		}
	}

	// It is read as it is shown.
	again := startExporter(t, page)
	if _, shown, err := get(t.Context(), http.DefaultClient, "http://"+again.address+"/config"); err != nil || shown != page {
		t.Errorf("read again it shows, with error %v,\n%s\nand not\n%s", err, shown, page)
	}
}
