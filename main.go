// Command livechat_exporter exports how many chats of a Rocket.Chat workspace
// were abandoned, per department and window, to Prometheus.
//
// This file parses flags and wires the parts together; it knows nothing that one
// of them knows.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log" //nolint:depguard // Only to silence what net/http writes with it.
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // Calendar windows must not depend on the machine's zone data.

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"livechat_exporter/internal/config"
)

const name = "livechat_exporter"

// Exit codes.
const (
	exitStopped = 0 // By a signal; also --help and --version, and a check without failures.
	exitFailed  = 1 // Serving failed, or a check did.
	exitUsage   = 2 // The flags or the configuration are wrong: nothing was served or asked.
)

// The limits of a client that is slow to ask or to read, for each request. The page
// of metrics moves its own out to the end of its scrape and some more.
const (
	readTimeout     = 10 * time.Second
	writeTimeout    = 10 * time.Second
	idleTimeout     = 5 * time.Minute // Longer than any sane scrape interval.
	shutdownTimeout = 10 * time.Second
)

func main() {
	// The standard log is not ours, but net/http's client writes to it what a server
	// sends unasked, and that can be the token of the request before.
	stdlog.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // A second signal ends the process at once.
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	os.Exit(code)
}

// run is the program: it returns the exit code when ctx ends or serving fails.
func run(ctx context.Context, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer) int {
	setVersion()
	f, done, err := parse(args, stdout)
	if done {
		return exitStopped
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v, try --help\n", name, err)
		return exitUsage
	}
	logger, webLogger := loggers(stderr, f.logLevel, f.logFormat)
	if f.command == checkCommand {
		return checkWorkspaces(ctx, f, lookupEnv, stdout, logger)
	}

	cfg, err := config.Load(f.configFile, lookupEnv)
	if err != nil {
		logMistakes(logger, err)
		return exitUsage
	}
	if err = web.Validate(*f.web.WebConfigFile); err != nil {
		_ = level.Error(logger).Log("msg", "The web configuration is wrong", "file", *f.web.WebConfigFile, "err", err)
		return exitUsage
	}
	running := newWorkspaces(logger)
	defer running.close(ctx)
	handler, err := newHandler(ctx, f, cfg, lookupEnv, running, logger)
	if err != nil {
		_ = level.Error(logger).Log("msg", "The configuration is wrong", "err", err)
		return exitUsage
	}
	defer handler.reloader.Close() // It changes what runs.
	_ = level.Info(logger).Log("msg", "Starting livechat_exporter", "version", version.Info(), "build", version.BuildContext())
	logCosts(logger, cfg)
	go handler.reloadOnHangup(ctx)

	srv := &http.Server{
		Handler: handler, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(webLogger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- web.ListenAndServe(srv, f.web, webLogger) }()
	select {
	case err := <-failed:
		_ = level.Error(logger).Log("msg", "Serving failed", "err", err)
		return exitFailed
	case <-ctx.Done():
	}
	_ = level.Info(logger).Log("msg", "Stopping", "cause", context.Cause(ctx))
	return shutdown(context.WithoutCancel(ctx), srv, failed, logger)
}

// shutdown lets the pages that are being made end, and stops.
func shutdown(ctx context.Context, srv *http.Server, served <-chan error, logger log.Logger) int {
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		_ = level.Warn(logger).Log("msg", "Stopped before every page was served", "err", err)
	}
	if err := <-served; err != nil && !errors.Is(err, http.ErrServerClosed) {
		_ = level.Error(logger).Log("msg", "Serving failed", "err", err)
		return exitFailed
	}
	return exitStopped
}

// logMistakes logs a line for each mistake of a configuration.
func logMistakes(logger log.Logger, err error) {
	for _, mistake := range mistakes(err) {
		_ = level.Error(logger).Log("msg", "The configuration is wrong", "err", mistake)
	}
}

// mistakes returns the errors that were joined, or the one that was not.
func mistakes(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// setVersion names the version of a binary that was built without ldflags, as by
// go install.
func setVersion() {
	if info, ok := debug.ReadBuildInfo(); ok && version.Version == "" {
		version.Version = info.Main.Version
	}
}
