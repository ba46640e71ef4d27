package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"livechat_exporter/internal/rocketchat/rocketchattest"
)

// perHour is what the rules record of the chats abandoned in an hour.
const perHour = "instance_department:livechat_department_abandonments:increase1h"

// writePast makes a folder of Prometheus' data with the past of the workspace in it, as
// docs/backfill.md does: three weeks, and the last hours closer together, for the graph.
func (r *running) writePast(ctx context.Context, promtool, data string) error {
	now := time.Now().UTC().Format(time.RFC3339)
	for _, part := range []struct{ from, step string }{{"22d", "30m"}, {"7h", "5m"}} {
		files := filepath.Join(r.folder, "past-"+part.from)
		backfill := exec.CommandContext(ctx, r.program.binary, "backfill", "--config.file="+filepath.Join(r.program.sources, "config.yml"),
			"--output="+files, "--from="+part.from, "--until="+now, "--step="+part.step, "--log.level=warn",
			"--calls-per-minute=1000000") // The simulated server does not limit the account.
		backfill.Env = r.environment()
		if output, err := backfill.CombinedOutput(); err != nil {
			return fmt.Errorf("make the past: %w\n%s", err, output)
		}
		days, err := filepath.Glob(filepath.Join(files, "*.om"))
		if err != nil {
			return fmt.Errorf("find the past: %w", err)
		}
		for _, day := range days {
			load := exec.CommandContext(ctx, promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=720h", day, data)
			if output, err := load.CombinedOutput(); err != nil {
				return fmt.Errorf("load the past into Prometheus: promtool: %w\n%s", err, output)
			}
		}
	}
	return nil
}

// environment is that of the exporter: the shipped configuration reads the address and the
// credentials from it.
func (r *running) environment() []string {
	return []string{
		"ROCKETCHAT_URL=http://" + r.workspace.address,
		"ROCKETCHAT_USER_ID=" + rocketchattest.UserID,
		"ROCKETCHAT_AUTH_TOKEN=" + rocketchattest.AuthToken,
	}
}
