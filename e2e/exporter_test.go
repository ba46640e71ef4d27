package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// exporter is the built exporter as a process.
type exporter struct {
	*process

	address    string
	configFile string
}

// startExporter starts the exporter with a configuration on a free port, and waits
// until it is ready. More flags may follow.
func startExporter(t *testing.T, config string, flags ...string) *exporter {
	t.Helper()
	file := writeFile(t, "config.yml", config)
	args := append([]string{"--config.file=" + file, "--web.listen-address=127.0.0.1:0"}, flags...)
	e := &exporter{process: start(t, programs.exporter, args...), configFile: file}
	e.address = e.process.address(t)
	return e
}

// abandonedRoomsAlone are the keys of a configuration that asks for nothing but the
// abandoned rooms of each window, and as often as it is scraped.
const abandonedRoomsAlone = `rooms: false
counter: false
departments: false
` + noLimit

const noLimit = "rate_limit: {calls: 0}\n"

// config is a configuration for a workspace with the right credentials, which asks for
// abandoned rooms alone.
func config(t *testing.T, w *workspace, windows ...string) string {
	t.Helper()
	return configWithToken(t, w, rocketchattest.AuthToken, windows...)
}

// configOfEverything is config that asks for all that there is.
func configOfEverything(t *testing.T, w *workspace, windows ...string) string {
	t.Helper()
	return strings.Replace(config(t, w, windows...), abandonedRoomsAlone, "rate_limit: {calls: 0}\n", 1)
}

func configWithToken(t *testing.T, w *workspace, token string, windows ...string) string {
	t.Helper()
	return fmt.Sprintf(`workspaces:
  main:
    url: %s
    user_id: %s
    auth_token_file: %s
windows: [%s]
`+abandonedRoomsAlone, w.url(), rocketchattest.UserID, writeFile(t, "token", token+"\n"), strings.Join(windows, ", "))
}

// writeFile writes a file into a temporary folder of its own.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// writeJSON writes a value, as JSON is YAML, into a temporary folder of its own.
func writeJSON(t *testing.T, name string, value any) string {
	t.Helper()
	return writeFile(t, name, inJSON(t, value))
}

func inJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// page is the exporter's page of metrics in the text format.
func (e *exporter) page(t *testing.T) string {
	t.Helper()
	status, body, err := get(t.Context(), http.DefaultClient, "http://"+e.address+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if status != http.StatusOK {
		t.Fatalf("/metrics: got status %d, want 200; body:\n%s", status, body)
	}
	return body
}

// get asks for a page.
func get(ctx context.Context, client *http.Client, url string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	return send(client, req)
}

// send sends a request.
func send(client *http.Client, req *http.Request) (status int, body string, err error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content), err
}
