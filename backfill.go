package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"livechat_exporter/internal/backfill"
	"livechat_exporter/internal/config"
)

// runBackfill is the command backfill. It returns the exit code.
func runBackfill(
	ctx context.Context, f *flags, lookupEnv func(string) (string, bool), stdout, stderr io.Writer, logger log.Logger,
) int {
	cfg, err := config.Load(ctx, f.configFile, lookupEnv)
	if err != nil {
		logMistakes(logger, err)
		return exitUsage
	}
	options := f.past
	options.Now = time.Now
	estimates, err := backfill.Estimates(cfg.Workspaces, options)
	if err != nil {
		level.Error(logger).Log("msg", "The past cannot be made", "err", err)
		return exitUsage
	}
	if f.dryRun {
		for _, e := range estimates {
			fmt.Fprint(stdout, e)
		}
		fmt.Fprintln(stdout, "Nothing was sent.")
		return exitStopped
	}
	err = makePast(ctx, cfg.Workspaces, options, stdout, stderr, logger)
	switch {
	case err != nil && ctx.Err() != nil:
		level.Info(logger).Log("msg", "Stopped: the same command goes on from here", "cause", context.Cause(ctx))
		return exitFailed
	case err != nil:
		level.Error(logger).Log("msg", "The past is not whole: the same command goes on from here", "err", err)
		return exitFailed
	}
	return exitStopped
}

// makePast makes the files, shows the progress, and writes how to load them.
func makePast(
	ctx context.Context, workspaces []config.Workspace, options backfill.Options, stdout, stderr io.Writer, logger log.Logger,
) error {
	options.UserAgent = name + "/" + version.Version
	options.Transport = config.Workspace.Transport
	options.Progress = logProgress(logger)
	if terminal, ok := stderr.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		options.Progress = drawProgress(terminal)
	}
	options.Retrying = func(workspace string, err error) {
		level.Warn(logger).Log("msg", "A call failed", "workspace", workspace, "err", err)
	}
	results, err := backfill.Run(ctx, workspaces, options)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, backfill.Report(results, options.Folder))
	for _, r := range results {
		if len(r.LeftOut) > 0 {
			return errors.New("days were left out")
		}
	}
	return nil
}

// progressInterval is the time between two lines of the log.
const progressInterval = time.Minute

// logProgress logs the progress once a minute, and at the end of a workspace.
func logProgress(logger log.Logger) func(backfill.Progress) {
	begin := time.Now()
	logged := begin
	workspace := ""
	return func(p backfill.Progress) {
		now := time.Now()
		if p.Workspace != workspace {
			workspace, begin = p.Workspace, now
		}
		if now.Sub(logged) < progressInterval && p.Done < p.Total {
			return
		}
		logged = now
		left := "unknown"
		if p.Done > 0 {
			left = (now.Sub(begin) * time.Duration(p.Total-p.Done) / time.Duration(p.Done)).Round(time.Second).String()
		}
		level.Info(logger).Log("msg", "Making the past", "workspace", p.Workspace, "calls", p.Calls, "calls_left_at_most", p.CallsLeft,
			"share", fmt.Sprintf("%d%%", 100*p.Done/p.Total), "time_left", left)
	}
}

// drawProgress draws a bar for each workspace.
func drawProgress(out io.Writer) func(backfill.Progress) {
	var bar *progressbar.ProgressBar
	workspace := ""
	return func(p backfill.Progress) {
		if p.Workspace != workspace {
			workspace = p.Workspace
			bar = progressbar.NewOptions(
				p.Total, progressbar.OptionSetWriter(out), progressbar.OptionSetPredictTime(true), progressbar.OptionSetWidth(20),
				progressbar.OptionOnCompletion(func() { fmt.Fprintln(out) }),
			)
		}
		bar.Describe(fmt.Sprintf("%s: %d calls, at most %d left", p.Workspace, p.Calls, p.CallsLeft))
		_ = bar.Set(p.Done) // It fails only above its maximum.
	}
}
