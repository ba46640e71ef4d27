package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// historyEnd is when the history of the command tools/history ends.
var historyEnd = time.Date(2026, time.March, 18, 14, 30, 0, 0, time.UTC)

// startHistory starts a Prometheus that holds weeks of two simulated workspaces.
func startHistory(t *testing.T) *prometheus {
	t.Helper()
	folder := t.TempDir()
	text, storage := filepath.Join(folder, "history.txt"), filepath.Join(folder, "data")
	out, err := os.Create(text)
	if err != nil {
		t.Fatal(err)
	}
	run := func(cmd *exec.Cmd) {
		t.Helper()
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v", cmd.Args, err)
		}
	}
	history := goRun(t.Context(), "livechat_exporter/tools/history", "-end="+historyEnd.Format(time.RFC3339))
	history.Stdout = out
	run(history)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	run(exec.CommandContext(t.Context(), programs.promtool,
		"tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=720h", "--quiet", text, storage))
	return startPrometheusOn(t, storage)
}

func goRun(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "go", append([]string{"run", "-buildvcs=false"}, args...)...)
}
