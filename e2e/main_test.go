// Package e2e holds the end-to-end tests. They run the built exporter between a
// simulated workspace (package rocketchattest on a socket) and a real Prometheus and
// Alertmanager, and check what users see: flags, HTTP answers, the log, what Prometheus
// stores and what Alertmanager sends. Except for the simulated hours in
// counter_test.go they import no part of the exporter.
//
// A test starts what it needs on free ports of 127.0.0.1 and waits for conditions, not
// for time: the only deadlines are there to end a test that hangs.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// version is what the exporter under test was built as.
const version = "1.2.3-e2e"

// programs are the paths of the programs that the tests run.
var programs struct {
	exporter, prometheus, promtool, alertmanager, amtool string
}

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	folder, err := os.MkdirTemp("", "livechat_exporter-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if err := prepare(context.Background(), folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// prepare builds the exporter like a release. "make e2e" has built the other programs.
func prepare(ctx context.Context, folder string) error {
	programs.exporter = filepath.Join(folder, "livechat_exporter")
	for name, program := range map[string]*string{
		"prometheus": &programs.prometheus, "promtool": &programs.promtool,
		"alertmanager": &programs.alertmanager, "amtool": &programs.amtool,
	} {
		*program = filepath.Join("..", ".bin", name)
		if _, err := os.Stat(*program); err != nil {
			return fmt.Errorf("run \"make tools\" before: %w", err)
		}
	}
	return build(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-X github.com/prometheus/common/version.Version="+version,
		"-o", programs.exporter, "..")
}

func build(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return nil
}

// runTool runs a program to its end and returns what it printed. Many of these
// programs run at once, so each is limited to one core and to little garbage collection.
func runTool(t *testing.T, program string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = []string{"GOMAXPROCS=1", "GOGC=800"}
	printed, err := cmd.CombinedOutput()
	return string(printed), err
}

// patience is how long a test waits for a condition before it is taken to hang.
const patience = 3 * time.Minute

// eventually polls the condition until it returns no error.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: not after %s: %v", what, patience, err)
		}
	}
}

// waitFor waits until a channel is closed.
func waitFor(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		t.Fatalf("%s: not after %s", what, patience)
	}
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

// writeJSON writes a value as JSON, which is YAML as well.
func writeJSON(t *testing.T, name string, value any) string {
	t.Helper()
	return writeFile(t, name, toJSON(t, value))
}

func toJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readFile reads a file of the repository.
func readFile(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// get requests a page. Headers are pairs of name and value.
func get(ctx context.Context, client *http.Client, url string, headers ...string) (status int, body string, err error) {
	return request(ctx, client, http.MethodGet, url, http.NoBody, headers...)
}

func request(ctx context.Context, client *http.Client, method, url string, content io.Reader, headers ...string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return 0, "", err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}
