package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The configurations that are shipped for deployment serve as they are, but for where
// the workspace is and where a runtime puts the secrets.
func TestShippedConfigurationsServe(t *testing.T) {
	t.Parallel()
	for folder, secrets := range map[string]string{
		"compose":                  "/run/secrets",
		"kubernetes/one-workspace": "/run/secrets/livechat_exporter",
		"systemd":                  "${CREDENTIALS_DIRECTORY}",
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			w := startWorkspace(t, rocketchattest.Latest)
			shipped, err := os.ReadFile(filepath.Join("..", "deploy", filepath.FromSlash(folder), "config.yml"))
			if err != nil {
				t.Fatal(err)
			}
			here := t.TempDir()
			for name, value := range map[string]string{"user_id": rocketchattest.UserID, "auth_token": rocketchattest.AuthToken} {
				for _, file := range []string{name, "rocketchat_" + name} {
					if err = os.WriteFile(filepath.Join(here, file), []byte(value+"\n"), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			local := strings.NewReplacer("https://chat.example.com", w.url(), secrets+"/", here+"/").Replace(string(shipped))
			p := startIn(t, []string{"ROCKETCHAT_URL=" + w.url(), "ROCKETCHAT_USER_ID=" + rocketchattest.UserID},
				programs.exporter, "--config.file="+writeFile(t, "config.yml", local), "--web.listen-address=127.0.0.1:0")
			status, page, err := get(t.Context(), http.DefaultClient, "http://"+p.address(t)+"/metrics")
			if err != nil || status != http.StatusOK || !strings.Contains(page, "\nlivechat_up 1\n") {
				t.Errorf("status %d, error %v:\n%s", status, err, page)
			}
			// The rules and dashboards read these.
			for _, window := range []string{"6h", "24h", "7d", "today"} {
				if !strings.Contains(page, `livechat_refresh_success{resource="abandoned_rooms",window="`+window+`"} 1`) {
					t.Errorf("no window %s:\n%s", window, page)
				}
			}
		})
	}
}

func TestShippedConfigurationOfPrometheusIsValid(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "deploy", "compose", "prometheus.yml")
	if output, err := exec.CommandContext(t.Context(), programs.promtool, "check", "config", file).CombinedOutput(); err != nil {
		t.Errorf("promtool check config: %v\n%s", err, output)
	}
}
