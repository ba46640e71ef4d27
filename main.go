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
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // Calendar windows must not depend on the machine's zone data.

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
	sloggokit "github.com/tjhop/slog-gokit"

	"livechat_exporter/collector"
	"livechat_exporter/internal/config"
	"livechat_exporter/internal/rocketchat"
	"livechat_exporter/internal/server"
)

const name = "livechat_exporter"

// Exit codes.
const (
	exitStopped = 0 // By a signal; also --help and --version.
	exitFailed  = 1 // Serving failed.
	exitUsage   = 2 // The flags or the configuration are wrong: nothing was served.
)

// The limits of a client that is slow to ask or to read, for each request. The page
// of metrics moves its own out to the end of its scrape and some more.
const (
	readTimeout     = 10 * time.Second
	writeTimeout    = 10 * time.Second
	idleTimeout     = 5 * time.Minute // Longer than any sane scrape interval.
	shutdownTimeout = 10 * time.Second
)

// maxResponseHeaderBytes is what a workspace may send as the header of one answer,
// for each call at a time. Rocket.Chat and a few proxies send some hundred bytes.
const maxResponseHeaderBytes = 64 << 10

// flags are the command line.
type flags struct {
	configFile             string
	metricsPath            string
	timeoutOffset          time.Duration
	disableExporterMetrics bool
	logLevel, logFormat    string
	web                    *web.FlagConfig
}

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

	cfg, err := config.Load(f.configFile, lookupEnv)
	if err != nil {
		for _, mistake := range mistakes(err) {
			_ = level.Error(logger).Log("msg", "The configuration is wrong", "err", mistake)
		}
		return exitUsage
	}
	if err = web.Validate(*f.web.WebConfigFile); err != nil {
		_ = level.Error(logger).Log("msg", "The web configuration is wrong", "file", *f.web.WebConfigFile, "err", err)
		return exitUsage
	}
	handler, err := newHandler(f, cfg, logger)
	if err != nil {
		_ = level.Error(logger).Log("msg", "The configuration is wrong", "err", err)
		return exitUsage
	}
	_ = level.Info(logger).Log("msg", "Starting", "version", version.Info(), "build", version.BuildContext())

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

// parse reads the command line. It is done if --help or --version has been answered.
func parse(args []string, stdout io.Writer) (f *flags, done bool, err error) {
	f = &flags{}
	var complaint strings.Builder
	app := kingpin.New(name, "Exports abandoned chats of a Rocket.Chat workspace, per department and window, to Prometheus.").
		UsageWriter(stdout).
		ErrorWriter(&complaint)
	app.Terminate(func(code int) {
		done = true
		if code != 0 { // It would go on to show the usage.
			app.UsageWriter(io.Discard)
		}
	})
	app.Version(version.Print(name))
	app.HelpFlag.Short('h')
	app.Command("serve", "Serve metrics until stopped by a signal.").Default()

	app.Flag("config.file", "Configuration file.").Default("config.yml").StringVar(&f.configFile)
	f.web = kingpinflag.AddFlags(app, ":10098")
	app.Flag("web.telemetry-path", "Path of the page of metrics.").Default("/metrics").StringVar(&f.metricsPath)
	app.Flag("web.timeout-offset", "What to take off the scraper's timeout, for writing and sending the page.").
		Default("0.5s").DurationVar(&f.timeoutOffset)
	app.Flag("web.disable-exporter-metrics", "Leave out the metrics about the exporter itself (go_*, process_*, promhttp_*).").
		BoolVar(&f.disableExporterMetrics)
	app.Flag("log.level", "Only log messages of this level or above: debug, info, warn or error.").Default("info").
		StringVar(&f.logLevel)
	app.Flag("log.format", "Format of log messages: logfmt or json.").Default("logfmt").StringVar(&f.logFormat)

	if _, err = app.Parse(args); err == nil {
		err = f.check()
	}
	if complaint.Len() > 0 { // About what help was asked for.
		message := strings.TrimPrefix(strings.TrimSpace(complaint.String()), name+": error: ")
		return nil, false, errors.New(message)
	}
	return f, done, err
}

