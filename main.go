// Command livechat_exporter exports how many chats of a Rocket.Chat workspace were
// abandoned, per department and window, to Prometheus.
package main

import (
	"context"
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
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"

	"livechat_exporter/internal/exporter"
	"livechat_exporter/internal/server"
)

const name = "livechat_exporter"

// Exit codes.
const (
	exitStopped = 0 // By a signal; also --help and --version, a check without failures, and a whole backfill.
	exitFailed  = 1 // Serving failed, or a check did, or a backfill is not whole.
	exitUsage   = 2 // The flags or the configuration are wrong.
)

// Limits of a client that is slow to send or to read. A page of metrics sets its own.
const (
	readTimeout     = 10 * time.Second
	writeTimeout    = 10 * time.Second
	idleTimeout     = 5 * time.Minute // Longer than usual scrape intervals.
	shutdownTimeout = 10 * time.Second
)

func main() {
	// Before anything else: a SIGHUP during the start must be a reload, and a log whose
	// reader has gone must not end the process.
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // A second signal ends the process at once.
	// net/http writes with it what a server sends unasked, which can be the token.
	stdlog.SetOutput(io.Discard)
	os.Exit(run(ctx, reload, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

// run is the program: it returns the exit code when ctx ends or serving fails.
func run(
	ctx context.Context, reload <-chan os.Signal, args []string, lookupEnv func(string) (string, bool), stdout, stderr io.Writer,
) int {
	if info, ok := debug.ReadBuildInfo(); ok && version.Version == "" { // Built without ldflags, as by go install.
		version.Version = info.Main.Version
	}
	f, done, err := parse(args, stdout)
	if done {
		return exitStopped
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v, try --help\n", name, err)
		return exitUsage
	}
	logger, webLogger := loggers(stderr, f.logLevel, f.logFormat)
	switch f.command {
	case checkCommand:
		return runCheck(ctx, f, lookupEnv, stdout, logger)
	case backfillCommand:
		return runBackfill(ctx, f, lookupEnv, stdout, stderr, logger)
	}
	if err = web.Validate(*f.web.WebConfigFile); err != nil {
		level.Error(logger).Log("msg", "The web configuration is wrong", "file", *f.web.WebConfigFile, "err", err)
		return exitUsage
	}
	e, err := newExporter(ctx, f, lookupEnv, logger)
	if err != nil {
		logMistakes(logger, err)
		return exitUsage
	}
	defer e.Close(ctx)
	level.Info(logger).Log("msg", "Starting livechat_exporter", "version", version.Info(), "build", version.BuildContext())
	go func() {
		for {
			select {
			case <-reload:
				_ = e.Reload(ctx) // It logs its error.
			case <-ctx.Done():
				return
			}
		}
	}()
	return serve(ctx, e, f, logger, webLogger)
}

// newExporter loads the configuration and wires the exporter.
func newExporter(ctx context.Context, f *flags, lookupEnv func(string) (string, bool), logger log.Logger) (*exporter.Exporter, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(versioncollector.NewCollector(name))
	if !f.disableExporterMetrics {
		registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	return exporter.New(ctx, exporter.Options{
		ConfigFile:   f.configFile,
		LookupEnv:    lookupEnv,
		UserAgent:    name + "/" + version.Version,
		EnableReload: f.enableLifecycle,
		Now:          time.Now,
		Logger:       logger,
		Server: server.Options{
			Exporter:          registry,
			MetricsPath:       f.metricsPath,
			TimeoutOffset:     f.timeoutOffset,
			MaxRequests:       f.maxRequests,
			Version:           version.Info(),
			InstrumentHandler: !f.disableExporterMetrics,
			EnableProfiles:    f.enablePprof,
			Now:               time.Now,
			Logger:            logger,
		},
	})
}

// serve serves until ctx ends, and then lets requests in flight finish.
func serve(ctx context.Context, handler http.Handler, f *flags, logger log.Logger, webLogger *slog.Logger) int {
	srv := &http.Server{
		Handler: handler, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(webLogger.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- web.ListenAndServe(srv, f.web, webLogger) }()
	select {
	case err := <-served:
		level.Error(logger).Log("msg", "Serving failed: check --web.listen-address", "err", err)
		return exitFailed
	case <-ctx.Done():
	}
	level.Info(logger).Log("msg", "Stopping", "cause", context.Cause(ctx))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		level.Warn(logger).Log("msg", "Stopped before every request was served", "err", err)
	}
	return exitStopped
}

// logMistakes logs each mistake of a configuration in a line of its own.
func logMistakes(logger log.Logger, err error) {
	mistakes := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		mistakes = joined.Unwrap()
	}
	for _, mistake := range mistakes {
		level.Error(logger).Log("msg", "The configuration is wrong", "err", mistake)
	}
}
