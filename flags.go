package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"
	"github.com/prometheus/exporter-toolkit/web"
	"github.com/prometheus/exporter-toolkit/web/kingpinflag"
)

// flags are the command line: those of all commands, and of the one that is given.
type flags struct {
	command             string
	configFile          string
	logLevel, logFormat string
	checking            checkFlags

	// Of serve.
	metricsPath            string
	timeoutOffset          time.Duration
	maxRequests            int
	disableExporterMetrics bool
	enableLifecycle        bool
	enablePprof            bool
	web                    *web.FlagConfig
}

// The commands.
const (
	serveCommand = "serve"
	checkCommand = "check"
)

func isCommand(arg string) bool { return arg == serveCommand || arg == checkCommand }

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
	if !slices.ContainsFunc(args, isCommand) { // Help on no command is help on all.
		app.UsageTemplate(kingpin.LongHelpTemplate)
	}
	app.Flag("config.file", "Configuration file.").Default("config.yml").StringVar(&f.configFile)
	app.Flag("log.level", "Only log messages of this level or above: debug, info, warn or error.").Default("info").
		StringVar(&f.logLevel)
	app.Flag("log.format", "Format of log messages: logfmt or json.").Default("logfmt").StringVar(&f.logFormat)
	f.addServe(app.Command(serveCommand, "Serve metrics until stopped by a signal.").Default())
	f.checking.add(app.Command(checkCommand, "Try the configuration and its workspaces, say what is wrong and what to do, and end."))

	if f.command, err = app.Parse(args); err == nil {
		err = f.check()
	}
	if complaint.Len() > 0 { // About what help was asked for.
		message := strings.TrimPrefix(strings.TrimSpace(complaint.String()), name+": error: ")
		return nil, false, errors.New(message)
	}
	return f, done, err
}

// addServe adds the flags of the command serve.
func (f *flags) addServe(app *kingpin.CmdClause) {
	f.web = kingpinflag.AddFlags(app, ":10098")
	app.Flag("web.telemetry-path", "Path of the page of metrics.").Default("/metrics").StringVar(&f.metricsPath)
	app.Flag("web.timeout-offset", "What to take off the scraper's timeout, for writing and sending the page.").
		Default("0.5s").DurationVar(&f.timeoutOffset)
	app.Flag("web.max-requests", "How many requests for one workspace are served at once; 0 for any number.").
		Default("40").IntVar(&f.maxRequests)
	app.Flag("web.enable-lifecycle", "Allow reloading the configuration by a POST to /-/reload. SIGHUP always does.").
		BoolVar(&f.enableLifecycle)
	app.Flag("web.enable-pprof", "Serve the profiles of the Go runtime below /debug/pprof/.").
		BoolVar(&f.enablePprof)
	app.Flag("web.disable-exporter-metrics", "Leave out the metrics about the exporter itself (go_*, process_*, promhttp_*).").
		BoolVar(&f.disableExporterMetrics)
}

// check fails if a flag has a value that it cannot have. kingpin's own check of a
// word among several does not say which flag it is about. Only the command that is given
// has its flags filled in.
func (f *flags) check() error {
	switch {
	case !slices.Contains([]string{"debug", "info", "warn", "error"}, f.logLevel):
		return fmt.Errorf("--log.level must be debug, info, warn or error, not %q", f.logLevel)
	case !slices.Contains([]string{"logfmt", "json"}, f.logFormat):
		return fmt.Errorf("--log.format must be logfmt or json, not %q", f.logFormat)
	case f.command == serveCommand:
		return f.checkServe()
	case f.command == checkCommand:
		return f.checking.check()
	}
	return nil
}

// checkServe is check for the flags of the command serve.
func (f *flags) checkServe() error {
	for _, address := range *f.web.WebListenAddresses {
		// Addresses of virtual machines' sockets (vsock://:9100) are the toolkit's.
		if _, _, err := net.SplitHostPort(address); err != nil && !strings.Contains(address, "://") {
			return fmt.Errorf("--web.listen-address must be like :10098 or 127.0.0.1:10098, not %q", address)
		}
	}
	switch {
	case f.timeoutOffset < 0:
		return errors.New("--web.timeout-offset must not be negative")
	case f.maxRequests < 0:
		return errors.New("--web.max-requests must not be negative")
	}
	return nil
}