// check fails if a flag has a value that it cannot have. kingpin's own check of a
// word among several does not say which flag it is about.
func (f *flags) check() error {
	for _, address := range *f.web.WebListenAddresses {
		// Addresses of virtual machines' sockets (vsock://:9100) are the toolkit's.
		if _, _, err := net.SplitHostPort(address); err != nil && !strings.Contains(address, "://") {
			return fmt.Errorf("--web.listen-address must be like :10098 or 127.0.0.1:10098, not %q", address)
		}
	}
	switch {
	case f.timeoutOffset < 0:
		return errors.New("--web.timeout-offset must not be negative")
	case !slices.Contains([]string{"debug", "info", "warn", "error"}, f.logLevel):
		return fmt.Errorf("--log.level must be debug, info, warn or error, not %q", f.logLevel)
	case !slices.Contains([]string{"logfmt", "json"}, f.logFormat):
		return fmt.Errorf("--log.format must be logfmt or json, not %q", f.logFormat)
	}
	return nil
}

// newHandler wires the parts behind the HTTP server together.
func newHandler(f *flags, cfg *config.Config, logger log.Logger) (http.Handler, error) {
	workspace, err := newWorkspace(&cfg.Workspaces[0], logger)
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(versioncollector.NewCollector(name))
	if !f.disableExporterMetrics {
		registry.MustRegister(
			collectors.NewGoCollector(),
			collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	handler, err := server.New(server.Options{
		Exporter:          registry,
		MetricsPath:       f.metricsPath,
		TimeoutOffset:     f.timeoutOffset,
		Version:           version.Info(),
		InstrumentHandler: !f.disableExporterMetrics,
		Now:               time.Now,
		Logger:            logger,
	}, server.Running{Workspaces: []server.NamedWorkspace{{Name: cfg.Workspaces[0].Name, Workspace: workspace}}})
	if err != nil {
		return nil, fmt.Errorf("--web.telemetry-path: %w", err)
	}
	return handler, nil
}

// newWorkspace wires one configured workspace.
func newWorkspace(ws *config.Workspace, logger log.Logger) (*collector.Workspace, error) {
	transport, err := promconfig.NewRoundTripperFromConfig(ws.HTTPClient, name)
	if err != nil {
		return nil, fmt.Errorf("workspaces.%s.http_client: %w", ws.Name, err)
	}
	// With files in tls_config it is a wrapper that makes a transport anew whenever
	// they change, which cannot be told: there Go's own limit of 10 MiB holds.
	if t, ok := transport.(*http.Transport); ok {
		t.MaxResponseHeaderBytes = maxResponseHeaderBytes
	}
	calls := collector.NewAPICalls()
	client := rocketchat.New(rocketchat.Options{
		URL:         ws.URL,
		Transport:   transport,
		Credentials: rocketchat.AccessToken(ws.UserID.Read, ws.AuthToken.Read),
		UserAgent:   name + "/" + version.Version,
		Timeout:     ws.Timeout,
		Observe:     calls.Observe,
		Now:         time.Now,
	})
	windows := make([]collector.Window, 0, len(ws.Windows))
	for _, w := range ws.Windows {
		if w.Calendar != "" {
			windows = append(windows, collector.CalendarWindow(w.Name, collector.Calendar(w.Calendar), ws.Location))
		} else {
			windows = append(windows, collector.RollingWindow(w.Name, w.Duration))
		}
	}
	return collector.NewWorkspace(collector.Options{
		API:               client,
		Calls:             calls,
		Windows:           windows,
		InactivityTimeout: ws.InactivityTimeout,
		Now:               time.Now,
		Logger:            log.With(logger, "workspace", ws.Name),
	}), nil
}

// loggers returns the logger for our own code, and the one that exporter-toolkit
// takes, with lines that look alike.
func loggers(w io.Writer, logLevel, format string) (own log.Logger, toolkit *slog.Logger) {
	base := log.NewLogfmtLogger(log.NewSyncWriter(w))
	if format == "json" {
		base = log.NewJSONLogger(log.NewSyncWriter(w))
	}
	base = level.NewFilter(base, level.Allow(level.ParseDefault(logLevel, level.InfoValue())))

	var slogLevel slog.LevelVar
	_ = slogLevel.UnmarshalText([]byte(logLevel)) // The flag allows no other word.
	return log.With(base, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller),
		slog.New(sloggokit.NewGoKitHandler(timeAsTS(base), &slogLevel))
}

// timeAsTS renames the key of slog's time to the one of our own lines.
func timeAsTS(next log.Logger) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		for i := 0; i+1 < len(keyvals); i += 2 {
			if at, ok := keyvals[i+1].(time.Time); ok && keyvals[i] == slog.TimeKey {
				keyvals[i], keyvals[i+1] = "ts", at.UTC()
			}
		}
		return next.Log(keyvals...)
	})
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
