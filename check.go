package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"

	"livechat_exporter/internal/check"
	"livechat_exporter/internal/config"
)

// runCheck is the command check: it writes the report and returns the exit code. Mistakes
// of the configuration go to the log, as when serving.
func runCheck(ctx context.Context, f *flags, lookupEnv func(string) (string, bool), stdout io.Writer, logger log.Logger) int {
	cfg, err := config.Load(ctx, f.configFile, lookupEnv)
	if err == nil && f.workspace != "" && !slices.ContainsFunc(cfg.Workspaces, func(ws config.Workspace) bool { return ws.Name == f.workspace }) {
		err = fmt.Errorf("--workspace: there is no workspace %q in %s", f.workspace, f.configFile)
	}
	if err != nil {
		logMistakes(logger, err)
		return exitUsage
	}
	report := check.Run(ctx, cfg.Workspaces, check.Options{
		Offline: f.offline, Workspace: f.workspace, UserAgent: name + "/" + version.Version,
		Transport: config.Workspace.Transport, Now: time.Now,
	})
	if err := report.Write(stdout, f.configFile); err != nil {
		level.Error(logger).Log("msg", "Writing the report failed", "err", err)
		return exitFailed
	}
	if report.Failed() {
		return exitFailed
	}
	return exitStopped
}
