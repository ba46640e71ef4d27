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
// the workspaces are and where a runtime puts the secrets.
func TestShippedConfigurationsServe(t *testing.T) {
	t.Parallel()
	for folder, tt := range map[string]struct {
		secrets string   // the folder of a runtime
		pages   []string // one for each workspace
	}{
		"compose":                       {"/run/secrets", []string{"/metrics"}},
		"kubernetes/one-workspace":      {"/run/secrets/livechat_exporter", []string{"/metrics"}},
		"kubernetes/several-workspaces": {"/run/secrets/livechat_exporter", []string{"/probe?target=support", "/probe?target=shop"}},
		"systemd":                       {"${CREDENTIALS_DIRECTORY}", []string{"/metrics"}},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			first, second := startWorkspace(t, rocketchattest.Latest), startWorkspace(t, rocketchattest.Latest)
			shipped, err := os.ReadFile(filepath.Join("..", "deploy", filepath.FromSlash(folder), "config.yml"))
			if err != nil {
				t.Fatal(err)
			}
			local := strings.NewReplacer(
				"https://chat.example.com", first.url(), "https://chat.example.org", second.url(), tt.secrets+"/", writeSecrets(t)+"/",
			).Replace(string(shipped))
			p := startIn(t, []string{"ROCKETCHAT_URL=" + first.url(), "ROCKETCHAT_USER_ID=" + rocketchattest.UserID},
				programs.exporter, "--config.file="+writeFile(t, "config.yml", local), "--web.listen-address=127.0.0.1:0")
			for _, path := range tt.pages {
				status, page, err := get(t.Context(), http.DefaultClient, "http://"+p.address(t)+path)
				if err != nil || status != http.StatusOK || !strings.Contains(page, "\nlivechat_up 1\n") {
					t.Errorf("%s: status %d, error %v:\n%s", path, status, err, page)
				}
				// The rules and dashboards read these.
				for _, window := range []string{"6h", "24h", "7d", "today"} {
					if !strings.Contains(page, `livechat_refresh_success{resource="abandoned_rooms",window="`+window+`"} 1`) {
						t.Errorf("%s has no window %s:\n%s", path, window, page)
					}
				}
			}
		})
	}
}

// writeSecrets writes the right credentials into a folder, by every name that a
// deployment has for them, and returns the folder.
func writeSecrets(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for key, value := range map[string]string{"user_id": rocketchattest.UserID, "auth_token": rocketchattest.AuthToken} {
		for _, before := range []string{"", "rocketchat_", "support_", "shop_"} {
			if err := os.WriteFile(filepath.Join(folder, before+key), []byte(value+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

func TestShippedConfigurationOfPrometheusIsValid(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "deploy", "compose", "prometheus.yml")
	if output, err := exec.CommandContext(t.Context(), programs.promtool, "check", "config", file).CombinedOutput(); err != nil {
		t.Errorf("promtool check config: %v\n%s", err, output)
	}
}
