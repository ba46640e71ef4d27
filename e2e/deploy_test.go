package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// The shipped configurations work unchanged, apart from the addresses of the workspaces
// and the folder of the secrets. They have the windows of the rules and the dashboards.
func TestShippedConfigurations(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file    string
		secrets string // The folder in the configuration.
	}{
		{"config.yml", ""},
		{"deploy/compose/exporter/config.yml", "/run/secrets"},
		{"deploy/systemd/config.yml", "${CREDENTIALS_DIRECTORY}"},
	} {
		file := test.file
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			ws := startWorkspace(t, rocketchattest.Latest)
			config := readFile(t, file)
			if test.secrets != "" {
				config = strings.NewReplacer("https://chat.example.com", ws.url(), test.secrets+"/", writeSecrets(t)+"/").Replace(config)
			}
			e := startExporterWith(t, []string{
				"ROCKETCHAT_URL=" + ws.url(), "ROCKETCHAT_USER_ID=" + rocketchattest.UserID, "ROCKETCHAT_AUTH_TOKEN=" + rocketchattest.AuthToken,
			}, writeFile(t, "config.yml", config))
			status, body, err := get(t.Context(), http.DefaultClient, e.url+"/metrics", longScrape...)
			if err != nil || status != http.StatusOK {
				t.Fatalf("status %d, error %v:\n%s", status, err, body)
			}
			page, err := parsePage(body)
			if err != nil {
				t.Fatal(err)
			}
			want := values{
				series("livechat_refresh_success", "resource", "abandonments", "window", "month"): 1,
				series("livechat_refresh_success", "resource", "departments", "window", ""):       1,
				series("livechat_refresh_success", "resource", "chats_waiting", "window", ""):     1,
				series("livechat_refresh_success", "resource", "agents", "window", ""):            1,
			}
			for _, window := range []string{"6h", "24h", "7d", "today"} {
				want[refresh("success", window)] = 1
				want[series("livechat_refresh_success", "resource", "rooms", "window", window)] = 1
			}
			if d := diff(page.metric("livechat_refresh_success"), want); d != "" || page["livechat_up"] != 1 {
				t.Errorf("livechat_up is %v; resources:\n%s", page["livechat_up"], d)
			}
		})
	}
}

// writeSecrets writes the credentials under every name that the configurations have.
func writeSecrets(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for key, value := range map[string]string{"user_id": rocketchattest.UserID, "auth_token": rocketchattest.AuthToken} {
		for _, prefix := range []string{"", "rocketchat_"} {
			if err := os.WriteFile(filepath.Join(folder, prefix+key), []byte(value+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

func TestShippedConfigurationOfPrometheus(t *testing.T) {
	t.Parallel()
	if output, err := runTool(t, programs.promtool, "check", "config", filepath.Join("..", "deploy", "compose", "prometheus", "prometheus.yml")); err != nil {
		t.Errorf("promtool check config: %v\n%s", err, output)
	}
}

// The demo of "make demo" prints its addresses and the message of an alert that names
// the department. An interrupt ends all of its programs and removes its files.
func TestDemo(t *testing.T) {
	t.Parallel()
	temporary := t.TempDir()
	program := filepath.Join(t.TempDir(), "demo")
	if err := build(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "livechat_exporter/demo"); err != nil {
		t.Fatal(err)
	}
	d := startWith(
		t, append(os.Environ(), "TMPDIR="+temporary), program, // It builds the exporter, which needs the environment.
		"--stack="+filepath.Dir(programs.prometheus), "--spike-after=5s",
		"--workspace.listen-address=127.0.0.1:0", "--exporter.listen-address=127.0.0.1:0",
		"--prometheus.listen-address=127.0.0.1:0", "--alertmanager.listen-address=127.0.0.1:0",
	)
	prints := func(pattern string) string {
		t.Helper()
		return d.waitForOutput(t, &d.stdout, regexp.MustCompile(pattern))[1]
	}
	prints(`(Ctrl-C)`)
	var addresses []string
	for _, program := range []string{"Rocket.Chat, simulated", "livechat_exporter", "Prometheus", "Alertmanager"} {
		addresses = append(addresses, prints(`(?m)^`+program+`.* http://(\S+)`))
	}
	prints(`(#shift-leads: .*\n?.*Account and Login on main: \d+ )`)

	// The exporter's counter continues where the generated past ends.
	p := &prometheus{process: d, url: "http://" + addresses[2]}
	for query, want := range map[string]int{
		"resets(livechat_department_abandonments_total[2h]) == 0":                                                         10,
		"last_over_time(instance_department:livechat_department_abandonments:increase1h[35m] offset 3w)":                  10,
		"count by (department_id) (count_over_time(livechat_department_info[2h])) == 1":                                   10,
		"livechat_department_abandonments_total - last_over_time(livechat_department_abandonments_total[35m] offset 10m)": 10,
	} {
		if got := p.now(t, query); len(got) != want {
			t.Errorf("%s has %d series, want %d: %v", query, len(got), want, got)
		}
	}

	d.signal(t, syscall.SIGINT)
	d.wantExit(t, 0)
	if d.stderr.String() != "" {
		t.Errorf("got the errors\n%s", d.stderr.String())
	}
	for _, address := range addresses {
		waitUntilClosed(t, address)
	}
	if left, err := filepath.Glob(filepath.Join(temporary, "livechat_exporter-demo-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
